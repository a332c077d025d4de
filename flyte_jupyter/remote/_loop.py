"""The one background thread with its event loop, on which every channel, stream and timer of ours lives."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("flyte_jupyter")

_PUMP_SECONDS = 0.05


class BackgroundLoop:
    """A daemon thread that runs a plain asyncio loop; started when first needed.

    The loop is never nested, so it does not matter whether somebody patched asyncio before or after. There is one per
    process, `background()`; a forked child gets a fresh one.
    """

    def __init__(self) -> None:
        self.on_wait: Callable[[], None] | None = None
        """Called on the main thread about every 50 ms while it waits in `run`."""
        self._reset()

    def _reset(self) -> None:
        # Re-entrant: a collected iterator says goodbye on whatever thread allocates next, holding the lock or not.
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started if it was not."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.SelectorEventLoop()
                self._loop.set_exception_handler(_on_loop_exception)
                self._thread = threading.Thread(target=_run_loop, args=(self._loop,), name="flyte_jupyter", daemon=True)
                self._thread.start()
            return self._loop

    @property
    def is_current(self) -> bool:
        """Whether the caller is on the loop's own thread."""
        return threading.current_thread() is self._thread

    def submit(self, coro: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts a coroutine on the loop, from any thread. Cancelling the future cancels the coroutine."""
        return asyncio.run_coroutine_threadsafe(coro, self.loop)

    def finalize(self, coro: Coroutine[Any, Any, None]) -> None:
        """Starts a coroutine where the loop still runs, drops it elsewhere; for finalizers.

        A finalizer may run anywhere, also at the end of the interpreter, when no thread can be started any more, and
        while this thread holds a lock: so none is taken.
        """
        loop = self._loop
        try:
            if loop is None:
                raise RuntimeError
            asyncio.run_coroutine_threadsafe(coro, loop)
        except RuntimeError:
            coro.close()

    def submit_if_running(self, coro: Coroutine[Any, Any, Any]) -> None:
        """Starts a coroutine that only cleans up; without a loop there is nothing to clean."""
        with self._lock:
            if self._loop is None:
                coro.close()
            else:
                asyncio.run_coroutine_threadsafe(coro, self._loop)

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the loop and blocks until it is done.

        Ctrl-C cancels the coroutine and raises KeyboardInterrupt.

        Raises:
            RuntimeError: Called on the loop's own thread, where it would wait for itself.
        """
        if self.is_current:
            coro.close()
            raise RuntimeError(
                "A blocking flyte_jupyter call was made on flyte_jupyter's own event loop, where it would wait for"
                " itself. Await its .aio() form there."
            )
        future = self.submit(coro)
        try:
            return self._wait(future)
        except BaseException:
            # An error of the coroutine itself leaves a finished future: cancel() does nothing then.
            future.cancel()
            raise

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Calls a plain function on the loop's thread and returns what it returns. Blocks, except on that thread."""
        if self.is_current:
            return function(*args)

        async def call() -> T:
            return function(*args)

        return self.run(call())

    def stop(self) -> None:
        """Cancels everything on the loop and ends the thread. The next use starts a new one."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None or threading.current_thread() is thread:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(3)

    def _wait(self, future: concurrent.futures.Future[T]) -> T:
        if self.on_wait is None or threading.current_thread() is not threading.main_thread():
            return future.result()
        while True:
            done, _ = concurrent.futures.wait((future,), timeout=_PUMP_SECONDS)
            if done:
                return future.result()
            on_wait = self.on_wait
            if on_wait is not None:
                try:
                    on_wait()
                except Exception:
                    logger.exception("What runs while a call waits failed; it is left out from now on")
                    self.on_wait = None


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _on_loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # grpc.aio's poller wakes several loops for one event; those that come late find nothing to read.
    if not isinstance(context.get("exception"), BlockingIOError):
        loop.default_exception_handler(context)


_background = BackgroundLoop()


@atexit.register
def _leave() -> None:
    _background.stop()
    if "pyqwest" in sys.modules:
        # Its threads let go of Python's objects a moment after an answer, or a cancellation. A process that ends in
        # that very moment aborts (seen in 1 of 15 under load).
        time.sleep(0.1)


if hasattr(os, "register_at_fork"):
    # The child has the parent's objects but not its threads.
    os.register_at_fork(after_in_child=_background._reset)  # pyright: ignore[reportPrivateUsage]


def background() -> BackgroundLoop:
    """The process's one background loop."""
    return _background
