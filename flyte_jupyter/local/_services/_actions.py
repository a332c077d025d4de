"""The protocol between a parent's process and the backend.

ActionsService, and its predecessors QueueService and StateService.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from flyteidl2.actions import actions_service_connect as actions_connect
from flyteidl2.actions import actions_service_pb2 as actions_pb2
from flyteidl2.common import identifier_pb2
from flyteidl2.core import execution_pb2
from flyteidl2.workflow import queue_service_connect as queue_connect
from flyteidl2.workflow import queue_service_pb2 as queue_pb2
from flyteidl2.workflow import run_definition_pb2
from flyteidl2.workflow import state_service_connect as state_connect
from flyteidl2.workflow import state_service_pb2 as state_pb2

from flyte_jupyter.local._attempt import Error, system_error
from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._describe import describe_condition, describe_task, describe_trace
from flyte_jupyter.local._literals import check_signal
from flyte_jupyter.local._model import CONDITION, FAILED, TERMINAL, TRACE, Action, Run, timestamp, to_us
from flyte_jupyter.local._recovery import recover, recover_traces
from flyte_jupyter.local._status import invalid, precondition

Context = RequestContext[Any, Any]


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [
        actions_connect.ActionsServiceASGIApplication(ActionsService(backend)),
        queue_connect.QueueServiceASGIApplication(QueueService(backend)),
        state_connect.StateServiceASGIApplication(StateService(backend)),
    ]


class ActionsService(actions_connect.ActionsService):
    """Children come in, their phases go out."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def enqueue(self, request: actions_pb2.EnqueueRequest, ctx: Context) -> actions_pb2.EnqueueResponse:
        """Take a child in; it is executed in the background. Repeating it changes nothing."""
        enqueue(self._backend, request.action)
        return actions_pb2.EnqueueResponse()

    async def watch_for_updates(
        self, request: actions_pb2.WatchForUpdatesRequest, ctx: Context
    ) -> AsyncIterator[actions_pb2.WatchForUpdatesResponse]:
        """The children of one parent: all that there are, a sentinel, then each change."""
        async for update in child_updates(self._backend, request.parent_action_id):
            if update is None:
                yield actions_pb2.WatchForUpdatesResponse(control_message=state_pb2.ControlMessage(sentinel=True))
            else:
                yield actions_pb2.WatchForUpdatesResponse(action_update=update)

    async def abort(self, request: actions_pb2.AbortRequest, ctx: Context) -> actions_pb2.AbortResponse:
        """Abort an action and everything below it."""
        action = self._backend.state.action(request.action_id)
        self._backend.engine.abort(action, request.reason or "its parent does not need it any more")
        return actions_pb2.AbortResponse()

    async def update(self, request: actions_pb2.UpdateRequest, ctx: Context) -> actions_pb2.UpdateResponse:
        """Accepted and ignored: phases are this backend's own business."""
        self._backend.state.action(request.action_id)
        return actions_pb2.UpdateResponse()

    async def signal(self, request: actions_pb2.SignalRequest, ctx: Context) -> actions_pb2.SignalResponse:
        """Give a condition its value."""
        action = self._backend.state.action(request.action_id)
        if check_signal(action, request.value):
            self._backend.engine.signal(action, request.value, request.signalled_by)
        return actions_pb2.SignalResponse()


class QueueService(queue_connect.QueueService):
    """Enqueueing as SDKs do it that do not use ActionsService."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def enqueue_action(
        self, request: queue_pb2.EnqueueActionRequest, ctx: Context
    ) -> queue_pb2.EnqueueActionResponse:
        """Take a child in."""
        enqueue(self._backend, request)
        return queue_pb2.EnqueueActionResponse()

    async def abort_queued_action(
        self, request: queue_pb2.AbortQueuedActionRequest, ctx: Context
    ) -> queue_pb2.AbortQueuedActionResponse:
        """Abort an action and everything below it."""
        action = self._backend.state.action(request.action_id)
        self._backend.engine.abort(action, request.reason or "its parent does not need it any more")
        return queue_pb2.AbortQueuedActionResponse()

    async def abort_queued_run(
        self, request: queue_pb2.AbortQueuedRunRequest, ctx: Context
    ) -> queue_pb2.AbortQueuedRunResponse:
        """Abort a whole run."""
        self._backend.engine.abort(self._backend.state.run(request.run_id).root, request.reason)
        return queue_pb2.AbortQueuedRunResponse()


class StateService(state_connect.StateService):
    """Watching as SDKs do it that do not use ActionsService."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def watch(self, request: state_pb2.WatchRequest, ctx: Context) -> AsyncIterator[state_pb2.WatchResponse]:
        """The children of one parent: all that there are, a sentinel, then each change."""
        async for update in child_updates(self._backend, request.parent_action_id):
            if update is None:
                yield state_pb2.WatchResponse(control_message=state_pb2.ControlMessage(sentinel=True))
            else:
                yield state_pb2.WatchResponse(action_update=update)


