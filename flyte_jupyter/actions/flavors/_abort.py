"""Abort a run, or the action that the event is about.

%flyte_on my-run log /loss=nan/ -> abort --reason "diverged"
"""

from __future__ import annotations

from typing import Any, Literal

from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._models import ActionConfig, AuthContext, TriggerExecutionResponse
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Action, AlreadyFinishedError, Run


class Abort(ActionConfig):
    """Abort the run of the event.

    Attributes:
        reason: Why; kept with the run.
        what: "run", or "action" for only the action of the event and what it started.

    Example:
        >>> Abort(reason="diverged")
        Abort(reason='diverged', what='run')
    """

    reason: str = "Aborted by an action of flyte-jupyter."
    what: Literal["run", "action"] = "run"


class AbortHandler(BaseActionHandler):
    """Aborts what is not over."""

    config_class = property(lambda self: Abort)  # type: ignore[assignment]
    flavor_class = property(lambda self: AbortFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Abort it, unless it is over."""
        auth_context.require("abort")
        event = trigger_execution.event
        client = placed(auth_context.client, event.project, event.domain)
        try:
            if config.what == "action":
                action = await Action.get.aio(run_name=event.run, name=event.action, client=client)
                await action.abort.aio(config.reason)
                trigger_execution.result = f"aborted {event.run}/{event.action}"
            else:
                await (await Run.get.aio(event.run, client=client)).abort.aio(config.reason)
                trigger_execution.result = f"aborted {event.run}"
        except AlreadyFinishedError:
            trigger_execution.result = f"{event.run} was over already"

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be aborted."""
        event = trigger_execution.event
        what = f"{event.run}/{event.action}" if config.what == "action" else event.run
        return f"abort {what}: {config.reason}"


class AbortFlavor(BaseActionFlavor):
    """Abort the run, or the action, that the event is about."""

    FLAVOR = "abort"
    ACTION_CONFIG_CLASS = Abort
    PLUGIN_CLASS = AbortHandler
    NEEDS = frozenset({"read", "abort"})
    REPEATABLE = True
    ARGUMENT = "reason"
