"""Call a function: one of this kernel, a cell, or "module:function".

%%flyte_on my-run succeeded
print(event.words, run.outputs())
"""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import model_validator
from pydantic.json_schema import SkipJsonSchema

from flyte_jupyter.actions._callables import call, find_function, kept_function
from flyte_jupyter.actions._errors import ActionsError
from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._models import ActionConfig, AuthContext, TriggerExecutionResponse
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Client, Run


class Callback(ActionConfig):
    """Call a function with the event, and the run.

    Attributes:
        function: "module:function", where it can be imported.
        kept: The key of a function or cell that lives in one kernel only.
        name: What to call it in lists.

    Example:
        >>> Callback(function="shutil:disk_usage").name
        'shutil:disk_usage'
    """

    function: str = ""
    kept: SkipJsonSchema[str] = ""
    name: SkipJsonSchema[str] = ""

    @model_validator(mode="after")
    def _one(self) -> Callback:
        if bool(self.function) == bool(self.kept):
            raise ValueError("give a function, as module:function")
        if self.function and not all(self.function.partition(":")):
            raise ValueError(f"{self.function} does not look like module:function")
        self.name = self.name or self.function or "a function of a kernel"
        return self


class CallbackHandler(BaseActionHandler):
    """Calls functions, on the kernel's main thread where there is a kernel."""

    config_class = property(lambda self: Callback)  # type: ignore[assignment]
    flavor_class = property(lambda self: CallbackFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Call it."""
        event = trigger_execution.event
        function = kept_function(config.kept) if config.kept else find_function(config.function)
        if function is None:
            raise ActionsError(f"{config.name} lives in another kernel.", "Run its cell again here.")
        client = placed(auth_context.client, event.project, event.domain)
        value = await call(function, event, await Run.get.aio(event.run, client=client))
        trigger_execution.result = f"called {config.name}" + ("" if value is None else f": {str(value)[:200]}")

    async def look_up(self, config: Any, client: Client) -> None:
        """Make sure that the function is there, where it is one that can be imported."""
        if config.function:
            await asyncio.to_thread(find_function, config.function)

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be called."""
        return f"call {config.name} with {trigger_execution.event.words!r}"


class CallbackFlavor(BaseActionFlavor):
    """Call a function or a cell of this kernel, or module:function."""

    FLAVOR = "callback"
    ACTION_CONFIG_CLASS = Callback
    PLUGIN_CLASS = CallbackHandler
    TIMEOUT = 24 * 3600.0
    ARGUMENT = "function"

    @classmethod
    def words(cls, config: Any) -> str:
        """What is called, be it a cell."""
        return f"{cls.FLAVOR} {config.name}"
