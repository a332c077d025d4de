from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from flyteidl2.core import types_pb2
from flyteidl2.task import common_pb2
from flyteidl2.workflow import run_definition_pb2, run_service_pb2
from google.protobuf.wrappers_pb2 import StringValue

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import ABORTED, FAILED, PAUSED, QUEUED, RUNNING, SUCCEEDED, TIMED_OUT, Action
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._server import Options, serving
from flyte_jupyter.local._state import STOPPED
from tests.unit.local.support import Caller, ScriptedLauncher, action_id, run_id, task_spec, until


def find(backend: Backend, name: str = "a0", run: str = "r1") -> Action:
    return backend.state.action(action_id(run, name))


async def over(backend: Backend, name: str = "a0", run: str = "r1") -> Action:
    action = find(backend, name, run)
    await until(lambda: action.terminal)
    return action


def is_directory(path: str) -> bool:
    return Path(path).is_dir()


async def test_success(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        process = await launcher.started("a0")
        action = find(backend)
        await until(lambda: action.phase == RUNNING)
        process.end()
        await over(backend)
    assert action.phase == SUCCEEDED
    (attempt,) = action.details.attempts
    assert [step.phase for step in attempt.phase_transitions] == [1, 3, 4, 5]
    assert all(step.HasField("end_time") for step in attempt.phase_transitions)
    assert attempt.logs_available
    assert action.details.status.duration_ms >= 0


async def test_what_a_process_is_told(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        spec = task_spec()
        spec.task_template.container.env.add(key="COLOUR", value="red")
        spec.task_template.container.env.add(key="RUN_NAME", value="forged")
        await caller.create(spec=spec)
        told = (await launcher.started("a0")).spec
    assert told.env["COLOUR"] == "red"
    assert told.env["RUN_NAME"] == "r1"
    assert told.env["_U_EP_OVERRIDE"] == backend.endpoint
    assert is_directory(str(told.cwd))
    assert "{{" not in " ".join(told.args)
    assert is_directory(told.args[told.args.index("--outputs-path") + 1])


async def test_the_environment_of_the_backend_does_not_lead_tasks_astray(
    backend: Backend, launcher: ScriptedLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYTE_API_KEY", "of a cluster")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("PLAIN", "kept")
    async with Caller(backend) as caller:
        await caller.create()
        env = (await launcher.started("a0")).spec.env
    assert not {"FLYTE_API_KEY", "MPLBACKEND"} & env.keys()
    assert env["PLAIN"] == "kept"


async def test_retries(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create(spec=task_spec(retries=2))
        first = await launcher.started("a0", 1)
        first.fail("first", recoverable=True)
        second = await launcher.started("a0", 2)
        assert second.argument("--prev-checkpoint").endswith("/a0/1/_flytecheckpoints")
        assert first.argument("--prev-checkpoint") == ""
        second.end(3)  # a hard exit may be tried again too
        (await launcher.started("a0", 3)).end()
        action = await over(backend)
    assert action.phase == SUCCEEDED
    assert [attempt.phase for attempt in action.details.attempts] == [FAILED, FAILED, SUCCEEDED]
    assert action.details.attempts[0].error_info.message == "first"
    assert "exited with 3" in action.details.attempts[1].error_info.message
    assert action.details.status.attempts == 3
    assert action.output_uri.endswith("/a0/3")


async def test_no_retry_of_what_cannot_be_recovered(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create(spec=task_spec(retries=5))
        (await launcher.started("a0")).fail("for good")
        action = await over(backend)
    assert action.phase == FAILED
    assert (action.details.error_info.message, action.details.error_info.code) == ("for good", "ValueError")
    assert len(action.details.attempts) == 1


async def test_killed(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        process = await launcher.started("a0")
        process.spec.log.write_text("one\nlast words\n")
        process.end(-9)
        action = await over(backend)
    assert "killed by signal SIGKILL" in action.details.error_info.message
    assert "last words" in action.details.error_info.message


async def test_timeout(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        spec = task_spec(retries=3)
        spec.task_template.metadata.timeout.FromTimedelta(timedelta(milliseconds=50))
        await caller.create(spec=spec)
        process = await launcher.started("a0")
        action = await over(backend)
        await until(lambda: process.terminated)
    assert action.phase == TIMED_OUT
    assert "0.05 s" in action.details.error_info.message


async def test_timeout_in_the_queue(backend: Backend, launcher: ScriptedLauncher) -> None:
    backend.engine.admission.limit = 1
    async with Caller(backend) as caller:
        await caller.create("r1")
        await launcher.started("a0")
        spec = task_spec()
        spec.task_template.metadata.timeouts.queued_timeout.FromTimedelta(timedelta(milliseconds=50))
        await caller.create("r2", spec)
        action = await over(backend, run="r2")
    assert action.phase == TIMED_OUT
    assert "queued for more than 0.05 s" in action.details.error_info.message


async def test_abort_reaches_what_runs_what_waits_and_what_is_queued(
    backend: Backend, launcher: ScriptedLauncher
) -> None:
    backend.engine.admission.limit = 1
    async with Caller(backend) as caller:
        await caller.create()
        root = await launcher.started("a0")
        await caller.enqueue("r1", "c1")
        child = await launcher.started("c1")
        await caller.enqueue("r1", "c2")
        await caller.enqueue("r1", "c3", condition=run_definition_pb2.ConditionAction(name="go"))
        assert find(backend, "c2").phase == QUEUED
        assert find(backend, "c3").phase == PAUSED
        request = run_service_pb2.AbortRunRequest(run_id=run_id("r1"), reason="enough")
        await caller.runs.AbortRun(request, metadata=caller.metadata)
        assert [find(backend, name).phase for name in ("a0", "c1", "c2", "c3")] == [ABORTED] * 4
        assert find(backend, "c2").details.abort_info.reason == "enough"
        await until(lambda: root.terminated and child.terminated)
        assert len(launcher.processes) == 2
        await caller.runs.AbortRun(
            run_service_pb2.AbortRunRequest(run_id=run_id("r1"), reason="again"), metadata=caller.metadata
        )
        assert find(backend).details.abort_info.reason == "enough"


async def test_what_is_over_is_not_aborted(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        (await launcher.started("a0")).end()
        await over(backend)
        await caller.runs.AbortRun(run_service_pb2.AbortRunRequest(run_id=run_id("r1")), metadata=caller.metadata)
    assert find(backend).phase == SUCCEEDED


async def test_children_do_not_outlive_their_parent(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        root = await launcher.started("a0")
        await caller.enqueue("r1", "c1")
        child = await launcher.started("c1")
        root.end(-9)
        await over(backend, "c1")
        await until(lambda: child.terminated)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller.enqueue("r1", "c2")
        assert caught.value.code() == grpc.StatusCode.ABORTED
    assert find(backend, "c1").phase == ABORTED
    assert "a0 ended" in find(backend, "c1").details.abort_info.reason


async def test_enqueueing_again_changes_nothing(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        await launcher.started("a0")
        await caller.enqueue("r1", "c1")
        await caller.enqueue("r1", "c1")
        await launcher.started("c1")
        assert len(launcher.processes) == 2
        assert find(backend).phases_below[RUNNING] + find(backend).phases_below.get(3, 0) == 1


async def test_cache(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:
        key = StringValue(value="key")
        for run in ("r1", "r2"):
            await caller.create(run)
            root = await launcher.started("a0")
            task = run_definition_pb2.TaskAction(spec=task_spec("env.child"), cache_key=key)
            await caller.enqueue(run, "c1", task=task)
            if run == "r1":
                (await launcher.started("c1")).end()
            await over(backend, "c1", run)
            root.end()
            await over(backend, "a0", run)
            launcher.processes.clear()
    first, second = (find(backend, "c1", run) for run in ("r1", "r2"))
    assert (first.details.status.cache_status, second.details.status.cache_status) == (3, 2)
    assert second.output_uri == first.output_uri


async def test_root_cache_goes_by_the_inputs(backend: Backend, launcher: ScriptedLauncher) -> None:
    async with Caller(backend) as caller:

        async def run(name: str, value: int) -> Action:
            inputs = common_pb2.Inputs()
            inputs.literals.add(name="x").value.scalar.primitive.integer = value
            await caller.runs.CreateRun(
                run_service_pb2.CreateRunRequest(run_id=run_id(name), task_spec=task_spec(cached=True), inputs=inputs),
                metadata=caller.metadata,
            )
            return find(backend, run=name)

        first = await run("r1", 1)
        (await launcher.started("a0")).end()
        await until(lambda: first.terminal)
        await run("r2", 1)
        assert (await over(backend, run="r2")).details.status.cache_status == 2
        launcher.processes.clear()
        await run("r3", 2)
        (await launcher.started("a0")).end()
        assert (await over(backend, run="r3")).details.status.cache_status == 3


class TestConditions:
    async def paused(self, caller: Caller, launcher: ScriptedLauncher, **more: object) -> None:
        await caller.create()
        await launcher.started("a0")
        condition = run_definition_pb2.ConditionAction(
            name="go",
            type=types_pb2.LiteralType(simple=types_pb2.INTEGER),
            **more,  # pyright: ignore[reportArgumentType]
        )
        await caller.enqueue("r1", "c1", condition=condition)

    async def signal(self, caller: Caller, name: str = "c1", **value: object) -> grpc.StatusCode | None:
        payload = run_service_pb2.EventPayload(**value)  # pyright: ignore[reportArgumentType]
        request = run_service_pb2.SignalEventRequest(action_id=action_id("r1", name), payload=payload)
        try:
            await caller.runs.SignalEvent(request, metadata=caller.metadata)
        except grpc.aio.AioRpcError as error:
            return error.code()
        return None

    async def test_signal(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await self.paused(caller, launcher)
            assert find(backend, "c1").phase == PAUSED
            assert await self.signal(caller) == grpc.StatusCode.INVALID_ARGUMENT
            assert await self.signal(caller, float_value=1.0) == grpc.StatusCode.INVALID_ARGUMENT
            assert await self.signal(caller, "a0", int_value=1) == grpc.StatusCode.FAILED_PRECONDITION
            assert await self.signal(caller, int_value=7) is None
            assert await self.signal(caller, int_value=7) is None
            assert await self.signal(caller, int_value=8) == grpc.StatusCode.FAILED_PRECONDITION
        condition = find(backend, "c1")
        assert condition.phase == SUCCEEDED
        assert condition.details.signal_info.output.scalar.primitive.integer == 7

    async def test_timeout(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await self.paused(caller, launcher, timeout=timedelta(milliseconds=30))
            assert (await over(backend, "c1")).phase == TIMED_OUT


async def test_what_needs_a_cluster_is_refused(backend: Backend, launcher: ScriptedLauncher) -> None:
    spec = task_spec("env.boxed")
    spec.task_template.type = "raw-container"
    async with Caller(backend) as caller:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller.create(spec=spec)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert "env.boxed is a container task" in (caught.value.details() or "")
        await caller.create()
        await launcher.started("a0")
        await caller.enqueue("r1", "c1", spec=spec)
    child = find(backend, "c1")
    assert child.phase == FAILED
    assert "env.boxed is a container task" in child.details.error_info.message


async def test_acknowledged_runs_survive(tmp_path: Path) -> None:
    options = Options(StateDir(tmp_path / "state").prepare())
    launcher = ScriptedLauncher()
    async with serving(options, launcher, asyncio.Event()) as backend:
        async with Caller(backend) as caller:
            await caller.create("done")
            (await launcher.started("a0")).end()
            await over(backend, run="done")
            await caller.create("underway")
            await launcher.started("a0")
            await caller.enqueue("underway", "c1")
            await caller.enqueue("underway", "c2", condition=run_definition_pb2.ConditionAction(name="go"))
        endpoint = backend.endpoint
        backend.state.store.flush()
        # a copy of the files as they are on disk now is what a killed backend leaves
        copy = tmp_path / "copy"
        copy.mkdir()
        for file in backend.paths.root.glob("state.db*"):
            (copy / file.name).write_bytes(file.read_bytes())
        (copy / "backend.json").write_bytes(backend.paths.state_file.read_bytes())
    async with serving(Options(StateDir(copy).prepare()), ScriptedLauncher(), asyncio.Event()) as again:
        assert again.endpoint == endpoint
        assert find(again, run="done").phase == SUCCEEDED
        for name in ("a0", "c1", "c2"):
            action = find(again, name, "underway")
            assert action.phase == ABORTED
            assert action.details.abort_info.reason == STOPPED
            assert action.details.status.HasField("end_time")
        assert again.engine.underway == 0
        below = find(again, run="underway").phases_below
        assert {phase: count for phase, count in below.items() if count} == {ABORTED: 2}
