"""Where events come in and handlers are called."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.actions._errors import UnknownActionError
from flyte_jupyter.actions._index import TriggerIndex

if TYPE_CHECKING:
    from flyte_jupyter.actions._events import BaseEvent
    from flyte_jupyter.actions._models import ActionResponse, AuthContext, TriggerExecutionResponse
    from flyte_jupyter.actions._store import Store
    from flyte_jupyter.actions._trigger import Trigger

Callback = Callable[[dict[str, Any], "TriggerExecutionResponse", "AuthContext"], "Awaitable[None] | None"]
Sink = Callable[["Trigger", "BaseEvent"], None]


class BaseEventHub(ABC):
    """The base of event hubs: knows the handlers, and executes an action.

    Args:
        store: Where actions are kept; the user's own if not given, opened when first needed.

    Attributes:
        action_handlers: What executes the actions of a flavor, by flavor and subtype.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.action_handlers: dict[tuple[str, str], Callback] = {}
        self._store = store

    @property
    def store(self) -> Store:
        """Where actions are kept."""
        if self._store is None:
            from flyte_jupyter.actions._store import user_store

            self._store = user_store()
        return self._store

    def subscribe_action_handler(self, action_flavor: str, action_subtype: str, callback: Callback) -> None:
        """Execute the actions of this flavor with this callback."""
        self.action_handlers[action_flavor, action_subtype] = callback

    def unsubscribe_action_handler(self, action_flavor: str, action_subtype: str) -> None:
        """Do not, from here on."""
        self.action_handlers.pop((action_flavor, action_subtype), None)

    def trigger_action(
        self, action: ActionResponse, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> Awaitable[None] | None:
        """Execute an action.

        Raises:
            UnknownActionError: Nobody handles actions of this flavor.
            Exception: What the handler raised.
        """
        callback = self.action_handlers.get((action.flavor, action.plugin_subtype))
        if callback is None:
            raise UnknownActionError(
                f"Nothing here executes actions of the flavor {action.flavor}.", "Is its package installed?"
            )
        return callback(action.configuration, trigger_execution, auth_context)

    @abstractmethod
    def activate_trigger(self, trigger: Trigger) -> None:
        """Let this trigger see events from here on."""

    @abstractmethod
    def deactivate_trigger(self, trigger: Trigger) -> None:
        """Let this trigger see no more events."""

    @abstractmethod
    def publish_event(self, event: BaseEvent) -> None:
        """Tell an event to those who wait for it."""


class EventHub(BaseEventHub):
    """The hub of a process: finds the triggers that wait for an event, and hands them to the dispatcher.

    Args:
        store: See `BaseEventHub`.

    Example:
        >>> from flyte_jupyter.actions import EventHub
        >>> hub = EventHub()
        >>> hub.sink = lambda trigger, event: print(trigger.id, event.words)
    """

    def __init__(self, store: Store | None = None) -> None:
        super().__init__(store)
        self.sink: Sink | None = None
        self._index = TriggerIndex()

    @property
    def triggers(self) -> list[Trigger]:
        """The triggers that see events."""
        return self._index.triggers

    def activate_trigger(self, trigger: Trigger) -> None:
        """Let this trigger see events from here on; one of the same id is replaced."""
        self._index.add(trigger)

    def deactivate_trigger(self, trigger: Trigger) -> None:
        """Let this trigger see no more events."""
        self._index.remove(trigger.id)

    def publish_event(self, event: BaseEvent) -> None:
        """Hand an event to the dispatcher, with each trigger that waits for it."""
        if self.sink is not None:
            for trigger in self._index.match(event):
                self.sink(trigger, event)

    def publish_events(self, events: Iterable[BaseEvent]) -> None:
        """The same for several."""
        for event in events:
            self.publish_event(event)


_lock = threading.Lock()
_hub: EventHub | None = None


def event_hub() -> EventHub:
    """The hub of this process."""
    global _hub
    with _lock:
        if _hub is None:
            _hub = EventHub()
        return _hub
