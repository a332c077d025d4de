"""Run a deployed task, or one of this kernel, with inputs from the event.

%flyte_on task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from flyte_jupyter.actions._callables import call, keep_function, kept_function
from flyte_jupyter.actions._errors import ActionsError
from flyte_jupyter.actions._expressions import check, evaluate
from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._launch import launch_once
from flyte_jupyter.actions._models import ActionConfig, AuthContext, ResourceType, TriggerExecutionResponse
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Client, Run, Task


class RunTask(ActionConfig):
    """Run a deployed task in the project and domain of the event; or a task of this kernel, through the SDK.

    Attributes:
        task: Full name of the task ("environment.function"), or the SDK's task itself.
        inputs: Its inputs: values; or "outputs.NAME", "inputs.NAME" of the event's action, or "event.run" and so on.
        version: The task's version; the latest if not given.
        kept: The key of a task that lives in one kernel only, "" for a deployed one.

    Example:
        >>> RunTask("eval.score", inputs={"model": "outputs.o0", "threshold": 0.5}).inputs
        {'model': 'outputs.o0', 'threshold': 0.5}
    """

    task: str = Field(min_length=1)
    inputs: dict[str, Any] = Field(default_factory=dict)
    version: str | None = None
    kept: SkipJsonSchema[str] = ""

    def __init__(self, task: Any = "", **settings: Any) -> None:
        if not isinstance(task, str) and isinstance(getattr(task, "name", None), str):
            settings["kept"] = f"task:{task.name}"
            keep_function(settings["kept"], task)
            task = task.name
        super().__init__(**{"task": task, **settings})

    @field_validator("inputs")
    @classmethod
    def _inputs(cls, inputs: dict[str, Any]) -> dict[str, Any]:
        return check(inputs)


class RunTaskHandler(BaseActionHandler):
    """Starts a run of a task, once per event."""

    config_class = property(lambda self: RunTask)  # type: ignore[assignment]
    flavor_class = property(lambda self: RunTaskFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Start it."""
        auth_context.require("launch")
        event = trigger_execution.event
        client = placed(auth_context.client, event.project, event.domain)

        async def start(name: str) -> Run:
            inputs = await evaluate(config.inputs, event, client)
            if config.kept:
                return await _start_kept(config, inputs, name, event)
            task = Task.get(config.task, version=config.version, auto_version="latest", client=client)
            return await task.launch.aio(inputs, name=name)

        run = await launch_once(client, trigger_execution, start)
        trigger_execution.launched = run.name
        trigger_execution.result = f"started {run.name} ({config.task})"

    async def look_up(self, config: Any, client: Client) -> None:
        """Make sure that the task is deployed."""
        if not config.kept:
            await Task.get(config.task, version=config.version, auto_version="latest", client=client).fetch.aio()

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be started."""
        inputs = ", ".join(f"{name}={value}" for name, value in config.inputs.items())
        return f"start {config.task}({inputs}) as {trigger_execution.run_name}"

    def extract_resources(self, action_config: Any, hydrate: bool = False) -> dict[ResourceType, Any]:
        """The task."""
        task = Task.get(action_config.task, version=action_config.version, auto_version="latest")
        return {ResourceType.TASK: task.fetch() if hydrate and not action_config.kept else action_config.task}


async def _start_kept(config: Any, inputs: dict[str, Any], name: str, event: Any) -> Run:
    """Start a run of a task of this kernel, on the thread where it was made."""
    task = kept_function(config.kept)
    if task is None:
        raise ActionsError(f"Task {config.task} lives in another kernel.", "Run its cell again here.")

    def start() -> Any:
        import flyte

        return flyte.with_runcontext(name=name, project=event.project, domain=event.domain).run(task, **inputs)

    return Run.from_sdk(await call(start, None, None))


class RunTaskFlavor(BaseActionFlavor):
    """Run a deployed task, or one of this kernel, with inputs from the event."""

    FLAVOR = "run_task"
    ACTION_CONFIG_CLASS = RunTask
    PLUGIN_CLASS = RunTaskHandler
    NEEDS = frozenset({"read", "launch"})
    REPEATABLE = True
    TIMEOUT = 600.0
    ARGUMENT = "task"
