"""The service of a process against a scripted backend: whose runs, whose account, and what happened meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flyteidl2.auth.identity_pb2 import UserInfoResponse
from flyteidl2.dataproxy.dataproxy_service_pb2 import TailLogsResponse
from flyteidl2.logs.dataplane.payload_pb2 import LogLine
from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails, Run, RunDetails
from flyteidl2.workflow.run_service_pb2 import (
    GetActionDetailsResponse,
    GetRunDetailsResponse,
    ListRunsResponse,
    WatchActionsResponse,
)

from flyte_jupyter.actions import (
    ActionRequest,
    EventFilter,
    EventHub,
    Notice,
    PausedEvent,
    PhaseEvent,
    PluginRegistry,
    Policy,
    Service,
    Store,
    Trigger,
    _service,
    add_notifier,
    armed_rows,
)
from flyte_jupyter.actions._event_details import completed
from flyte_jupyter.actions._source import Patience
from flyte_jupyter.actions.flavors._notify import NotifyFlavor
from flyte_jupyter.remote import Client, background, connect, set_current_client
from tests.integration.support import until
from tests.unit.actions.conftest import RingFlavor
from tests.unit.remote.fake_backend import FakeBackend, StatusError, fake_backend

RUNNING, SUCCEEDED, FAILED = 4, 5, 6
START = 1_790_000_000


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeBackend]:
    with fake_backend() as backend:
        yield backend


@pytest.fixture
def backend(shared: FakeBackend) -> Iterator[FakeBackend]:
    shared.reset()
    yield shared
    set_current_client(None)
    shared.reset()


class World:
    """Services on one file, and the runs that the backend lists."""

    def __init__(self, backend: FakeBackend, path: Path) -> None:
        self.backend, self.path = backend, path
        self.runs: dict[str, Run] = {}
        self.subject = "you"
        self.down = False
        self.asked: list[str] = []  # since when runs were asked for
        backend.scripts["ListRuns"] = self._list
        backend.scripts["UserInfo"] = lambda _: UserInfoResponse(subject=self.subject)
        self.client = self.connect()
        self.service = self.start("here:1:a")

    def connect(self) -> Client:
        return connect(f"localhost:{self.backend.grpc_port}", project="p", domain="d", transport="grpc")

    def start(self, process: str) -> Service:
        hub = EventHub(Store(self.path / "actions.db"))
        plugins = PluginRegistry(hub)
        plugins.register(RingFlavor)
        plugins.register(NotifyFlavor)

        async def make() -> Service:
            made = Service(hub, plugins, process, Patience(poll=0.02, poll_paused=0.02, backoff=0.02))
            await made.refresh()
            made.start()
            return made

        return background().run(make())

    def stop(self) -> None:
        background().run(self.service.close())
        self.service.store.close()

    def run(self, name: str, phase: int, task: str = "t.a", age: float = 0.0) -> None:
        run = Run(action=_action(name, "a0", phase, task))
        run.action.status.start_time.seconds = START - round(age)
        if phase >= SUCCEEDED:
            run.action.status.end_time.seconds = START + 1 - round(age)
        self.runs = {**self.runs, name: run}

    def arm(self, kind: Any = "phase", *, flavor: str = "ring", armed_by: str = "", **wanted: Any) -> Trigger:
        store = self.service.store
        action = store.create_action(
            ActionRequest(
                flavor=flavor,
                configuration={"bell": "big"} if flavor == "ring" else {},
                allow=frozenset({"read"}),
                endpoint=self.client.endpoint.authority,
                account=self.subject,
            )
        )
        if kind == "phase":
            wanted.setdefault("phases", ("failed",))
        place: dict[str, Any] = {"endpoint": self.client.endpoint.authority, "project": "p", "domain": "d"}
        trigger = store.create_trigger(
            action.id, EventFilter(kind=kind, **place, **wanted), Policy(), armed_by=armed_by
        )
        self.service.poke()
        until(lambda: store.trigger(trigger.id).baselined, "the baseline")
        return trigger

    def fired(self, trigger: Trigger, count: int) -> list[str]:
        store = self.service.store

        def ended() -> list[Any]:
            return [one for one in store.history(trigger.id) if one.state not in ("pending", "running")]

        until(lambda: len(ended()) >= count, f"{count} executions; there are {store.history(trigger.id)}")
        return [f"{one.event.run} {one.state}" for one in reversed(ended())]

    def looks(self, more: int = 3) -> None:
        """Wait until the backend was asked a few times more."""
        count = len(self.asked) + more
        until(lambda: len(self.asked) >= count, "another look")

    def _list(self, request: Any) -> ListRunsResponse:
        if self.down:
            raise StatusError("UNAVAILABLE", "connection refused")
        since = [one.values[0] for one in request.request.filters if one.field == "updated_at"]
        self.asked.append(since[0] if since else "")
        return ListRunsResponse(runs=list(self.runs.values()))


def _action(run: str, name: str, phase: int, task: str = "t.a") -> Action:
    made = Action()
    made.id.run.project, made.id.run.domain, made.id.run.name, made.id.name = "p", "d", run, name
    made.metadata.task.id.name = task
    made.status.phase = phase  # type: ignore[assignment]
    made.status.attempts = 1
    return made


@pytest.fixture
def world(backend: FakeBackend, tmp_path: Path) -> Iterator[World]:
    world = World(backend, tmp_path)
    yield world
    world.stop()
    world.client.close()


def test_what_is_armed_while_a_look_goes_on_is_seen_by_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = world.service
    made: list[Trigger] = []
    serve, looked = service._serve, [False]

    async def serve_and_arm() -> None:
        await serve()
        if not made:
            action = service.store.create_action(
                ActionRequest(flavor="ring", configuration={"bell": "big"}, allow=frozenset({"read"}))
            )
            where = EventFilter(kind="appeared", endpoint=world.client.endpoint.authority, project="p", domain="d")
            made.append(service.store.create_trigger(action.id, where, Policy()))
        elif made[0].id in [trigger.id for trigger in service._ours()]:
            looked[0] = True

    async def two_looks() -> None:
        service._change = None
        await service.refresh()
        await service.refresh()

    monkeypatch.setattr(service, "_serve", serve_and_arm)
    background().run(two_looks())
    assert made
    assert looked[0]


def test_runs_of_a_task_fire_once_each_and_those_of_the_past_do_not(world: World) -> None:
    world.run("past", FAILED)
    world.run("going", RUNNING)
    trigger = world.arm(task="t.a")
    appears = world.arm("appeared", task="t.b")
    world.run("going", FAILED)
    world.run("other", FAILED, "t.b")
    world.run("new", FAILED)
    assert world.fired(trigger, 2) == ["going succeeded", "new succeeded"]
    assert world.fired(appears, 1) == ["other succeeded"]
    world.looks()
    assert len(world.service.store.history()) == 3


def test_what_is_older_than_what_was_read_is_history(world: World) -> None:
    for number in range(200):
        world.run(f"r{number}", SUCCEEDED)
    trigger = world.arm()
    world.run("ancient", FAILED, age=5000)
    world.run("new", FAILED)
    assert world.fired(trigger, 1) == ["new succeeded"]
    world.looks()
    assert len(world.service.store.history()) == 1


def test_a_backend_that_is_away_is_said_and_nothing_is_lost(world: World) -> None:
    trigger = world.arm(task="t.a")
    world.down = True
    until(lambda: armed_rows(world.service)[0].error, "the trouble")
    assert "cannot be reached" in armed_rows(world.service)[0].error
    world.run("new", FAILED)
    world.down = False
    assert world.fired(trigger, 1) == ["new succeeded"]
    until(lambda: not armed_rows(world.service)[0].error, "no trouble")


def test_another_process_goes_on_where_the_first_stopped(world: World) -> None:
    world.run("first", RUNNING)
    trigger = world.arm(task="t.a")
    world.run("first", FAILED)
    world.fired(trigger, 1)
    until(lambda: world.service.store.trigger(trigger.id).cursor, "the cursor")
    world.stop()
    world.run("meanwhile", FAILED)
    asked = len(world.asked)
    world.service = world.start("here:2:b")
    assert world.fired(trigger, 2) == ["first succeeded", "meanwhile succeeded"]
    assert world.asked[asked].startswith("2026-"), "it asks only for what changed since"
    world.looks()
    assert len(world.service.store.history()) == 2


def test_another_account_ends_the_consent(world: World) -> None:
    trigger = world.arm(task="t.a")
    world.subject = "somebody else"
    old, world.client = world.client, world.connect()
    old.close()
    until(lambda: armed_rows(world.service)[0].standing == "other account", "the other account")
    world.run("new", FAILED)
    assert world.fired(trigger, 1) == ["new skipped"]
    assert world.service.store.history()[0].error == "It was allowed for another account."
    action = world.service.store.action(trigger.action_id)
    world.service.store.renew_consent(action.id, action.endpoint, "somebody else")
    world.run("newer", FAILED)
    assert world.fired(trigger, 2) == ["new skipped", "newer succeeded"]


def test_another_account_on_the_same_connection_does_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.arm(task="t.a")
    monkeypatch.setattr(_service, "_ACCOUNT_AGE", 0.0)
    world.subject = "somebody else"
    until(lambda: armed_rows(world.service)[0].standing == "other account", "the other account")
    world.backend.scripts.pop("UserInfo")  # it does not answer
    asked = len(world.asked)
    until(lambda: len(world.asked) > asked + 3, "what is known holds")
    assert armed_rows(world.service)[0].standing == "other account"


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "UNAVAILABLE"])
def test_an_account_that_cannot_be_asked_for_is_the_one_that_was_known(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    trigger = world.arm(task="t.a")
    monkeypatch.setattr(_service, "_ACCOUNT_AGE", 0.0)
    refused: list[bool] = []

    def refuse(_: Any) -> UserInfoResponse:
        refused.append(True)
        raise StatusError(code, "not now")

    world.backend.scripts["UserInfo"] = refuse
    until(lambda: len(refused) > 2, "it was asked again")
    assert armed_rows(world.service)[0].standing == "armed"
    world.run("new", FAILED)
    assert world.fired(trigger, 1) == ["new succeeded"]


def test_of_two_services_one_serves_a_backend(world: World) -> None:
    trigger = world.arm(task="t.a")
    other = world.start("here:2:b")
    assert list(world.service.dispatcher.leases) == [f"{world.client.endpoint.authority}|you"]
    assert other.dispatcher.leases == {}
    assert [one.id for one in world.service.hub.triggers] == [trigger.id]
    assert other.hub.triggers == []
    background().run(other.close())
    other.store.close()


def test_a_notice_is_shown_where_it_was_armed_too(world: World) -> None:
    other = world.start("here:2:b")
    notices: list[Notice] = []
    remove = add_notifier(notices.append)
    trigger = world.arm(task="t.a", flavor="notify", armed_by="here:2:b")
    world.run("new", FAILED)
    assert world.fired(trigger, 1) == ["new succeeded"]
    until(lambda: len(notices) == 2, "the notice of the other process")
    remove()
    background().run(other.close())
    other.store.close()
    assert [one.text for one in notices] == ["new (t.a) failed"] * 2
    assert {one.execution for one in notices} == {world.service.store.history()[0].id}


class Logged:
    """A run whose log says what the test says, and breaks with what it says, once per error."""

    def __init__(self, world: World, *lines: str) -> None:
        self.world, self.lines = world, list(lines)
        self.breaks: list[StatusError] = []
        self.reads = 0
        self.written = round(time.time()) + 3600  # after it is armed
        self.root = _action("r1", "a0", RUNNING)
        scripts = world.backend.scripts
        scripts["GetRunDetails"] = lambda _: GetRunDetailsResponse(details=RunDetails(action=self._details()))
        scripts["GetActionDetails"] = lambda _: GetActionDetailsResponse(details=self._details())
        scripts["WatchActions"], scripts["TailLogs"] = self._actions, self._log

    def _details(self) -> ActionDetails:
        made = ActionDetails(id=self.root.id, metadata=self.root.metadata, status=self.root.status)
        made.attempts.add(attempt=1, phase=self.root.status.phase, logs_available=True)
        return made

    async def _actions(self, _: Any) -> AsyncIterator[WatchActionsResponse]:
        message = WatchActionsResponse()
        message.enriched_actions.add().action.CopyFrom(self.root)
        yield message
        await self.world.backend.silence()

    async def _log(self, _: Any) -> AsyncIterator[TailLogsResponse]:
        message = TailLogsResponse()
        logs = message.logs.add()
        for number, text in enumerate(self.lines):
            line = LogLine(message=text)
            line.timestamp.FromSeconds(self.written + number // 2)
            logs.lines.append(line)
        yield message
        self.reads += 1
        if self.breaks:
            raise self.breaks.pop(0)
        await self.world.backend.silence()


def test_lines_of_a_log_fire_once_however_often_it_is_read(world: World) -> None:
    log = Logged(world, "loss=1", "loss=nan", "loss=nan", "fine")
    log.breaks = [StatusError("UNAVAILABLE", "gone in the middle")]
    trigger = world.arm("log", run="r1", action="*", pattern="loss=nan")
    assert world.fired(trigger, 2) == ["r1 succeeded"] * 2
    until(lambda: log.reads > 1, "the log is read again")
    world.stop()
    again = log.reads
    world.service = world.start("here:2:b")
    until(lambda: log.reads > again, "the log is read by another process")
    log.lines.append("the last loss=nan")
    world.stop()
    world.service = world.start("here:3:c")
    assert world.fired(trigger, 3) == ["r1 succeeded"] * 3
    assert world.service.store.trigger(trigger.id).fired == 3


def test_a_log_that_may_not_be_read_is_said_and_read_again(world: World) -> None:
    log = Logged(world, "loss=1")
    log.breaks = [StatusError("PERMISSION_DENIED", "not yours") for _ in range(200)]
    trigger = world.arm("log", run="r1", action="*", pattern="loss=nan")
    until(lambda: "not yours" in armed_rows(world.service)[0].error, "the trouble")
    log.lines.append("loss=nan")
    log.breaks.clear()
    assert world.fired(trigger, 1) == ["r1 succeeded"]
    until(lambda: not armed_rows(world.service)[0].error, "no trouble")


def test_lines_that_were_written_while_it_was_paused_are_history(world: World) -> None:
    log = Logged(world, "fine")
    trigger = world.arm("log", run="r1", action="*", pattern="loss=nan")
    store = world.service.store
    store.set_active(trigger.id, False, "paused")
    world.service.poke()
    until(lambda: not world.service.hub.triggers, "the pause")
    log.lines.append("meanwhile loss=nan")
    real, store.now = store.now, lambda: log.written + 60.0
    store.resume(trigger.id)
    store.now = real
    world.service.poke()
    until(lambda: store.trigger(trigger.id).baselined, "the baseline")
    log.lines += ["fine"] * 200 + ["then loss=nan"]
    world.stop()
    world.service = world.start("here:2:b")
    assert world.fired(trigger, 1) == ["r1 succeeded"]
    (execution,) = world.service.store.history()
    assert execution.event.words.endswith("then loss=nan")


def test_what_was_left_of_a_run_that_is_over_is_done_by_the_next(world: World) -> None:
    trigger = world.arm(task="t.a")
    event = failed_at(world, "r1")
    store = world.service.store
    world.stop()
    store = Store(world.path / "actions.db")
    left = store.claim(trigger.id, event, world.subject)
    assert left is not None
    store.set_active(trigger.id, False, "run over")
    store.close()
    world.service = world.start("here:2:b")
    assert world.fired(trigger, 1) == ["r1 succeeded"]


@pytest.mark.parametrize("bound", ["", "here:9:gone"])
def test_what_a_dead_process_was_doing_is_told_as_interrupted(world: World, bound: str) -> None:
    trigger = world.arm(task="t.a")
    world.stop()
    store = Store(world.path / "actions.db")
    left = store.claim(trigger.id, failed_at(world, "r1"), world.subject)
    assert left is not None
    assert store.begin(left.id, "here:9:gone", None) is not None
    if bound:
        store.bind(trigger.id, bound)
    else:
        store.set_active(trigger.id, False, "run over")
    store.close()
    world.service = world.start("here:2:b")
    assert world.fired(trigger, 1) == ["r1 interrupted"]


def failed_at(world: World, run: str) -> PhaseEvent:
    return PhaseEvent(endpoint=world.client.endpoint.authority, project="p", domain="d", run=run, phase="failed")


def test_what_lists_leave_out_of_an_event_is_asked_for(world: World) -> None:
    asked: list[str] = []

    def details(request: Any) -> GetActionDetailsResponse:
        asked.append(request.action_id.run.name)
        if request.action_id.run.name == "mute":
            raise StatusError("UNAVAILABLE", "connection refused")
        action = _action(request.action_id.run.name, "a0", FAILED)
        made = ActionDetails(id=action.id, metadata=action.metadata, status=action.status)
        if len(asked) > 1:  # the phase is told before the error is
            made.error_info.message = "Traceback (most recent call last):\n  File x\nValueError: no good\n"
        return GetActionDetailsResponse(details=made)

    world.backend.scripts["GetActionDetails"] = details
    trigger = world.arm(task="t.a")
    world.run("new", FAILED)
    world.fired(trigger, 1)
    assert world.service.store.history()[0].event.words == "new (t.a) failed: ValueError: no good"
    assert asked == ["new", "new"]
    world.run("mute", FAILED)
    assert world.fired(trigger, 2) == ["new succeeded", "mute succeeded"]


def test_a_prompt_is_asked_for() -> None:
    event = PausedEvent(endpoint="e", project="p", domain="d", run="r1", action="c1", condition="go")

    async def unary(method: Any, request: Any) -> GetActionDetailsResponse:
        made = GetActionDetailsResponse()
        made.details.condition.prompt = f"{request.action_id.name}?"
        return made

    client: Any = SimpleNamespace(org="", unary=unary)
    assert asyncio.run(completed(event, client)).words == "r1 waits for go: c1?"
