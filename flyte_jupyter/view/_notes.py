"""What the page is told beside what views show: notices for the person, and the actions armed on runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from flyte_jupyter.view._hub import Channel


class ArmedAction(NamedTuple):
    """An action that is armed on a run, in words for a person.

    Attributes:
        id: its number.
        on: what it waits for.
        action: what it does.
        standing: "armed", "paused", ...
        fired: how often it fired.
        last: what it did last, "" for nothing yet.
        state: the state of that execution.
        error: what went wrong, or "".
    """

    id: int
    on: str
    action: str
    standing: str
    fired: int
    last: str = ""
    state: str = ""
    error: str = ""


class Notes:
    """The notes of one kernel; used on the background loop's thread only.

    Args:
        showing: gives the channels with mounts of the run with a key.
        anyone: gives a channel to a page that is there, or None.
    """

    def __init__(self, showing: Callable[[str], Iterable[Channel]], anyone: Callable[[], Channel | None]) -> None:
        self._showing = showing
        self._anyone = anyone
        self._armed: dict[str, list[ArmedAction]] = {}
        self._ids = itertools.count(1)

    def toast(self, title: str, text: str, url: str = "") -> bool:
        """Show a notice in the page; return whether there is one to show it."""
        channel = self._anyone()
        if channel is None:
            return False
        message: dict[str, Any] = {"type": "toast", "id": str(next(self._ids)), "title": title, "text": text}
        channel.post({**message, "url": url})
        return True

    def set_armed(self, armed: Mapping[str, Sequence[ArmedAction]]) -> None:
        """Take in what is armed on runs, by run key, and tell the views of those for which that changed."""
        before, self._armed = self._armed, {key: list(actions) for key, actions in armed.items() if actions}
        for key in before.keys() | self._armed.keys():
            if before.get(key) != self._armed.get(key):
                for channel in self._showing(key):
                    self._tell(channel, key)

    def mounted(self, channel: Channel, key: str) -> None:
        """Tell a page that began to show a run what is armed on it."""
        if key in self._armed:
            self._tell(channel, key)

    def _tell(self, channel: Channel, key: str) -> None:
        armed = [action._asdict() for action in self._armed.get(key, ())]
        channel.post({"type": "armed", "run": key, "armed": armed})
