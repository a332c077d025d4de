"""`%%flyte_wait`: run a cell, show the runs that it makes, wait for them while the buttons in the views work."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from flyte_jupyter import remote, view
from flyte_jupyter.magics._cell import drive, execute, is_async
from flyte_jupyter.magics._record import recording
from flyte_jupyter.remote._brief import brief_errors

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Waiter = Callable[[Coroutine[Any, Any, None]], Awaitable[None]]

MAGIC = "%%flyte_wait"
_PUMP_SECONDS = 0.05


def run_and_wait(ip: InteractiveShell, args: Namespace, cell: str) -> None:
    """Run a cell without top-level await and block until its runs are where `args.until` wants them."""
    drive(_run_and_wait(ip, args, cell, _block))


async def run_and_wait_async(args: Namespace, cell: str) -> None:
    """The same for a cell that awaits: the kernel's loop goes on meanwhile."""
    from IPython.core.getipython import get_ipython

    ip = get_ipython()
    assert ip is not None
    await _run_and_wait(ip, args, cell, _await)


class Awaiting:
    """An input transformer: a `%%flyte_wait` cell that awaits at its top level becomes an awaited call.

    A cell magic is a plain function, and what it returns is not awaited.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self._ip = ip

    def __call__(self, lines: list[str]) -> list[str]:
        """Rewrite the cell's lines, or leave them."""
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        words = lines[first].split(maxsplit=1) if lines else []
        if not words or words[0] != MAGIC:
            return lines
        line, body = "".join(words[1:]).strip(), "".join(lines[first + 1 :])
        if not is_async(self._ip, body):
            return lines
        return [f"await __import__({__package__!r}, fromlist=['x']).awaited_flyte_wait({line!r}, {body!r})\n"]


async def _run_and_wait(ip: InteractiveShell, args: Namespace, cell: str, waiter: Waiter) -> None:
    __tracebackhide__ = True
    with recording() as made:
        shown = view.shown_runs()
        try:
            await execute(ip, cell)
        finally:
            runs = [view.find_run(one) for one in made]
            already = view.shown_runs() - shown
            for run in runs:
                if view.run_key(run) not in already:
                    view.show(run)
    names = ", ".join(run.name for run in runs)
    try:
        await waiter(view.until(runs, args.until, args.timeout))
    except (KeyboardInterrupt, asyncio.CancelledError):
        stopped: Any = KeyboardInterrupt()
        stopped._render_traceback_ = lambda: [f"Stopped waiting; not aborted: {names}."]
        raise stopped from None
    if args.until == "terminal" and not args.no_raise:
        with brief_errors():
            for run in runs:
                await waiter(run.raise_for_status.aio())


async def _block(coroutine: Coroutine[Any, Any, None]) -> None:
    remote.background().run(coroutine)


async def _await(coroutine: Coroutine[Any, Any, None]) -> None:
    # Short steps: a kernel that reads no messages beside a cell is pumped, and an interrupt is seen at once.
    future = asyncio.wrap_future(remote.background().submit(coroutine))
    try:
        while not future.done():
            await asyncio.wait({future}, timeout=_PUMP_SECONDS)
            pump = remote.background().on_wait
            if pump is not None:
                pump()
    finally:
        future.cancel()  # does nothing where it is done
    future.result()
