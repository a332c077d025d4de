"""Where notices go: whoever can show something adds itself here, the views among them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flyte_jupyter.actions._events import BaseEvent

logger = logging.getLogger("flyte_jupyter")


@dataclass(frozen=True)
class Notice:
    """Something to show. Text from outside: to be shown as text.

    Attributes:
        title: A few words.
        text: A sentence.
        event: The event that it is about.
        trigger: The number of the trigger that fired.
        execution: The number of the execution; the same notice is not shown twice.
        url: The run's page in the web console, or "".
    """

    title: str
    text: str
    event: BaseEvent
    trigger: int
    execution: int
    url: str = ""


Notifier = Callable[[Notice], None]

_notifiers: dict[object, Notifier] = {}


def add_notifier(notifier: Notifier) -> Callable[[], None]:
    """Show notices with this function from here on. It is called on the background loop's thread and must not wait.

    Returns:
        A function that ends it.

    Example:
        >>> remove = add_notifier(lambda notice: print(notice.title))
        >>> remove()
    """
    token = object()
    _notifiers[token] = notifier

    def remove() -> None:
        _notifiers.pop(token, None)

    return remove


def show_notice(notice: Notice) -> int:
    """Hand a notice to all who can show it; returns how many took it."""
    taken = 0
    for notifier in tuple(_notifiers.values()):
        try:
            notifier(notice)
            taken += 1
        except Exception:
            logger.exception("A notice could not be shown")
    return taken
