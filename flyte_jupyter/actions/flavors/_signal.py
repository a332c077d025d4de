"""Answer a condition that waits.

%flyte_on my-run condition approve paused -> signal true
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from flyte_jupyter.actions._errors import ActionsError
from flyte_jupyter.actions._events import PausedEvent
from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._models import ActionConfig, AuthContext, ResourceType, TriggerExecutionResponse
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Condition

_BOOLS = {"true": True, "yes": True, "false": False, "no": False}


class Signal(ActionConfig):
    """Answer the condition of the event, or another one of its run.

    Attributes:
        value: The answer: a bool, an int, a float or a str. Text is read as what the condition wants.
        condition: The condition's name; that of the event if not given.

    Example:
        >>> Signal(value=True)
        Signal(value=True, condition='')
    """

    value: bool | int | float | str
    condition: str = ""


class SignalHandler(BaseActionHandler):
    """Answers conditions. The same answer twice is one answer."""

    config_class = property(lambda self: Signal)  # type: ignore[assignment]
    flavor_class = property(lambda self: SignalFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Answer it."""
        auth_context.require("signal")
        event = trigger_execution.event
        client = placed(auth_context.client, event.project, event.domain)
        condition = await _find(config, event, client)
        await condition.sync.aio()
        await condition.signal.aio(_as(condition.expected_type, config.value))
        trigger_execution.result = f"answered {condition.name} of {event.run} with {config.value!r}"

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be answered."""
        event = trigger_execution.event
        name = config.condition or (isinstance(event, PausedEvent) and event.condition) or "the condition that waits"
        return f"answer {name} of {event.run} with {config.value!r}"

    def extract_resources(self, action_config: Any, hydrate: bool = False) -> dict[ResourceType, Any]:
        """The condition, where it is named."""
        return {ResourceType.CONDITION: action_config.condition} if action_config.condition else {}


class SignalFlavor(BaseActionFlavor):
    """Answer a condition that waits for its value."""

    FLAVOR = "signal"
    ACTION_CONFIG_CLASS = Signal
    PLUGIN_CLASS = SignalHandler
    NEEDS = frozenset({"read", "signal"})
    REPEATABLE = True
    ARGUMENT = "value"


async def _find(config: Any, event: Any, client: Any) -> Condition:
    """The condition that is meant.

    Raises:
        ActionsError: The run has none that waits.
    """
    listed: Any = Condition.listall.aio(event.run, client=client)
    async with aclosing(listed):
        async for condition in listed:
            if config.condition:
                meant = condition.name == config.condition
            elif isinstance(event, PausedEvent):
                meant = condition.action_name == event.action
            else:
                meant = condition.phase == "paused"
            if meant:
                return condition
    what = f"no condition {config.condition}" if config.condition else "no condition that waits"
    raise ActionsError(f"Run {event.run} has {what}.")


def _as(wanted: type | None, value: Any) -> Any:
    if wanted is None or not isinstance(value, str) or wanted is str:
        return str(value) if wanted is str else value
    try:
        return _BOOLS[value.lower()] if wanted is bool else wanted(value)
    except (KeyError, ValueError):
        raise ActionsError(f"The condition wants a {wanted.__name__}, and {value!r} is none.") from None
