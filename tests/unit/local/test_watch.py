from __future__ import annotations

import contextlib
import struct
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from flyteidl2.common import identifier_pb2, list_pb2
from flyteidl2.workflow import run_definition_pb2, run_service_pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._faults import FAULTS, Faults
from flyte_jupyter.local._model import RUNNING, SUCCEEDED
from tests.unit.local.support import Caller, ScriptedLauncher, action_id, run_id, task_spec, until


def names(message: run_service_pb2.WatchActionsResponse) -> list[str]:
    return [item.action.id.name for item in message.enriched_actions]


async def tree(caller: Caller, launcher: ScriptedLauncher, children: int = 2) -> None:
    await caller.create()
    await launcher.started("a0")
    for number in range(children):
        await caller.enqueue("r1", f"c{number}")
        await launcher.started(f"c{number}")


async def test_snapshot_then_changes_with_their_ancestors(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await tree(caller, launcher)
        watch = caller.watch("r1")
        snapshot = await watch.read()
        assert names(snapshot) == ["a0", "c0", "c1"]
        assert sum(snapshot.enriched_actions[0].children_phase_counts.values()) == 2
        (await launcher.started("c0")).end()
        counts: dict[int, int] = {}
        while counts.get(SUCCEEDED) != 1:
            change = await watch.read()
            assert names(change)[0] == "a0"
            assert set(names(change)) <= {"a0", "c0", "c1"}
            counts = dict(change.enriched_actions[0].children_phase_counts)


async def test_pages_of_a_thousand(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await tree(caller, launcher, 0)
        run = backend.state.run(run_id("r1"))
        for number in range(1500):
            action = backend.state.new_action(run, f"c{number}", run.root)
            backend.state.attach(action)
        watch = caller.watch("r1")
        first, second = await watch.read(), await watch.read()
        assert (len(names(first)), len(names(second))) == (1000, 502)
        assert names(second)[0] == "a0"
        backend.engine.abort(run.root)


async def test_filter_keeps_ancestors_and_says_what_leaves(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await tree(caller, launcher, 1)
        await caller.enqueue("r1", "other", spec=task_spec("env.something"))
        await launcher.started("other")
        by_name = list_pb2.Filter(field="NAME", function=list_pb2.Filter.CONTAINS_CASE_INSENSITIVE, values=["THING"])
        by_phase = list_pb2.Filter(field="PHASE", function=list_pb2.Filter.VALUE_IN, values=["1", "3", "4"])
        watch = caller.watch("r1", filter=[by_name, by_phase])
        assert names(await watch.read()) == ["a0", "other"]
        (await launcher.started("other")).end()
        while (last := (await watch.read()).enriched_actions)[-1].meets_filter:
            pass
        assert {item.action.id.name: item.meets_filter for item in last} == {"a0": False, "other": False}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller.watch("r1", filter=[list_pb2.Filter(field="COLOUR")]).read()
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_details_end_with_the_action(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await tree(caller, launcher, 0)
        watch = caller.runs.WatchActionDetails(
            run_service_pb2.WatchActionDetailsRequest(action_id=action_id("r1")), metadata=caller.metadata
        )
        first = await watch.read()
        assert first.details.task.short_name == "main"
        (await launcher.started("a0")).end()
        last = first
        while message := await watch.read():
            last = message
        assert last.details.status.phase == SUCCEEDED


async def test_run_details_are_filled(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await tree(caller, launcher, 0)
        (await launcher.started("a0")).end()
        watch = caller.runs.WatchRunDetails(
            run_service_pb2.WatchRunDetailsRequest(run_id=run_id("r1")), metadata=caller.metadata
        )
        last = [message async for message in watch][-1]
        assert last.details.action.status.phase == SUCCEEDED
        assert last.details.run_spec.HasField("run_start_time")


async def test_watching_runs_tells_of_new_ones(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        project = identifier_pb2.ProjectIdentifier(name="p", domain="d")
        watch = caller.runs.WatchRuns(run_service_pb2.WatchRunsRequest(project_id=project), metadata=caller.metadata)
        await until(lambda: backend.state.runs_topic.subscribers)
        await caller.create("r7")
        assert (await watch.read()).runs[0].action.id.run.name == "r7"


class TestFaults:
    async def watch(
        self, backend: Backend, launcher: ScriptedLauncher, caller: Caller, fault: str
    ) -> grpc.aio.UnaryStreamCall:
        await tree(caller, launcher)
        backend.faults.set([fault])
        return caller.watch("r1")

    async def test_unknown(self) -> None:
        with pytest.raises(LocalBackendError, match="no fault 'flood'; there are dropped-update"):
            Faults(["flood"])
        assert Faults(FAULTS).names == sorted(FAULTS)

    async def test_duplicate_snapshot(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "duplicate-snapshot")
            assert names(await watch.read()) == names(await watch.read()) == ["a0", "c0", "c1"]

    async def test_early_end(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "early-end")
            assert len([message async for message in watch]) == 1
            assert await watch.code() == grpc.StatusCode.OK

    async def test_parent_not_found(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "parent-not-found")
            await watch.read()
            with pytest.raises(grpc.aio.AioRpcError, match=r"parent node \[a0\] not found") as caught:
                await watch.read()
            assert caught.value.code() == grpc.StatusCode.UNKNOWN

    async def test_reset(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "reset")
            await watch.read()
            backend.state.changed(backend.state.action(action_id("r1", "c0")))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await self.to_the_end(watch)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE

    async def test_silent_stream(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "silent-stream")
            await watch.read()
            child = backend.state.action(action_id("r1", "c0"))
            (await launcher.started("c0")).end()
            await until(lambda: child.terminal)
            assert await self.quiet(backend)
            backend.faults.set([])
            backend.state.changed(backend.state.action(action_id("r1", "c1")))
            assert names(await watch.read()) == ["a0", "c1"]

    async def to_the_end(self, watch: grpc.aio.UnaryStreamCall) -> None:
        while await watch.read():
            pass

    async def quiet(self, backend: Backend) -> bool:
        """Whether every stream has taken what there was."""
        run = backend.state.run(run_id("r1"))
        await until(lambda: all(subscriber.idle for subscriber in run.topic.subscribers))
        return True

    async def test_dropped_update(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "dropped-update")
            await watch.read()
            await self.quiet(backend)
            for name in ("c0", "c1"):
                backend.state.changed(backend.state.action(action_id("r1", name)))
                await self.quiet(backend)
            backend.faults.set([])
            assert names(await watch.read()) in (["a0", "c0"], ["a0", "c1"])

    async def test_random_order(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await tree(caller, launcher, 0)
            for number in range(20):
                await caller.enqueue("r1", f"c{number}", condition=run_definition_pb2.ConditionAction(name="go"))
            backend.faults.set(["random-order"])
            shuffled = names(await caller.watch("r1").read())
            ordered = ["a0", *(f"c{number}" for number in range(20))]
            assert shuffled != ordered
            assert sorted(shuffled) == sorted(ordered)

    async def test_attempts_flicker(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            watch: Any = await self.watch(backend, launcher, caller, "attempts-flicker")
            message = await watch.read()
            assert message.enriched_actions[0].action.status.phase == RUNNING
            assert [item.action.status.attempts for item in message.enriched_actions] == [0, 1, 1]


class TestOverHttp1:
    """The same streams as Connect carries them."""

    @contextlib.asynccontextmanager
    async def stream(self, backend: Backend) -> AsyncIterator[AsyncIterator[bytes]]:
        request = run_service_pb2.WatchActionsRequest(run_id=run_id("r1")).SerializeToString()
        async with (
            httpx.AsyncClient(trust_env=False, timeout=20) as client,
            client.stream(
                "POST",
                f"{backend.endpoint}/flyteidl2.workflow.RunService/WatchActions",
                content=struct.pack(">BI", 0, len(request)) + request,
                headers={"content-type": "application/connect+proto"},
            ) as response,
        ):
            assert response.status_code == 200
            yield response.aiter_raw()

    async def test_reset(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await tree(caller, launcher)
        backend.faults.set(["reset"])
        async with self.stream(backend) as chunks:
            await anext(chunks)
            backend.state.changed(backend.state.action(action_id("r1", "c0")))
            with pytest.raises(httpx.HTTPError):
                await self.to_the_end(chunks)

    async def to_the_end(self, chunks: AsyncIterator[bytes]) -> None:
        async for _ in chunks:
            pass

    async def test_a_stream_that_its_client_left_is_let_go(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await tree(caller, launcher)
        run = backend.state.run(run_id("r1"))
        async with self.stream(backend) as chunks:
            await anext(chunks)
            assert len(run.topic.subscribers) == 1
        await until(lambda: not run.topic.subscribers)
