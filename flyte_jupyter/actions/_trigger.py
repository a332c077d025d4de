"""A trigger: what it waits for, which action it executes, and how it stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pydantic import BaseModel

from flyte_jupyter.actions._filter import EventFilter, Policy

if TYPE_CHECKING:
    from flyte_jupyter.actions._events import BaseEvent
    from flyte_jupyter.actions._models import ActionResponse


class Trigger(BaseModel):
    """A stored trigger.

    Attributes:
        id: Its number, which `%flyte_on show ID` takes.
        action_id: The action that it executes.
        event_filter: What it waits for.
        policy: How often it fires and how hard it tries.
        is_active: Whether it is armed.
        note: Why it is not, or "".
        bound: The process that alone can execute it, because it calls a function of that process; "" for any.
        armed_by: The process in which it was armed.
        replay: Whether what had happened before it was armed counts.
        baselined: Whether it is known what had happened before.
        floor: What happened before this time (seconds since 1970, backend's clock) is history.
        cursor: How far its runs were read (the same clock).
        followed: Runs that it reran, and that it waits for likewise.
        fired: How often it has fired.
        skipped: How many events it let pass.
        last_fired: When it fired last, in seconds since 1970.
        created: When it was armed, in seconds since 1970.
    """

    id: int
    action_id: str
    event_filter: EventFilter
    policy: Policy = Policy()
    is_active: bool = True
    note: str = ""
    bound: str = ""
    armed_by: str = ""
    replay: bool = False
    baselined: bool = False
    floor: float | None = None
    cursor: float | None = None
    followed: tuple[str, ...] = ()
    fired: int = 0
    skipped: int = 0
    last_fired: float | None = None
    created: float = 0.0

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of the runs that it waits for; none where it waits for any."""
        return (self.event_filter.run, *self.followed) if self.event_filter.run else ()

    def matches(self, event: BaseEvent) -> bool:
        """Whether it waits for this event; a run that it reran stands for the run."""
        return self.event_filter.event_matches_filter(event, self.runs)


def standing(trigger: Trigger, action: ActionResponse, *, alive: bool, now: float | None = None) -> str:
    """How a trigger stands, in a word or two.

    Args:
        trigger: The trigger.
        action: Its action.
        alive: Whether the process that it is bound to lives.
        now: The time in seconds since 1970.
    """
    if not trigger.is_active:
        return trigger.note or "paused"
    if trigger.bound and not alive:
        return "unbound"
    if trigger.policy.max is not None and trigger.fired >= trigger.policy.max:
        return "used up"
    if action.expires is not None and (time.time() if now is None else now) >= action.expires:
        return "expired"
    return "armed"
