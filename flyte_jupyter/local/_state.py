"""Runs, actions and every change to them: in memory, on disk, and told to the streams."""

from __future__ import annotations

import re
import weakref
from collections import deque
from collections.abc import Iterator

from flyteidl2.common import identifier_pb2, identity_pb2
from flyteidl2.core import execution_pb2, literals_pb2
from flyteidl2.task import run_pb2
from flyteidl2.workflow import run_definition_pb2

from flyte_jupyter.local._model import (
    ABORTED,
    QUEUED,
    RUNNING,
    TERMINAL,
    Action,
    Run,
    RunKey,
    now_us,
    timestamp,
)
from flyte_jupyter.local._notify import Topic
from flyte_jupyter.local._status import invalid, not_found
from flyte_jupyter.local._store import Store

_RECENT_RUNS = 32
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
STOPPED = "the backend stopped while this was running"


class State:
    """What the backend knows. Every write to a run or an action goes through here."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.runs_topic = Topic()
        self._open: dict[RunKey, Run] = {}
        self._loaded: weakref.WeakValueDictionary[RunKey, Run] = weakref.WeakValueDictionary()
        self._recent: deque[Run] = deque(maxlen=_RECENT_RUNS)

    # --- finding ----------------------------------------------------------------------------------

    def find_run(self, run_id: identifier_pb2.RunIdentifier) -> Run | None:
        """The run with that identifier, loaded if need be.

        Raises:
            ConnectError: INVALID_ARGUMENT, the identifier is incomplete.
        """
        key = RunKey(run_id.project, run_id.domain, run_id.name)
        if not all(key):
            raise invalid("A run is named by project, domain and name; one of them is empty.")
        return self.find_key(key)

    def find_key(self, key: RunKey) -> Run | None:
        """The run with that key, loaded if need be."""
        run = self._open.get(key) or self._loaded.get(key)
        if run is None:
            run = self.store.load_run(key)
            if run is not None:
                self._keep(run)
        return run

    def run(self, run_id: identifier_pb2.RunIdentifier) -> Run:
        """Like `find_run`, but NOT_FOUND where there is none."""
        run = self.find_run(run_id)
        if run is None:
            raise not_found(f"Run {run_id.name!r} not found in project {run_id.project!r}, domain {run_id.domain!r}.")
        return run

    def action(self, action_id: identifier_pb2.ActionIdentifier) -> Action:
        """The action with that identifier; NOT_FOUND where there is none."""
        action = self.run(action_id.run).actions.get(action_id.name)
        if action is None:
            raise not_found(f"Action {action_id.name!r} not found in run {action_id.run.name!r}.")
        return action

    def open_runs(self) -> Iterator[Run]:
        """The runs with an action that is not over."""
        return iter(list(self._open.values()))

    def _keep(self, run: Run) -> None:
        self._loaded[run.key] = run
        if run.open_actions:
            self._open[run.key] = run
        else:
            self._open.pop(run.key, None)
            self._recent.append(run)

    # --- making -----------------------------------------------------------------------------------

    def new_run(self, run_id: identifier_pb2.RunIdentifier, spec: run_pb2.RunSpec, base: str) -> Run:
        """A run without actions; `admit_run` makes it known."""
        check_name(run_id.name, "run")
        return Run(run_id, spec, base, Topic())

    def admit_run(self, run: Run) -> None:
        """Make a run with its root action durable and visible."""
        self.store.add_run(run)
        self._keep(run)
        self.runs_topic.publish(run.key)

    def new_action(self, run: Run, name: str, parent: Action | None, *, created: int | None = None) -> Action:
        """An action that is not in the run yet; fill it, then `attach` it."""
        check_name(name, "action")
        return Action(run, name, parent, created or now_us())

    def attach(self, action: Action) -> None:
        """Put a filled action into its run."""
        run = action.run
        run.attach(action)
        if run.key in self._loaded:
            self._keep(run)
            self.changed(action)

    # --- changing ---------------------------------------------------------------------------------

    def changed(self, action: Action) -> None:
        """Save `action` and tell whoever watches it."""
        action.updated = now_us()
        self.store.save(action)
        action.run.topic.publish(action.name)
        if action.parent is None:
            self.runs_topic.publish(action.run.key)

    def begin_attempt(self, action: Action, number: int, output_uri: str) -> None:
        """Start attempt `number` in QUEUED."""
        now = timestamp(now_us())
        attempt = action.details.attempts.add(attempt=number, phase=QUEUED, start_time=now, cluster="local")
        attempt.phase_transitions.add(phase=QUEUED, start_time=now)
        attempt.outputs.output_uri = f"{output_uri}/outputs.pb"
        attempt.outputs.report_uri = f"{output_uri}/report.html"
        attempt.cache_status = action.details.status.cache_status
        action.output_uri = output_uri
        action.details.status.attempts = number
        if action.phase != QUEUED:
            self._enter(action, QUEUED)
        self.changed(action)

    def set_attempt_phase(self, action: Action, phase: int, error: run_definition_pb2.ErrorInfo | None = None) -> None:
        """Move the latest attempt to `phase`; an attempt that is over stays as it is."""
        attempt = action.attempt
        if attempt is None or attempt.phase in TERMINAL or attempt.phase == phase:
            return
        now = timestamp(now_us())
        if attempt.phase_transitions:
            attempt.phase_transitions[-1].end_time.CopyFrom(now)
        attempt.phase_transitions.add(phase=phase, start_time=now)  # pyright: ignore[reportArgumentType]
        attempt.phase = phase  # pyright: ignore[reportAttributeAccessIssue]
        if phase == RUNNING:
            attempt.logs_available = True
            attempt.log_context.CopyFrom(_log_context(action, attempt.attempt))
        if phase in TERMINAL:
            attempt.phase_transitions[-1].end_time.CopyFrom(now)
            attempt.end_time.CopyFrom(now)
            attempt.cache_status = action.details.status.cache_status
            if error is not None:
                attempt.error_info.CopyFrom(error)

    def set_phase(
        self,
        action: Action,
        phase: int,
        *,
        error: execution_pb2.ExecutionError | None = None,
        abort_reason: str | None = None,
    ) -> bool:
        """Move `action` and its latest attempt to `phase`.

        Returns:
            False if the action was over already: then nothing changed.
        """
        if action.terminal:
            return False
        info = None
        if error is not None:
            action.error = error
            info = error_info(error)
            action.details.error_info.CopyFrom(info)
        if phase == ABORTED:
            action.details.abort_info.reason = abort_reason or "User requested abort"
        self.set_attempt_phase(action, phase, info)
        self._enter(action, phase)
        self.changed(action)
        if phase in TERMINAL:
            self.store.flush()  # before anybody is told: an end that was seen stays the end
            if not action.run.open_actions:
                self._keep(action.run)
        return True

    def _enter(self, action: Action, phase: int) -> None:
        before, status = action.phase, action.details.status
        status.phase = phase  # pyright: ignore[reportAttributeAccessIssue]
        if phase in TERMINAL:
            now = now_us()
            status.end_time.CopyFrom(timestamp(now))
            status.duration_ms = max(0, now - action.created) // 1000
        action.run.recount(action, before)

    def signal(self, action: Action, value: literals_pb2.Literal, by: identity_pb2.EnrichedIdentity) -> None:
        """Put down the value that a condition was given; the phase is set apart."""
        action.value = value
        action.details.signal_info.output.CopyFrom(value)
        action.details.signal_info.signalled_by.CopyFrom(by)

    # --- after a restart --------------------------------------------------------------------------

    def recover(self) -> int:
        """Abort what the last backend left behind.

        Returns:
            The number of actions that were underway.
        """
        count = 0
        for key in self.store.unfinished():
            run = self.store.load_run(key)
            if run is None:
                continue
            for action in run.actions.values():
                count += self.set_phase(action, ABORTED, abort_reason=STOPPED)
        self.store.flush()
        self._open.clear()
        return count


def _log_context(action: Action, attempt: int) -> execution_pb2.LogContext:
    """Where the log comes from, said in the words of Kubernetes, as clients expect it."""
    name = f"{action.run.key.name}-{action.name}-{attempt}"
    process = execution_pb2.ContainerContext.ProcessContext(container_start_time=timestamp(now_us()))
    container = execution_pb2.ContainerContext(container_name="task", process=process)
    pod = execution_pb2.PodLogContext(
        namespace="local", pod_name=name, primary_container_name="task", containers=[container]
    )
    return execution_pb2.LogContext(primary_pod_name=name, pods=[pod])


def error_info(error: execution_pb2.ExecutionError) -> run_definition_pb2.ErrorInfo:
    """The error as ActionDetails carries it."""
    kinds = {
        execution_pb2.ExecutionError.USER: run_definition_pb2.ErrorInfo.KIND_USER,
        execution_pb2.ExecutionError.SYSTEM: run_definition_pb2.ErrorInfo.KIND_SYSTEM,
    }
    return run_definition_pb2.ErrorInfo(
        message=error.message,
        kind=kinds.get(error.kind, run_definition_pb2.ErrorInfo.KIND_UNSPECIFIED),
        code=error.code,
    )


def check_name(name: str, what: str) -> None:
    """Refuse a name that no file could have.

    Raises:
        ConnectError: INVALID_ARGUMENT.
    """
    if not _NAME.fullmatch(name):
        raise invalid(f"{name!r} cannot be the name of a{'n' if what[0] in 'aeiou' else ''} {what}.")
