"""Faults of the real backend, on demand: clients have to survive them, and tests switch them on here."""

from __future__ import annotations

import random
from collections.abc import Iterable

from flyte_jupyter.local._errors import LocalBackendError

FAULTS = {
    "dropped-update": "WatchActions leaves out every second change",
    "duplicate-snapshot": "WatchActions sends its snapshot twice",
    "early-end": "WatchActions and WatchActionDetails end cleanly after their first message",
    "silent-stream": "streams send their snapshot and then nothing",
    "reset": "WatchActions is cut after its second message",
    "random-order": "WatchActions sends the actions of a message in random order",
    "parent-not-found": "WatchActions fails with UNKNOWN 'parent node not found' after its snapshot",
    "attempts-flicker": "a running parent shows attempts 0 in WatchActions",
}


class Faults:
    """The faults that are on."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._on: frozenset[str] = frozenset()
        self._dropped = False
        self.random = random.Random(0)  # noqa: S311
        self.set(names)

    def set(self, names: Iterable[str]) -> None:
        """Switch these on and all others off.

        Raises:
            LocalBackendError: there is no such fault.
        """
        wanted = frozenset(names)
        for name in sorted(wanted - FAULTS.keys()):
            raise LocalBackendError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
        self._on = wanted

    def on(self, name: str) -> bool:
        """Whether a fault is on."""
        return name in self._on

    @property
    def names(self) -> list[str]:
        """The faults that are on."""
        return sorted(self._on)

    def drop(self) -> bool:
        """Whether to drop this update: every second one while `dropped-update` is on."""
        if not self.on("dropped-update"):
            return False
        self._dropped = not self._dropped
        return self._dropped
