"""Tells callbacks that something changed, once per turn of the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger("flyte_jupyter")


class Notifier:
    """Callbacks of those who want to know of changes. A callback that fails is logged and harms nobody else.

    Example:
        >>> notifier = Notifier()
        >>> remove = notifier.add(lambda: print("changed"))
        >>> remove()
    """

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._told = True  # nothing has changed that the callbacks do not know

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after changes; the returned function, which may be called twice, ends that."""
        token = object()
        self._callbacks[token] = callback

        def remove() -> None:
            self._callbacks.pop(token, None)

        return remove

    def changed(self) -> None:
        """Tell the callbacks in the next turn of the loop, however often this is called in the present one."""
        if self._told and self._callbacks:
            self._told = False
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told = True
        for token in tuple(self._callbacks):
            callback = self._callbacks.get(token)  # an earlier one may have removed it
            if callback is None:
                continue
            try:
                callback()
            except Exception:
                logger.exception("A callback on the changes of a run failed")
