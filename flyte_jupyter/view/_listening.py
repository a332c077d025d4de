"""Whether the kernel reads the page's messages now: not while a cell blocks the main thread, unless the pump runs."""

from __future__ import annotations

import time
from collections.abc import Callable

_PUMPED_SECONDS = 0.3

_busy = False
_pumped = -_PUMPED_SECONDS


def cell_begins(*_: object) -> None:
    """Note that a cell begins; an IPython event handler."""
    global _busy
    _busy = True


def cell_ends(*_: object) -> None:
    """Note that a cell has ended; an IPython event handler."""
    global _busy
    _busy = False


def noting(pump: Callable[[], None]) -> Callable[[], None]:
    """Return `pump` so that each call of it counts as listening."""

    def noted() -> None:
        global _pumped
        _pumped = time.monotonic()
        pump()

    return noted


def listening() -> bool:
    """Return whether messages of the page are being read."""
    return not _busy or time.monotonic() - _pumped < _PUMPED_SECONDS
