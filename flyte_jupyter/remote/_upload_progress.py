"""What an upload shows when it takes long."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from collections.abc import AsyncGenerator

from flyte_jupyter.remote._progress import is_kernel, is_terminal

_SHORT = 2.0
_EVERY = 0.25
_UNITS = ("B", "kB", "MB", "GB", "TB")


class UploadProgress:
    """Counts what was sent.

    Args:
        what: What is uploaded.
        total: How many bytes there are to send.
    """

    def __init__(self, what: str, total: int = 0) -> None:
        self.what = what
        self.total = total
        self.sent = 0

    def advance(self, count: int) -> None:
        """So many bytes more were sent; a negative number takes back what has to be sent again."""
        self.sent += count

    def line(self) -> str:
        """Where it stands, in a line."""
        percent = 100 * self.sent // self.total if self.total else 0
        return f"Uploading {self.what}: {size(self.sent)} of {size(self.total)} ({percent} %)"


@contextlib.asynccontextmanager
async def shown(progress: UploadProgress) -> AsyncGenerator[None]:
    """Shows an upload while it goes on, if it takes longer than a moment: a bar in a terminal, a line in a notebook."""
    showing = asyncio.ensure_future(_show(progress))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(progress: UploadProgress) -> None:
    await asyncio.sleep(_SHORT)
    if is_terminal() and importlib.util.find_spec("rich"):
        await _bar(progress)
    elif is_kernel():
        await _line(progress)


async def _bar(progress: UploadProgress) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(f"Uploading {progress.what}", total=progress.total)
        while True:
            bar.update(task, completed=progress.sent, total=progress.total, refresh=True)
            await asyncio.sleep(_EVERY)


async def _line(progress: UploadProgress) -> None:
    shown = ""
    try:
        while True:
            if progress.line() != shown:
                shown = progress.line()
                sys.stdout.write(f"\r{shown}")
                sys.stdout.flush()
            await asyncio.sleep(1.0)
    finally:
        sys.stdout.write(f"\r{progress.line()}\n")
        sys.stdout.flush()


def size(count: float) -> str:
    """Bytes in words: "512 B", "1.2 kB", "48 MB". Cut, never rounded up."""
    whole = max(0, int(count))
    power = min(len(_UNITS) - 1, (len(str(whole)) - 1) // 3)
    tenths = whole * 10 // 1000**power
    if power == 0 or tenths >= 100:
        return f"{tenths // 10} {_UNITS[power]}"
    return f"{tenths // 10}.{tenths % 10} {_UNITS[power]}"
