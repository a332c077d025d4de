"""A backend whose task processes are played by the test, and requests to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc.aio
from flyteidl2.actions import actions_service_pb2, actions_service_pb2_grpc
from flyteidl2.common import identifier_pb2
from flyteidl2.core import execution_pb2, tasks_pb2
from flyteidl2.task import task_definition_pb2
from flyteidl2.workflow import run_definition_pb2, run_service_pb2, run_service_pb2_grpc

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._launch import LaunchSpec

PATIENCE = 20.0


class ScriptedProcess:
    """A process that ends when the test says so."""

    def __init__(self, spec: LaunchSpec) -> None:
        self.spec = spec
        self.pid = 1
        self.terminated = False
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def action(self) -> str:
        return self.spec.env["ACTION_NAME"]

    @property
    def attempt(self) -> int:
        return int(self.spec.env["FLYTE_ATTEMPT_NUMBER"]) + 1

    def argument(self, option: str) -> str:
        return self.spec.args[self.spec.args.index(option) + 1]

    def end(self, returncode: int = 0) -> None:
        self._ended.set_result(returncode)

    def fail(self, message: str, *, recoverable: bool = False) -> None:
        """Do as the runtime does: leave error.pb and exit with 0."""
        kind = execution_pb2.ContainerError.RECOVERABLE if recoverable else execution_pb2.ContainerError.NON_RECOVERABLE
        error = execution_pb2.ContainerError(
            code="ValueError", message=message, kind=kind, origin=execution_pb2.ExecutionError.USER
        )
        path = Path(self.argument("--outputs-path"), "error.pb")
        path.write_bytes(execution_pb2.ErrorDocument(error=error).SerializeToString())
        self.end()

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def terminate(self, grace: float = 3.0) -> None:
        self.terminated = True
        if not self._ended.done():
            self.end(-15)


class ScriptedLauncher:
    """Starts processes that do nothing."""

    def __init__(self) -> None:
        self.processes: list[ScriptedProcess] = []
        self._changed = asyncio.Condition()

    async def start(self) -> None:
        """Nothing to warm up."""

    async def launch(self, spec: LaunchSpec) -> Any:
        spec.log.touch()
        process = ScriptedProcess(spec)
        async with self._changed:
            self.processes.append(process)
            self._changed.notify_all()
        return process

    async def started(self, action: str, attempt: int = 1) -> ScriptedProcess:
        """Wait for the process of an attempt."""

        def find() -> ScriptedProcess | None:
            return next((p for p in self.processes if (p.action, p.attempt) == (action, attempt)), None)

        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(find), PATIENCE)
        process = find()
        assert process is not None
        return process

    async def close(self) -> None:
        for process in self.processes:
            await process.terminate()


async def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition of the backend, which lives in this loop, holds."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not (found := condition()):
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.005)
    return found


def task_spec(name: str = "env.main", *, retries: int = 0, cached: bool = False) -> task_definition_pb2.TaskSpec:
    spec = task_definition_pb2.TaskSpec(short_name=name.rpartition(".")[2])
    template = spec.task_template
    template.type = "python"
    template.id.project, template.id.domain, template.id.name, template.id.version = "p", "d", name, "v1"
    template.metadata.retries.retries = retries
    template.metadata.discoverable = cached
    template.container.CopyFrom(
        tasks_pb2.Container(
            image="auto",
            args=[
                "a0",
                "--inputs",
                "{{.input}}",
                "--outputs-path",
                "{{.outputPrefix}}",
                "--name",
                "{{.actionName}}",
                "--prev-checkpoint",
                "{{.prevCheckpointPrefix}}",
            ],
        )
    )
    return spec


def run_id(name: str) -> identifier_pb2.RunIdentifier:
    return identifier_pb2.RunIdentifier(project="p", domain="d", name=name)


def action_id(run: str, name: str = "a0") -> identifier_pb2.ActionIdentifier:
    return identifier_pb2.ActionIdentifier(run=run_id(run), name=name)


class Caller:
    """gRPC calls with the token."""

    def __init__(self, backend: Backend, *, token: str | None = None) -> None:
        parts = urlsplit(backend.endpoint)
        self.channel = grpc.aio.insecure_channel(parts.netloc)
        self.metadata = (("authorization", f"Bearer {backend.token if token is None else token}"),)
        self.runs = run_service_pb2_grpc.RunServiceStub(self.channel)
        self.actions = actions_service_pb2_grpc.ActionsServiceStub(self.channel)

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()

    async def create(self, name: str = "r1", spec: task_definition_pb2.TaskSpec | None = None) -> None:
        request = run_service_pb2.CreateRunRequest(run_id=run_id(name), task_spec=spec or task_spec())
        await self.runs.CreateRun(request, metadata=self.metadata)

    async def enqueue(
        self, run: str, name: str, *, parent: str = "a0", spec: task_definition_pb2.TaskSpec | None = None, **more: Any
    ) -> None:
        action = actions_service_pb2.Action(
            action_id=action_id(run, name), parent_action_name=parent, input_uri="/in/inputs.pb", **more
        )
        if not more.keys() & {"task", "trace", "condition"}:
            action.task.CopyFrom(run_definition_pb2.TaskAction(spec=spec or task_spec("env.child")))
        await self.actions.Enqueue(actions_service_pb2.EnqueueRequest(action=action), metadata=self.metadata)

    def watch(self, run: str, **more: Any) -> Any:
        request = run_service_pb2.WatchActionsRequest(run_id=run_id(run), **more)
        return self.runs.WatchActions(request, metadata=self.metadata)
