"""Real runs, watched: whatever the backend does to the stream, what is known in the end is what listing tells."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.common.list_pb2 import ListRequest
from flyteidl2.workflow.run_service_pb2 import AbortRunRequest, ListActionsRequest

from flyte_jupyter.live import Subscription, Timing, Watcher
from flyte_jupyter.remote import ActionPhase, Client, NotFoundError, background, connect, methods, set_current_client
from tests.integration.support import Backend, alive, until

SCRIPT = Path(__file__).with_name("watched_runs.py")
FAULTS = [
    "dropped-update",
    "duplicate-snapshot",
    "early-end",
    "silent-stream",
    "reset",
    "random-order",
    "parent-not-found",
    "attempts-flicker",
]
QUICK = Timing(first_message=5, silence=1.5, settle=0.5, linger=30, poll=0.5, backoff=0.2, backoff_most=1)

Table = dict[str, tuple[str, str]]


def start(backend: Backend, name: str) -> str:
    """Start a run from a directory of its own, as a user would."""
    place = backend.state_dir.parent / f"user-{name}"
    place.mkdir(exist_ok=True)
    return backend.script(place / SCRIPT.name, SCRIPT.read_text(), name)


def run_id(client: Client, name: str) -> RunIdentifier:
    return RunIdentifier(project=client.project, domain=client.domain, name=name)


async def listed(client: Client, name: str) -> Table:
    """Phase and parent of each action, as the backend lists them."""
    request = ListActionsRequest(run_id=run_id(client, name), request=ListRequest(limit=200))
    response = await client.unary(methods.LIST_ACTIONS, request)
    return {
        one.id.name: (ActionPhase.from_number(one.status.phase).value, one.metadata.parent) for one in response.actions
    }


def table(run: Subscription) -> Table:
    rows = [run.state.row(row) for row in range(run.state.n)]
    return {
        row.name: (ActionPhase.from_number(row.phase).value, rows[row.parent].name if row.parent >= 0 else "")
        for row in rows
    }


def labels(run: Subscription) -> list[str]:
    return sorted(run.state.row(row).label for row in range(run.state.n))


async def changed_to(run: Subscription, condition: Callable[[], bool]) -> None:
    """Wait for a change after which the condition holds."""
    change = asyncio.Event()
    remove = run.on_change(change.set)
    while not condition():
        await asyncio.wait_for(change.wait(), 60)
        change.clear()
    remove()


def watch(client: Client, name: str, use: Callable[[Subscription], Awaitable[Any]]) -> None:
    """Let `use` watch a run, on the background loop; nothing may stay behind."""

    async def work() -> None:
        before = asyncio.all_tasks()
        async with await Watcher(timing=QUICK).watch(client, name) as run:
            await asyncio.wait_for(use(run), 90)
        assert asyncio.all_tasks() <= before

    background().run(work())


def connected(backend: Backend) -> Client:
    return connect(backend.endpoint)


@pytest.fixture
def client(backend: Backend) -> Iterator[Client]:
    client = connected(backend)
    yield client
    client.close()
    set_current_client(None)


TREE = sorted(["tree", "branch", "branch", "broken", *["leaf"] * 5, *["remembered"] * 5])


def test_a_run_from_its_first_action_to_its_end(backend: Backend, client: Client):
    name = start(backend, "tree")

    async def follow(run: Subscription) -> None:
        seen: set[int] = set()
        run.on_change(lambda: seen.add(run.state.n))
        await run.wait("over")
        assert run.state.head.error == ""
        assert table(run) == await listed(client, name)
        assert labels(run) == TREE
        assert run.state.head.task == "tree"
        assert run.state.head.phase == ActionPhase.SUCCEEDED.number
        assert run.state.head.stale is None
        rows = [run.state.row(row) for row in range(run.state.n)]
        assert {row.group for row in rows if row.label == "branch"} == {"branches"}
        assert "no 7 today" in next(row.error for row in rows if row.label == "broken")
        for row in rows:
            assert row.queued is not None
            assert row.started is not None
            assert row.ended is not None
            assert row.queued <= row.started <= row.ended

    watch(client, name, follow)
    watch(client, name, follow)  # and once it is all over


def test_why_a_run_failed(backend: Backend, client: Client):
    name = start(backend, "fails")

    async def follow(run: Subscription) -> None:
        await run.wait("over")
        assert run.state.head.phase == ActionPhase.FAILED.number
        assert "no 13 today" in run.state.head.error
        child = next(row for row in map(run.state.row, range(run.state.n)) if row.label == "broken")
        assert "no 13 today" in child.error
        assert "no 13 today" in (await run.fetch_error(child.name)).message

    watch(client, name, follow)


def test_an_abort_ends_the_children_too(backend: Backend, client: Client):
    name = start(backend, "sleepers")

    async def follow(run: Subscription) -> None:
        await run.wait("running")
        await changed_to(run, lambda: run.state.counts().get(ActionPhase.RUNNING.number) == 3)
        assert not run.state.head.over
        await client.unary(methods.ABORT_RUN, AbortRunRequest(run_id=run_id(client, name), reason="seen enough"))
        await run.wait("over")
        assert run.state.counts() == {ActionPhase.ABORTED.number: 3}
        assert run.state.head.abort_reason == "seen enough"
        assert table(run) == await listed(client, name)

    watch(client, name, follow)


def test_a_run_that_does_not_exist(client: Client):
    async def never(run: Subscription) -> None:
        raise AssertionError

    with pytest.raises(NotFoundError, match="There is no run rnothing in flytesnacks/development"):
        watch(client, "rnothing", never)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_not_change_what_is_known_in_the_end(own_backend: Backend, fault: str):
    own_backend.start("--fault", fault)
    client = connected(own_backend)
    try:
        name = start(own_backend, "tree")

        async def follow(run: Subscription) -> None:
            attempts: set[int] = set()
            run.on_change(lambda: attempts.update(run.state.attempts))
            await run.wait("over")
            assert table(run) == await listed(client, name)
            assert labels(run) == TREE
            assert run.state.head.stale is None
            assert attempts <= {1}

        watch(client, name, follow)
    finally:
        client.close()
        set_current_client(None)


def test_a_backend_that_is_killed_and_comes_back(own_backend: Backend):
    own_backend.start()
    port = own_backend.endpoint.rpartition("/")[0]
    client = connected(own_backend)
    try:
        name = start(own_backend, "sleepers")

        async def follow(run: Subscription) -> None:
            await changed_to(run, lambda: run.state.counts().get(ActionPhase.RUNNING.number) == 3)
            os.kill(own_backend.pid, signal.SIGKILL)
            await changed_to(run, lambda: run.state.head.stale is not None)
            assert run.state.head.stale is not None
            assert run.state.n == 3
            assert not run.state.head.over
            assert "cannot be reached" in run.state.head.stale["reason"]
            await asyncio.to_thread(until, lambda: not alive(own_backend.pid), "the end of the backend")
            await asyncio.to_thread(own_backend.start)
            assert own_backend.endpoint.rpartition("/")[0] == port
            await run.wait("over")
            assert run.state.head.stale is None
            assert table(run) == await listed(client, name)
            assert not run.state.live
            assert run.state.head.phase in (ActionPhase.ABORTED.number, ActionPhase.FAILED.number)

        watch(client, name, follow)
    finally:
        client.close()
        set_current_client(None)
