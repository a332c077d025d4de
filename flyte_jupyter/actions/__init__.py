"""When something happens to a run, do what was configured.

    %flyte_on my-run failed -> notify
    %flyte_on task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5

An action has a flavor and a configuration, and is executed by the flavor's handler when an event comes that a trigger
waits for. Actions are kept in a file of the user's, survive the kernel, and do only what they were allowed to.
"""

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
from flyte_jupyter.actions._registry import PluginRegistry, Problem, registry
from flyte_jupyter.actions._rows_executions import Execution
from flyte_jupyter.actions._store import Store
from flyte_jupyter.actions._trigger import Trigger

__all__ = [
    "ActionConfig",
    "ActionFlavorResponse",
    "ActionInUseError",
    "ActionRequest",
    "ActionResponse",
    "ActionUpdate",
    "ActionsError",
    "AppearedEvent",
    "AuthContext",
    "BaseActionFlavor",
    "BaseActionHandler",
    "BaseEvent",
    "BaseEventHub",
    "BasePlugin",
    "BasePluginConfig",
    "BasePluginFlavor",
    "EventFilter",
    "EventHub",
    "Execution",
    "InvalidConfigurationError",
    "LogEvent",
    "NotAllowedError",
    "PassingError",
    "PausedEvent",
    "PhaseEvent",
    "PluginRegistry",
    "PluginType",
    "Policy",
    "Problem",
    "ResourceType",
    "Store",
    "StoreError",
    "Trigger",
    "TriggerExecutionResponse",
    "UnknownActionError",
    "event_hub",
    "registry",
]
