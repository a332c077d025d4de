"""The kernel as actions see it: runs cells and functions on its main thread, and writes below the cell that armed."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.magics._cell import execute

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flyte_jupyter.actions import Callback, Notice
    from flyte_jupyter.magics._on_live import Front

logger = logging.getLogger("flyte_jupyter")


class Kernel:
    """What actions need of the kernel. Costs nothing until actions are used.

    Args:
        ip: The shell.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self._ip: Any = ip
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known = 0  # how many armed actions have got their cell
        self._parents: dict[int, Any] = {}  # by armed action: the request of the cell that armed it
        self._remove_notifier: Callable[[], None] | None = None
        self._front: Front | None = None
        ip.events.register("post_run_cell", self._after_cell)

    def resume(self) -> None:
        """Go on with what is armed since another life of this kernel, if there is anything."""
        threading.Thread(target=_resume, name="flyte_jupyter resumes actions", daemon=True).start()

    def close(self) -> None:
        """Let the kernel go."""
        self._ip.events.unregister("post_run_cell", self._after_cell)
        if self._remove_notifier is not None:
            from flyte_jupyter.actions import run_with

            self._remove_notifier()
            self._remove_notifier = None
            run_with(None)
        if self._front is not None:
            self._front.close()
            self._front = None

    def cell(self, source: str) -> Callback:
        """The action that runs a cell."""
        from flyte_jupyter.actions import Callback

        digest = hashlib.sha256(source.strip().encode()).hexdigest()[:16]
        first = next((line.strip() for line in source.splitlines() if line.strip()), "")
        return Callback(kept=f"cell:{digest}", name=f"cell {first[:40]!r}")

    def runs(self, source: str) -> Callable[[Any, Any], Awaitable[None]]:
        """The function that runs a cell, with `event` and `run` in the user's namespace."""
        parent = self._parent()

        async def run_cell(event: Any, run: Any) -> None:
            before = self._parent()
            self._ip.user_ns.update(event=event, run=run)
            self._set_parent(parent)
            try:
                await execute(self._ip, source)
            finally:
                self._set_parent(before)

        return run_cell

    def _after_cell(self, *_: Any) -> None:
        """Once actions are used: functions are called on this thread, and notices written below what armed them."""
        if "flyte_jupyter.actions._arm" not in sys.modules:
            return
        from flyte_jupyter.actions import add_notifier, armed_here, run_with

        if self._loop is None:
            try:
                self._loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # a terminal has no loop that is idle between cells
            run_with(self._call)
            self._remove_notifier = add_notifier(self._show)
            from flyte_jupyter import view
            from flyte_jupyter.magics._on_live import Front

            view.listen()
            self._front = Front()
        for armed_id in armed_here[self._known :]:
            self._parents[armed_id] = self._parent()
        self._known = len(armed_here)

    async def _call(self, function: Callable[[], Any]) -> Any:
        """Call a function when the main thread is idle, and await what it returns there. Used on our own loop."""
        assert self._loop is not None

        async def there() -> Any:
            value = function()
            return await value if inspect.isawaitable(value) else value

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(), self._loop))

    def _show(self, notice: Notice) -> None:
        if notice.trigger in self._parents and self._loop is not None:
            self._loop.call_soon_threadsafe(self._write, self._parents[notice.trigger], notice.text)

    def _write(self, parent: Any, text: str) -> None:
        before = self._parent()
        self._set_parent(parent)
        try:
            print(text, flush=True)
        finally:
            self._set_parent(before)

    def _parent(self) -> Any:
        get = getattr(self._ip, "get_parent", None)
        return get() if get is not None else None

    def _set_parent(self, parent: Any) -> None:
        if parent is not None and hasattr(self._ip, "set_parent"):
            self._ip.set_parent(parent)


def _resume() -> None:
    from flyte_jupyter.actions._db import has_armed

    try:
        if has_armed():
            from flyte_jupyter.actions import service

            service()
    except Exception:
        logger.debug("armed actions were not resumed", exc_info=True)
