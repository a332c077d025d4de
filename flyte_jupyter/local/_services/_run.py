"""RunService: runs and their actions, one by one, as lists and as streams."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.common import identifier_pb2
from flyteidl2.task import common_pb2
from flyteidl2.workflow import run_service_connect as connect
from flyteidl2.workflow import run_service_pb2 as pb2

from flyte_jupyter.local import _lists, _watch
from flyte_jupyter.local._backend import Backend, identity
from flyte_jupyter.local._describe import describe_task
from flyte_jupyter.local._literals import cache_key, check_signal, inputs_hash, payload_literal
from flyte_jupyter.local._model import RECOVERED, ROOT, SUCCEEDED, TRACE, now_us, timestamp
from flyte_jupyter.local._recovery import recover_traces, source_of
from flyte_jupyter.local._refuse import refusal
from flyte_jupyter.local._services._data import inputs_path, outputs_path, read, write
from flyte_jupyter.local._services._tasks import task_spec
from flyte_jupyter.local._status import exists, invalid, not_found, unimplemented
from flyte_jupyter.local._store import Store

Context = RequestContext[Any, Any]

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.RunServiceASGIApplication(RunService(backend))]


class RunService(connect.RunService):
    """What clients do with runs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._state = backend.state

    async def create_run(self, request: pb2.CreateRunRequest, ctx: Context) -> pb2.CreateRunResponse:
        """Start a run; when this answers, the run survives the backend.

        Raises:
            ConnectError: INVALID_ARGUMENT, NOT_FOUND (task, trigger, the run to recover), ALREADY_EXISTS (name),
                UNIMPLEMENTED (a task that needs a cluster).
        """
        run_id = self._run_id(request)
        spec = task_spec(self._backend, request)
        if spec is None:
            raise invalid("A run needs a task: task_id, task_spec or trigger_name.")
        sentence = refusal(spec)
        if sentence:
            raise unimplemented(sentence)
        if self._state.find_run(run_id) is not None:
            raise exists(f"A run with the name {run_id.name!r} already exists.")
        base = self._base(request, run_id)
        run = self._state.new_run(run_id, request.run_spec, base)
        source_of(self._state, run)
        if not run.spec.HasField("run_start_time"):
            started = request.run_start_time if request.HasField("run_start_time") else timestamp(now_us())
            run.spec.run_start_time.CopyFrom(started)
        root = self._state.new_action(run, ROOT, None)
        describe_task(self._store, root, spec, request.task_id if request.HasField("task_id") else None)
        digest = self._inputs(request, root, spec)
        root.cache_key = cache_key(spec, digest)
        root.details.metadata.source = request.source
        root.details.metadata.executed_by.CopyFrom(identity())
        if request.HasField("trigger_name"):
            root.details.metadata.trigger_name = request.trigger_name.name
            root.details.metadata.trigger_id.name.CopyFrom(request.trigger_name)
        if request.run_spec.HasField("relation"):
            root.details.metadata.relation.CopyFrom(request.run_spec.relation)
        self._state.attach(root)
        self._state.admit_run(run)
        recover_traces(self._state, root)
        self._backend.engine.start(root)
        return pb2.CreateRunResponse(run=run.summary())

    @property
    def _store(self) -> Store:
        return self._state.store

    @staticmethod
    def _run_id(request: pb2.CreateRunRequest) -> identifier_pb2.RunIdentifier:
        which = request.WhichOneof("id")
        if which == "run_id":
            return request.run_id
        if which != "project_id":
            raise invalid("A run needs a run_id, or a project_id to be given a name in.")
        name = "r" + "".join(secrets.choice(_LETTERS) for _ in range(19))
        project = request.project_id
        return identifier_pb2.RunIdentifier(
            org=project.organization, project=project.name, domain=project.domain, name=name
        )

    def _base(self, request: pb2.CreateRunRequest, run_id: identifier_pb2.RunIdentifier) -> str:
        base = request.run_spec.run_base_dir.rstrip("/")
        if base:
            return f"{base}/{run_id.project}/{run_id.domain}/{run_id.name}"
        return str(self._backend.paths.run_base(run_id.project, run_id.domain, run_id.name))

    def _inputs(self, request: pb2.CreateRunRequest, root: Any, spec: Any) -> str:
        if request.HasField("offloaded_input_data"):
            root.input_uri = request.offloaded_input_data.uri
            return request.offloaded_input_data.inputs_hash
        directory = self._backend.paths.data / "offloaded-inputs" / inputs_hash(request.inputs)
        write(directory / "inputs.pb", request.inputs.SerializeToString())
        root.input_uri = str(directory)
        return inputs_hash(request.inputs, spec.task_template.metadata.cache_ignore_input_vars)

    # --- ending and signalling --------------------------------------------------------------------

    async def abort_run(self, request: pb2.AbortRunRequest, ctx: Context) -> pb2.AbortRunResponse:
        """Abort a run with all its actions; one that is over stays as it is."""
        self._backend.engine.abort(self._state.run(request.run_id).root, request.reason or "User requested abort")
        self._store.flush()
        return pb2.AbortRunResponse()

    async def abort_action(self, request: pb2.AbortActionRequest, ctx: Context) -> pb2.AbortActionResponse:
        """Abort an action and everything below it."""
        self._backend.engine.abort(self._state.action(request.action_id), request.reason or "User requested abort")
        self._store.flush()
        return pb2.AbortActionResponse()

    async def signal_event(self, request: pb2.SignalEventRequest, ctx: Context) -> pb2.SignalEventResponse:
        """Give a paused condition its value."""
        action = self._state.action(request.action_id)
        value = payload_literal(request.payload)
        if check_signal(action, value):
            self._backend.engine.signal(action, value, identity())
            self._store.flush()
        return pb2.SignalEventResponse()

    # --- one run, one action ----------------------------------------------------------------------

    async def get_run_details(self, request: pb2.GetRunDetailsRequest, ctx: Context) -> pb2.GetRunDetailsResponse:
        """Run spec and root action."""
        return pb2.GetRunDetailsResponse(details=self._state.run(request.run_id).details())

    async def get_action_details(
        self, request: pb2.GetActionDetailsRequest, ctx: Context
    ) -> pb2.GetActionDetailsResponse:
        """One action with everything there is."""
        return pb2.GetActionDetailsResponse(details=self._state.action(request.action_id).full())

    async def get_action_data(self, request: pb2.GetActionDataRequest, ctx: Context) -> pb2.GetActionDataResponse:
        """What DataProxyService.GetActionData says, for clients of the days before there was that."""
        action = self._state.action(request.action_id)
        inputs, outputs = read(inputs_path(action)), read(outputs_path(action))
        return pb2.GetActionDataResponse(
            inputs=common_pb2.Inputs.FromString(inputs or b""), outputs=common_pb2.Outputs.FromString(outputs or b"")
        )

    async def get_action_data_u_r_is(
        self, request: pb2.GetActionDataURIsRequest, ctx: Context
    ) -> pb2.GetActionDataURIsResponse:
        """Where an action's data lie; outputs once it succeeded."""
        action = self._state.action(request.action_id)
        outputs = outputs_path(action)
        if action.phase in (SUCCEEDED, RECOVERED) and action.kind != TRACE and not outputs:
            raise not_found(f"Action {action.name!r} has no outputs.")
        return pb2.GetActionDataURIsResponse(inputs_uri=inputs_path(action), outputs_uri=outputs)

    async def get_action_log_context(
        self, request: pb2.GetActionLogContextRequest, ctx: Context
    ) -> pb2.GetActionLogContextResponse:
        """Where an attempt's log comes from."""
        action = self._state.action(request.action_id)
        for attempt in action.details.attempts:
            if attempt.attempt == request.attempt and attempt.HasField("log_context"):
                response = pb2.GetActionLogContextResponse(log_context=attempt.log_context, cluster=attempt.cluster)
                response.start_time.CopyFrom(attempt.start_time)
                if attempt.HasField("end_time"):
                    response.end_time.CopyFrom(attempt.end_time)
                return response
        raise not_found(f"Attempt {request.attempt} of action {action.name!r} has no log.")

    # --- lists ------------------------------------------------------------------------------------

    async def list_runs(self, request: pb2.ListRunsRequest, ctx: Context) -> pb2.ListRunsResponse:
        """Runs, by default those underway first and the newest first."""
        return _lists.list_runs(self._state, request)

    async def list_actions(self, request: pb2.ListActionsRequest, ctx: Context) -> pb2.ListActionsResponse:
        """Actions of a run."""
        return _lists.list_actions(self._state, request)

    # --- streams ----------------------------------------------------------------------------------

    def watch_actions(self, request: pb2.WatchActionsRequest, ctx: Context) -> AsyncIterator[pb2.WatchActionsResponse]:
        """The tree of a run: all of it, then every change with its ancestors; never ends."""
        return _watch.watch_actions(self._backend, request)

    def watch_action_details(
        self, request: pb2.WatchActionDetailsRequest, ctx: Context
    ) -> AsyncIterator[pb2.WatchActionDetailsResponse]:
        """One action: now, and after every change until it is over."""
        return _watch.watch_action_details(self._backend, request)

    def watch_run_details(
        self, request: pb2.WatchRunDetailsRequest, ctx: Context
    ) -> AsyncIterator[pb2.WatchRunDetailsResponse]:
        """One run: now, and after every change of its root until that is over."""
        return _watch.watch_run_details(self._backend, request)

    def watch_runs(self, request: pb2.WatchRunsRequest, ctx: Context) -> AsyncIterator[pb2.WatchRunsResponse]:
        """The newest runs, then every one that is new or changed; never ends."""
        return _watch.watch_runs(self._backend, request)

    def watch_cluster_events(
        self, request: pb2.WatchClusterEventsRequest, ctx: Context
    ) -> AsyncIterator[pb2.WatchClusterEventsResponse]:
        """What happened around an attempt, until it is over."""
        return _watch.watch_cluster_events(self._backend, request)

    def watch_groups(self, request: pb2.WatchGroupsRequest, ctx: Context) -> AsyncIterator[pb2.WatchGroupsResponse]:
        """Runs counted by task."""
        return _watch.watch_groups(self._backend, request)
