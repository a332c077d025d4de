"""Whether a trigger fires because of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flyte_jupyter.actions._models import ActionResponse
    from flyte_jupyter.actions._trigger import Trigger


def decide(trigger: Trigger, action: ActionResponse, *, now: float, account: str, busy: bool, caused: bool) -> str:
    """Why a trigger does not fire, in words; "" where it does.

    Args:
        trigger: The trigger, armed and waiting for the event.
        action: Its action.
        now: The time in seconds since 1970.
        account: Who would act.
        busy: Whether an execution of it is to be done, or going on.
        caused: Whether the event's run was started, through however many others, by this very trigger.
    """
    policy = trigger.policy
    if action.endpoint != trigger.event_filter.endpoint or action.account != account:
        return "It was allowed for another account."
    if action.expires is not None and now >= action.expires:
        return "What it may do was allowed for a time that is over."
    if policy.max is not None and trigger.fired >= policy.max:
        return f"It has fired {policy.max} times."
    if caused and policy.max is None:
        return "This action started that run itself, and would go round in circles; give it --max N."
    if trigger.last_fired is not None and now < trigger.last_fired + policy.cooldown:
        return f"It fires once in {policy.cooldown:g} s."
    if busy and policy.busy == "skip":
        return "The one before is still going on."
    return ""
