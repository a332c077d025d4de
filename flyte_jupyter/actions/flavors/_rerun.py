"""Run again what the event is about.

%flyte_on my-run failed -> rerun --recover --max 2
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._launch import launch_once
from flyte_jupyter.actions._models import ActionConfig, AuthContext, TriggerExecutionResponse
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Run, rerun


class Rerun(ActionConfig):
    """Run the event's run again. An action that waits for one run waits for its reruns, too: `max` counts them all.

    Attributes:
        recover: Keep what has succeeded.
        inputs: Inputs to change.

    Example:
        >>> Rerun(recover=True)
        Rerun(recover=True, inputs={})
    """

    recover: bool = False
    inputs: dict[str, Any] = Field(default_factory=dict)


class RerunHandler(BaseActionHandler):
    """Starts a rerun, once per event."""

    config_class = property(lambda self: Rerun)  # type: ignore[assignment]
    flavor_class = property(lambda self: RerunFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Start it."""
        auth_context.require("launch")
        event = trigger_execution.event
        client = placed(auth_context.client, event.project, event.domain)

        async def start(name: str) -> Run:
            return await rerun.aio(event.run, recover=config.recover, inputs=config.inputs, name=name, client=client)

        again = await launch_once(client, trigger_execution, start)
        trigger_execution.launched = again.name
        trigger_execution.follow = True
        trigger_execution.result = f"started {again.name} ({'recovers' if config.recover else 'reruns'} {event.run})"

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be started."""
        event = trigger_execution.event
        return f"{'recover' if config.recover else 'rerun'} {event.run} as {trigger_execution.run_name}"


class RerunFlavor(BaseActionFlavor):
    """Run the event's run again, or recover it."""

    FLAVOR = "rerun"
    ACTION_CONFIG_CLASS = Rerun
    PLUGIN_CLASS = RerunHandler
    NEEDS = frozenset({"read", "launch"})
    REPEATABLE = True
