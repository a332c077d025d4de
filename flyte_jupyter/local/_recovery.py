"""Recovering a run: a new run keeps what the actions of another one have achieved.

The actions of a run have the same names in the next one, as the SDK derives them from what is called with which inputs.
"""

from __future__ import annotations

from pathlib import Path

from flyteidl2.common import run_pb2 as common_run_pb2

from flyte_jupyter.local._model import CONDITION, RECOVERED, SUCCEEDED, TRACE, Action, Run, now_us, timestamp
from flyte_jupyter.local._state import State


def source_of(state: State, run: Run) -> Run | None:
    """The run that `run` recovers, or None.

    Raises:
        ConnectError: NOT_FOUND, there is no such run.
    """
    relation = run.spec.relation
    if not run.spec.HasField("relation") or relation.relation_type != common_run_pb2.RELATION_TYPE_RECOVER:
        return None
    return state.run(relation.related_to)


def recover(state: State, action: Action) -> bool:
    """Make a new action one that is over, if the action of its name in the recovered run has succeeded.

    Returns:
        False if it has to be executed.
    """
    before = _succeeded(state, action.run, action.name)
    if before is None or before.kind != action.kind:
        return False
    _take_over(action, before)
    return True


def recover_traces(state: State, parent: Action) -> None:
    """Give an action that is about to be executed the traces that succeeded below it in the recovered run.

    A task's process reports a trace only after having looked for it among the children that there are.
    """
    source = source_of(state, parent.run)
    before = source.actions.get(parent.name) if source is not None else None
    for child in before.children if before is not None else ():
        if child.kind != TRACE or child.name in parent.run.actions:
            continue
        if _succeeded(state, parent.run, child.name) is not None:
            trace = state.new_action(parent.run, child.name, parent)
            trace.input_uri = child.input_uri or f"{child.run.base}/{child.name}/inputs.pb"
            _take_over(trace, child)
            state.attach(trace)


def _succeeded(state: State, run: Run, name: str) -> Action | None:
    source = source_of(state, run)
    action = source.actions.get(name) if source is not None else None
    if action is None or action.phase not in (SUCCEEDED, RECOVERED) or name in run.spec.recover.force_rerun_actions:
        return None
    if action.kind != CONDITION and not Path(action.output_uri).exists():
        return None
    return action


def _take_over(action: Action, before: Action) -> None:
    """Let `action` have what `before` has come to."""
    now, details = timestamp(now_us()), action.details
    if before.kind == TRACE:
        details.metadata.CopyFrom(before.details.metadata)
        details.metadata.parent = action.parent.name if action.parent else ""
        details.trace.CopyFrom(before.details.trace)
    details.metadata.recovered_from.CopyFrom(before.id)
    if before.details.HasField("signal_info"):
        details.signal_info.CopyFrom(before.details.signal_info)
    action.output_uri, action.value = before.output_uri, before.value
    details.status.phase = RECOVERED  # pyright: ignore[reportAttributeAccessIssue]
    details.status.end_time.CopyFrom(now)
    if before.attempt is not None:
        attempt = details.attempts.add(attempt=1, phase=RECOVERED, start_time=now, end_time=now, cluster="local")  # pyright: ignore[reportArgumentType]
        attempt.outputs.CopyFrom(before.attempt.outputs)
        attempt.phase_transitions.add(phase=RECOVERED, start_time=now, end_time=now)  # pyright: ignore[reportArgumentType]
