"""What kinds of actions there are."""

from __future__ import annotations

import inspect
from abc import ABC
from typing import TYPE_CHECKING, Any, ClassVar

from flyte_jupyter.actions._models import ActionConfig, ActionFlavorResponse, Permission, PluginType

if TYPE_CHECKING:
    from flyte_jupyter.actions._handler import BaseActionHandler


class BasePluginFlavor(ABC):
    """The base of all flavors.

    Attributes:
        TYPE: What kind of plugin it is.
        SUBTYPE: Tells flavors of one name apart; "" where that is not needed.
        FLAVOR: The flavor's name.
        PLUGIN_CLASS: The class that does the work.
    """

    TYPE: ClassVar[PluginType]
    SUBTYPE: ClassVar[str] = ""
    FLAVOR: ClassVar[str]
    PLUGIN_CLASS: ClassVar[type[BaseActionHandler]]


class BaseActionFlavor(BasePluginFlavor):
    """A kind of action: its name, its configuration, the handler that executes it.

    Register it by the entry point group `flyte_jupyter.actions`, or with `registry().register(...)`.

    Attributes:
        TYPE: Always "action".
        ACTION_CONFIG_CLASS: The class of its configuration.
        NEEDS: What its actions must be allowed to do.
        REPEATABLE: Doing it twice for one event does no more than once, so one that was cut off may be repeated.
        TIMEOUT: Seconds for an attempt, where the trigger names none.
        ARGUMENT: The field of the configuration that `%flyte_on ... -> FLAVOR ARGUMENT` gives; "" for none.

    Example:
        >>> from flyte_jupyter.actions import ActionConfig, BaseActionFlavor, BaseActionHandler
        >>> class Ring(ActionConfig):
        ...     times: int = 1
        >>> class RingHandler(BaseActionHandler):
        ...     config_class = property(lambda self: Ring)
        ...     flavor_class = property(lambda self: RingFlavor)
        ...     def run(self, config, trigger_execution, auth_context):
        ...         trigger_execution.result = "ring " * config.times
        >>> class RingFlavor(BaseActionFlavor):
        ...     FLAVOR = "ring"
        ...     ACTION_CONFIG_CLASS = Ring
        ...     PLUGIN_CLASS = RingHandler
    """

    TYPE: ClassVar[PluginType] = PluginType.ACTION
    ACTION_CONFIG_CLASS: ClassVar[type[ActionConfig]]
    NEEDS: ClassVar[frozenset[Permission]] = frozenset({"read"})
    REPEATABLE: ClassVar[bool] = False
    TIMEOUT: ClassVar[float] = 60.0
    ARGUMENT: ClassVar[str] = ""

    @classmethod
    def words(cls, config: ActionConfig) -> str:
        """What an action of this configuration does, as `%flyte_on` takes it: "run_task eval.score"."""
        argument = config.shown().get(cls.ARGUMENT)
        return cls.FLAVOR if argument is None else f"{cls.FLAVOR} {argument}"

    @classmethod
    def get_action_config_schema(cls) -> dict[str, Any]:
        """The JSON schema of the configuration."""
        return cls.ACTION_CONFIG_CLASS.model_json_schema()

    @classmethod
    def get_flavor_response_model(cls, hydrate: bool) -> ActionFlavorResponse:
        """The flavor as data.

        Args:
            hydrate: With the schema of the configuration.
        """
        return ActionFlavorResponse(
            name=cls.FLAVOR,
            type=cls.TYPE,
            subtype=cls.SUBTYPE,
            description=(inspect.getdoc(cls) or "").partition("\n")[0],
            needs=cls.NEEDS,
            config_schema=cls.get_action_config_schema() if hydrate else None,
        )