def enqueue(backend: Backend, request: actions_pb2.Action | queue_pb2.EnqueueActionRequest) -> None:
    """Create the child that `request` describes and hand it to the engine.

    Raises:
        ConnectError: NOT_FOUND (run, parent), INVALID_ARGUMENT, ABORTED (the parent is over).
    """
    run = backend.state.run(request.action_id.run)
    name = request.action_id.name
    if name in run.actions:
        return
    parent = run.actions.get(request.parent_action_name) if request.parent_action_name else run.root
    if parent is None:
        raise invalid(
            f"Action {name!r} names the parent {request.parent_action_name!r}, which is not in run {run.key.name!r}."
        )
    if parent.terminal:
        raise ConnectError(Code.ABORTED, f"The parent {parent.name!r} is over, so it can have no more children.")
    which = request.WhichOneof("spec")
    if which == "trace":
        action = _trace(backend, run, parent, request)
    else:
        action = backend.state.new_action(run, name, parent)
        if which == "task":
            describe_task(backend.state.store, action, request.task.spec, request.task.id)
            action.cache_key = request.task.cache_key.value
        elif which == "condition":
            describe_condition(action, request.condition)
        else:
            raise invalid(f"Action {name!r} is neither a task nor a trace nor a condition.")
    action.input_uri = request.input_uri
    action.details.metadata.group = request.group
    recovered = recover(backend.state, action)
    backend.state.attach(action)
    if not recovered:
        recover_traces(backend.state, action)
    backend.engine.start(action)


def _trace(
    backend: Backend, run: Run, parent: Action, request: actions_pb2.Action | queue_pb2.EnqueueActionRequest
) -> Action:
    """A trace has run when it is reported."""
    trace = request.trace
    created = to_us(trace.start_time) if trace.HasField("start_time") else None
    action = backend.state.new_action(run, request.action_id.name, parent, created=created)
    describe_trace(action, trace)
    status = action.details.status
    status.phase = trace.phase or status.phase
    if trace.phase in TERMINAL:
        end = to_us(trace.end_time) if trace.HasField("end_time") else action.created
        status.end_time.CopyFrom(timestamp(end))
        status.duration_ms = max(0, end - action.created) // 1000
    if trace.phase == FAILED:
        action.error = _trace_error(run, action)
        action.details.error_info.message = action.error.message
        action.details.error_info.code = action.error.code
        action.details.error_info.kind = run_definition_pb2.ErrorInfo.KIND_USER
    return action


def _trace_error(run: Run, action: Action) -> Error:
    path = Path(run.base) / action.name / "error.pb"
    try:
        error = execution_pb2.ErrorDocument.FromString(path.read_bytes()).error
    except OSError:
        return system_error("The trace failed and left no error.", code="TraceFailed")
    return Error(
        code=error.code, message=error.message, kind=error.origin, recoverability=error.kind, error_uri=str(path)
    )


async def child_updates(
    backend: Backend, parent_id: identifier_pb2.ActionIdentifier
) -> AsyncIterator[state_pb2.ActionUpdate | None]:
    """The children of an action, then None, then each change, for ever."""
    parent = backend.state.action(parent_id)
    run = parent.run

    def mine(name: object) -> bool:
        action = run.actions.get(str(name))
        return action is not None and action.parent is parent

    with run.topic.subscribe(mine) as subscription:
        for child in list(parent.children):
            yield action_update(child)
        yield None
        while True:
            for name in await subscription.take():
                yield action_update(run.actions[str(name)])


def action_update(action: Action) -> state_pb2.ActionUpdate:
    """An action as its parent's process is told of it."""
    update = state_pb2.ActionUpdate(
        action_id=action.id,
        phase=action.phase,  # pyright: ignore[reportArgumentType]
        # a trace names the file, a task the directory; where nothing is known yet the SDK warns about an empty one
        output_uri=action.output_uri,
    )
    if action.error is not None and action.kind != CONDITION:
        update.error.CopyFrom(action.error)
    if action.value is not None:
        update.value.CopyFrom(action.value)
    return update


__all__ = ["TRACE", "applications", "precondition"]
