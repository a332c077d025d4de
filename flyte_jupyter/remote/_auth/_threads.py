"""Calls that block, away from the loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T], seconds: float) -> T:
    """Runs a function that may block in a thread that holds up nobody, not even the end of the process.

    Args:
        function: What to run. It goes on when nobody waits for it any more.
        seconds: How long it is waited for.

    Raises:
        TimeoutError: It took longer.
    """
    done: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        with contextlib.suppress(concurrent.futures.InvalidStateError):
            try:
                done.set_result(function())
            except BaseException as error:
                done.set_exception(error)

    threading.Thread(target=run, name="flyte_jupyter_login", daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(done), seconds)
    except asyncio.TimeoutError:
        raise TimeoutError(f"took longer than {seconds:g} s") from None
