"""Which flavors there are: ours, and those of installed packages (entry point group `flyte_jupyter.actions`)."""

from __future__ import annotations

import inspect
import threading
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from flyte_jupyter.actions._errors import InvalidConfigurationError, UnknownActionError
from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._hub import BaseEventHub, event_hub
from flyte_jupyter.actions._models import ActionConfig, ActionFlavorResponse

GROUP = "flyte_jupyter.actions"


class Problem(NamedTuple):
    """A plugin that could not be used: where it comes from, and why."""

    source: str
    reason: str


class PluginRegistry:
    """Flavors by name, with the handlers that execute them.

    Args:
        hub: The hub that handlers take events from; the one of this process if not given.

    Attributes:
        problems: Plugins that are broken, or whose name is taken.

    Example:
        >>> from flyte_jupyter.actions import registry
        >>> [flavor.name for flavor in registry().flavors()]  # doctest: +SKIP
        ['abort', 'callback', 'notify', 'rerun', 'run_task', 'signal']
    """

    def __init__(self, hub: BaseEventHub | None = None) -> None:
        self.problems: list[Problem] = []
        self._hub = hub
        self._flavors: dict[tuple[str, str], type[BaseActionFlavor]] = {}
        self._sources: dict[tuple[str, str], str] = {}
        self._handlers: dict[tuple[str, str], BaseActionHandler] = {}

    def register(self, flavor: type[BaseActionFlavor], source: str = "") -> None:
        """Add a flavor, and make its handler.

        Args:
            flavor: The flavor.
            source: Where it comes from, for messages; its module if not given.

        Raises:
            InvalidConfigurationError: It is no flavor, is incomplete, its name is taken, or its handler cannot be
                made.
        """
        source = source or getattr(flavor, "__module__", "?")
        _check(flavor, source)
        key = (flavor.FLAVOR, flavor.SUBTYPE)
        if key in self._flavors:
            raise InvalidConfigurationError(
                f"The flavor {flavor.FLAVOR} of {source} is left out: {self._sources[key]} has it already."
            )
        try:
            handler = flavor.PLUGIN_CLASS(self._hub or event_hub())
        except Exception as error:
            raise InvalidConfigurationError(
                f"The handler of the flavor {flavor.FLAVOR} of {source} cannot be made: {error}."
            ) from error
        self._flavors[key], self._sources[key], self._handlers[key] = flavor, source, handler

    def load(self) -> None:
        """Add the flavors that installed packages bring; what is wrong with them goes to `problems`."""
        for entry in entry_points(group=GROUP):
            self._load(entry)

    def flavors(self, hydrate: bool = False) -> list[ActionFlavorResponse]:
        """All flavors as data, by name."""
        return [self._flavors[key].get_flavor_response_model(hydrate) for key in sorted(self._flavors)]

    def flavor(self, name: str, subtype: str = "") -> type[BaseActionFlavor]:
        """The flavor of a name.

        Raises:
            UnknownActionError: There is none; says which there are.
        """
        found = self._flavors.get((name, subtype))
        if found is None:
            known = ", ".join(sorted(flavor for flavor, _ in self._flavors))
            raise UnknownActionError(f"There is no action {name}.", f"There are {known}.")
        return found

    def handler(self, name: str, subtype: str = "") -> BaseActionHandler:
        """What executes the actions of a flavor.

        Raises:
            UnknownActionError: There is no such flavor.
        """
        return self._handlers[self.flavor(name, subtype).FLAVOR, subtype]

    def flavor_for(self, config: ActionConfig) -> type[BaseActionFlavor]:
        """The flavor whose configuration this is.

        Raises:
            UnknownActionError: There is none.
        """
        for flavor in self._flavors.values():
            if type(config) is flavor.ACTION_CONFIG_CLASS:
                return flavor
        raise UnknownActionError(f"A {type(config).__name__} is the configuration of no action that is known here.")

    def _load(self, entry: EntryPoint) -> None:
        distribution = entry.dist.name if entry.dist is not None else "?"
        source = f"{distribution} ({entry.value})"
        try:
            self.register(entry.load(), source)
        except InvalidConfigurationError as error:
            self.problems.append(Problem(source, error.message))
        except Exception as error:
            self.problems.append(Problem(source, f"It cannot be imported: {type(error).__name__}: {error}"))


def _check(flavor: object, source: str) -> None:
    if not inspect.isclass(flavor) or not issubclass(flavor, BaseActionFlavor):
        raise InvalidConfigurationError(f"What {source} registers is no subclass of BaseActionFlavor.")
    name = getattr(flavor, "FLAVOR", "")
    config, plugin = getattr(flavor, "ACTION_CONFIG_CLASS", None), getattr(flavor, "PLUGIN_CLASS", None)
    complete = (
        isinstance(name, str)
        and name.isidentifier()
        and inspect.isclass(config)
        and issubclass(config, ActionConfig)
        and inspect.isclass(plugin)
        and issubclass(plugin, BaseActionHandler)
    )
    if not complete:
        raise InvalidConfigurationError(
            f"The flavor {flavor.__name__} of {source} is incomplete.",
            "It needs FLAVOR (a name), ACTION_CONFIG_CLASS (an ActionConfig) and PLUGIN_CLASS (a BaseActionHandler).",
        )


_lock = threading.Lock()
_registry: PluginRegistry | None = None


def registry() -> PluginRegistry:
    """The registry of this process, with our flavors and those of installed packages."""
    global _registry
    with _lock:
        if _registry is None:
            from flyte_jupyter.actions.flavors import FLAVORS

            made = PluginRegistry()
            for flavor in FLAVORS:
                made.register(flavor, "flyte-jupyter")
            made.load()
            _registry = made
        return _registry
