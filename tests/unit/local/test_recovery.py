from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flyteidl2.actions import actions_service_pb2
from flyteidl2.common import run_pb2 as common_run_pb2
from flyteidl2.core import types_pb2
from flyteidl2.task import run_pb2
from flyteidl2.workflow import run_definition_pb2, run_service_pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import FAILED, PAUSED, RECOVERED, RUNNING, SUCCEEDED, Action
from tests.unit.local.support import Caller, ScriptedLauncher, action_id, run_id, task_spec, until


def find(backend: Backend, name: str, run: str = "r2") -> Action:
    return backend.state.action(action_id(run, name))


async def over(backend: Backend, name: str, run: str = "r2") -> Action:
    action = find(backend, name, run)
    await until(lambda: action.terminal)
    return action


def recovering(run: str, force: tuple[str, ...] = ()) -> run_pb2.RunSpec:
    relation = common_run_pb2.Relation(related_to=run_id(run), relation_type=common_run_pb2.RELATION_TYPE_RECOVER)
    return run_pb2.RunSpec(relation=relation, recover=run_pb2.Recover(force_rerun_actions=force))


async def create(caller: Caller, name: str, spec: run_pb2.RunSpec) -> None:
    request = run_service_pb2.CreateRunRequest(run_id=run_id(name), task_spec=task_spec(), run_spec=spec)
    await caller.runs.CreateRun(request, metadata=caller.metadata)


CONDITION = run_definition_pb2.ConditionAction(name="ok", type=types_pb2.LiteralType(simple=types_pb2.BOOLEAN))


def trace(prefix: Path) -> run_definition_pb2.TraceAction:
    prefix.mkdir(exist_ok=True)
    (prefix / "outputs.pb").write_bytes(b"")
    action = run_definition_pb2.TraceAction(name="look", phase=SUCCEEDED)  # type: ignore[arg-type]
    action.outputs.output_uri = str(prefix / "outputs.pb")
    return action


async def half_done(backend: Backend, launcher: ScriptedLauncher, caller: Caller, place: Path) -> None:
    """Run r1: `good`, the trace `seen` and the condition `asked` succeed, `bad` and the root fail."""
    await caller.create("r1")
    root = await launcher.started("a0")
    await caller.enqueue("r1", "good")
    await caller.enqueue("r1", "bad")
    await caller.enqueue("r1", "seen", trace=trace(place))
    await caller.enqueue("r1", "asked", condition=CONDITION)
    (await launcher.started("good")).end()
    (await launcher.started("bad")).fail("no")
    signal = run_service_pb2.SignalEventRequest(
        action_id=action_id("r1", "asked"), payload=run_service_pb2.EventPayload(bool_value=True)
    )
    await caller.runs.SignalEvent(signal, metadata=caller.metadata)
    await over(backend, "bad", "r1")
    await over(backend, "good", "r1")
    root.fail("a child failed")
    await over(backend, "a0", "r1")
    launcher.processes.clear()


async def test_what_succeeded_is_kept_and_what_failed_runs_again(
    backend: Backend, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    async with Caller(backend) as caller:
        await half_done(backend, launcher, caller, tmp_path / "trace")
        await create(caller, "r2", recovering("r1"))
        root = await launcher.started("a0")
        seen = find(backend, "seen")
        assert seen.phase == RECOVERED, "a trace is there before the process looks for it"
        assert seen.output_uri == find(backend, "seen", "r1").output_uri
        await caller.enqueue("r2", "good")
        await caller.enqueue("r2", "bad")
        await caller.enqueue("r2", "asked", condition=CONDITION)
        good = find(backend, "good")
        assert good.phase == RECOVERED
        assert good.details.metadata.recovered_from == action_id("r1", "good")
        assert good.output_uri == find(backend, "good", "r1").output_uri
        assert [attempt.phase for attempt in good.details.attempts] == [RECOVERED]
        asked = find(backend, "asked")
        assert asked.phase == RECOVERED
        assert asked.value is not None
        assert asked.value.scalar.primitive.boolean is True
        (await launcher.started("bad")).end()
        assert (await over(backend, "bad")).phase == SUCCEEDED
        root.end()
        assert (await over(backend, "a0")).phase == SUCCEEDED
        assert [process.action for process in launcher.processes] == ["a0", "bad"]
        assert find(backend, "a0").details.metadata.relation.related_to == run_id("r1")


async def test_a_recovered_run_can_be_recovered(backend: Backend, launcher: ScriptedLauncher, tmp_path: Path) -> None:
    async with Caller(backend) as caller:
        await half_done(backend, launcher, caller, tmp_path / "trace")
        await create(caller, "r2", recovering("r1"))
        await caller.enqueue("r2", "good")
        (await launcher.started("a0")).fail("again")
        await over(backend, "a0")
        await create(caller, "r3", recovering("r2"))
        await caller.enqueue("r3", "good")
        good = find(backend, "good", "r3")
        assert (good.phase, good.output_uri) == (RECOVERED, find(backend, "good", "r1").output_uri)
        assert find(backend, "seen", "r3").phase == RECOVERED


async def test_what_is_forced_or_gone_runs_again(backend: Backend, launcher: ScriptedLauncher, tmp_path: Path) -> None:
    async with Caller(backend) as caller:
        await half_done(backend, launcher, caller, tmp_path / "trace")
        await create(caller, "r2", recovering("r1", ("good", "asked", "seen")))
        await caller.enqueue("r2", "good")
        await caller.enqueue("r2", "asked", condition=CONDITION)
        await launcher.started("good")
        assert find(backend, "asked").phase == PAUSED
        assert "seen" not in find(backend, "a0").run.actions
        launcher.processes.clear()
        shutil.rmtree(find(backend, "good", "r1").output_uri)
        await create(caller, "r3", recovering("r1"))
        await caller.enqueue("r3", "good")
        await launcher.started("good")
        await until(lambda: find(backend, "good", "r3").phase == RUNNING)


async def test_a_rerun_keeps_nothing(backend: Backend, launcher: ScriptedLauncher, tmp_path: Path) -> None:
    async with Caller(backend) as caller:
        await half_done(backend, launcher, caller, tmp_path / "trace")
        spec = recovering("r1")
        spec.relation.relation_type = common_run_pb2.RELATION_TYPE_RERUN
        await create(caller, "r2", spec)
        await caller.enqueue("r2", "good")
        (await launcher.started("good")).fail("now")
        assert (await over(backend, "good")).phase == FAILED


async def test_a_run_that_is_not_there_cannot_be_recovered(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await create(caller, "r2", recovering("nobody"))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        assert backend.state.find_run(run_id("r2")) is None


async def test_the_parent_is_told(backend: Backend, launcher: ScriptedLauncher, tmp_path: Path) -> None:
    async with Caller(backend) as caller:
        await half_done(backend, launcher, caller, tmp_path / "trace")
        await create(caller, "r2", recovering("r1"))
        await launcher.started("a0")
        request = actions_service_pb2.WatchForUpdatesRequest(parent_action_id=action_id("r2"))
        updates: Any = caller.actions.WatchForUpdates(request, metadata=caller.metadata)
        first = await updates.read()
        assert (first.action_update.action_id.name, first.action_update.phase) == ("seen", RECOVERED)
        assert (await updates.read()).control_message.sentinel
        await caller.enqueue("r2", "good")
        update = (await updates.read()).action_update
        assert (update.phase, update.output_uri) == (RECOVERED, find(backend, "good", "r1").output_uri)
        updates.cancel()
