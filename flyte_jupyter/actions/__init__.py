"""When something happens to a run, do what was configured.

    %flyte_on my-run failed -> notify
    %flyte_on task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5

An action has a flavor and a configuration, and is executed by the flavor's handler when an event comes that a trigger
waits for. Actions are kept in a file of the user's, survive the kernel, and do only what they were allowed to.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyte_jupyter.actions._arm import armed_here
    from flyte_jupyter.actions._armed import Armed, ArmedRow, HistoryRow, armed_rows, history_rows
    from flyte_jupyter.actions._callables import keep_function, run_with
    from flyte_jupyter.actions._errors import (
        ActionInUseError,
        ActionsError,
        InvalidConfigurationError,
        NotAllowedError,
        PassingError,
        StoreError,
        UnknownActionError,
    )
    from flyte_jupyter.actions._events import AppearedEvent, BaseEvent, LogEvent, PausedEvent, PhaseEvent
    from flyte_jupyter.actions._filter import EventFilter, Policy
    from flyte_jupyter.actions._flavor import BaseActionFlavor, BasePluginFlavor
    from flyte_jupyter.actions._handler import BaseActionHandler, BasePlugin
    from flyte_jupyter.actions._hub import BaseEventHub, EventHub, event_hub
    from flyte_jupyter.actions._line import LINE_OPTIONS, Line, read_line
    from flyte_jupyter.actions._models import (
        ActionConfig,
        ActionFlavorResponse,
        ActionRequest,
        ActionResponse,
        ActionUpdate,
        AuthContext,
        BasePluginConfig,
        PluginType,
        ResourceType,
        TriggerExecutionResponse,
    )
    from flyte_jupyter.actions._notices import Notice, add_notifier
    from flyte_jupyter.actions._on import On, When, on
    from flyte_jupyter.actions._registry import PluginRegistry, Problem, registry
    from flyte_jupyter.actions._rows_executions import Execution
    from flyte_jupyter.actions._service import Service, service
    from flyte_jupyter.actions._store import Store
    from flyte_jupyter.actions._trigger import Trigger
    from flyte_jupyter.actions.flavors import Abort, Callback, Notify, Rerun, RunTask, Signal


__all__ = [
    "LINE_OPTIONS",
    "Abort",
    "ActionConfig",
    "ActionFlavorResponse",
    "ActionInUseError",
    "ActionRequest",
    "ActionResponse",
    "ActionUpdate",
    "ActionsError",
    "AppearedEvent",
    "Armed",
    "ArmedRow",
    "AuthContext",
    "BaseActionFlavor",
    "BaseActionHandler",
    "BaseEvent",
    "BaseEventHub",
    "BasePlugin",
    "BasePluginConfig",
    "BasePluginFlavor",
    "Callback",
    "EventFilter",
    "EventHub",
    "Execution",
    "HistoryRow",
    "InvalidConfigurationError",
    "Line",
    "LogEvent",
    "NotAllowedError",
    "Notice",
    "Notify",
    "On",
    "PassingError",
    "PausedEvent",
    "PhaseEvent",
    "PluginRegistry",
    "PluginType",
    "Policy",
    "Problem",
    "Rerun",
    "ResourceType",
    "RunTask",
    "Service",
    "Signal",
    "Store",
    "StoreError",
    "Trigger",
    "TriggerExecutionResponse",
    "UnknownActionError",
    "When",
    "add_notifier",
    "armed_here",
    "armed_rows",
    "event_hub",
    "history_rows",
    "keep_function",
    "on",
    "read_line",
    "registry",
    "run_with",
    "service",
]

_HOMES = {
    "Abort": "flavors",
    "ActionConfig": "_models",
    "ActionFlavorResponse": "_models",
    "ActionInUseError": "_errors",
    "ActionRequest": "_models",
    "ActionResponse": "_models",
    "ActionUpdate": "_models",
    "ActionsError": "_errors",
    "AppearedEvent": "_events",
    "Armed": "_armed",
    "ArmedRow": "_armed",
    "AuthContext": "_models",
    "BaseActionFlavor": "_flavor",
    "BaseActionHandler": "_handler",
    "BaseEvent": "_events",
    "BaseEventHub": "_hub",
    "BasePlugin": "_handler",
    "BasePluginConfig": "_models",
    "BasePluginFlavor": "_flavor",
    "Callback": "flavors",
    "EventFilter": "_filter",
    "EventHub": "_hub",
    "Execution": "_rows_executions",
    "HistoryRow": "_armed",
    "InvalidConfigurationError": "_errors",
    "LINE_OPTIONS": "_line",
    "Line": "_line",
    "LogEvent": "_events",
    "NotAllowedError": "_errors",
    "Notice": "_notices",
    "Notify": "flavors",
    "On": "_on",
    "PassingError": "_errors",
    "PausedEvent": "_events",
    "PhaseEvent": "_events",
    "PluginRegistry": "_registry",
    "PluginType": "_models",
    "Policy": "_filter",
    "Problem": "_registry",
    "Rerun": "flavors",
    "ResourceType": "_models",
    "RunTask": "flavors",
    "Service": "_service",
    "Signal": "flavors",
    "Store": "_store",
    "StoreError": "_errors",
    "Trigger": "_trigger",
    "TriggerExecutionResponse": "_models",
    "UnknownActionError": "_errors",
    "When": "_on",
    "add_notifier": "_notices",
    "armed_here": "_arm",
    "armed_rows": "_armed",
    "event_hub": "_hub",
    "history_rows": "_armed",
    "keep_function": "_callables",
    "on": "_on",
    "read_line": "_line",
    "registry": "_registry",
    "run_with": "_callables",
    "service": "_service",
}


def __getattr__(name: str) -> Any:
    """Import what is first asked for: a kernel that uses no actions need not load pydantic."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
