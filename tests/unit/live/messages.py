"""WatchActions messages for tests, written briefly."""

from __future__ import annotations

from typing import Any

from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails, EnrichedAction
from flyteidl2.workflow.run_service_pb2 import WatchActionsResponse

from flyte_jupyter.live import RunState

QUEUED, WAITING, INITIALIZING, RUNNING, SUCCEEDED, FAILED, ABORTED, TIMED_OUT, PAUSED, RECOVERED = range(1, 11)
START = 1_790_000_000_000  # ms since 1970


class Clock:
    """A clock under the test's hand, in ms since 1970."""

    def __init__(self, ms: float = START) -> None:
        self.ms = ms

    def __call__(self) -> float:
        return self.ms


def run_state(now: Clock | None = None, **kwargs: str) -> RunState:
    return RunState("localhost:8090|p/development/r1", "p", "development", "", "r1", now=now or Clock(), **kwargs)


def action(
    name: str,
    phase: int = RUNNING,
    parent: str = "",
    *,
    task: str = "env.main",
    short: str = "",
    trace: str = "",
    condition: str = "",
    bare: bool = False,
    group: str = "",
    queued: float | None = START,
    ended: float | None = None,
    attempts: int = 1,
    cache: int = 0,
    duration: int = 0,
) -> Action:
    """One action as a backend sends it; `bare` leaves out what ListActions leaves out."""
    made = Action()
    made.id.name = name
    made.id.run.project, made.id.run.domain, made.id.run.name = "p", "development", "r1"
    made.metadata.parent, made.metadata.group = parent, group
    if trace:
        made.metadata.trace.name = trace
    elif condition:
        made.metadata.condition.name = condition
    elif not bare:
        made.metadata.task.id.name = task
        made.metadata.task.short_name = short
    made.status.phase = phase  # pyright: ignore[reportAttributeAccessIssue]
    made.status.attempts = attempts
    made.status.cache_status = cache  # pyright: ignore[reportAttributeAccessIssue]
    made.status.duration_ms = duration
    if queued is not None:
        made.status.start_time.FromNanoseconds(round(queued * 1e6))
    if ended is not None:
        made.status.end_time.FromNanoseconds(round(ended * 1e6))
    return made


def message(*actions: Action) -> WatchActionsResponse:
    return WatchActionsResponse(enriched_actions=[EnrichedAction(action=one, meets_filter=True) for one in actions])


def feed(state: RunState, *actions: Action) -> bool:
    """Upsert as one WatchActions message."""
    return state.upsert_all(message(*actions).enriched_actions)


def ran(one: Action, *since: tuple[Any, int]) -> ActionDetails:
    """The details of an action with one attempt: phases, and ms after START at which it came to each."""
    details = ActionDetails(id=one.id, metadata=one.metadata, status=one.status)
    attempt = details.attempts.add()
    for phase, at in since:
        attempt.phase_transitions.add(phase=phase).start_time.FromMilliseconds(START + at)
    return details
