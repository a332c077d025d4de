"""The one background thread with its event loop, on which every channel, stream and timer of ours lives."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("flyte_jupyter")

_PUMP_SECONDS = 0.05
# Some libraries (polars) take the signal such that a lock that is waited for is not interrupted any more.
_SIGNAL_SECONDS = 0.2


class Caller:
    """Somebody who waits for a coroutine on the loop, and can be asked to do something meanwhile.

    Args:
        run_soon: Has a function run where they wait: on their thread, or on their event loop.

    Attributes:
        since: When they began to wait, on the monotonic clock.
        waits: Whether they still do.
    """

    def __init__(self, run_soon: Callable[[Callable[[], None]], object]) -> None:
        self.since = time.monotonic()
        self.waits = True
        self._run_soon = run_soon

    @classmethod
    def current(cls) -> Caller | None:
        """Who waits for the coroutine that asks; None for one that runs in the background."""
        caller = _caller.get()
        return caller if caller is not None and caller.waits else None

    async def do(self, function: Callable[[], T]) -> T:
        """Runs a function where the caller waits, and gives its result or error. An interrupt there cancels."""
        done: concurrent.futures.Future[T] = concurrent.futures.Future()

        def errand() -> None:
            if done.cancelled():
                return
            try:
                result = function()
            except Exception as error:
                with contextlib.suppress(concurrent.futures.InvalidStateError):
                    done.set_exception(error)
            except BaseException:
                done.cancel()
                raise
            else:
                with contextlib.suppress(concurrent.futures.InvalidStateError):
                    done.set_result(result)

        self._run_soon(errand)
        return await asyncio.wrap_future(done)


_caller: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("flyte_jupyter_caller", default=None)


class BackgroundLoop:
    """A daemon thread that runs a plain asyncio loop; started when first needed.

    The loop is never nested, so it does not matter whether somebody patched asyncio before or after. There is one per
    process, `background()`; a forked child gets a fresh one.

    Example:
        >>> async def answer() -> int:
        ...     return 42
        >>> background().run(answer())
        42
        >>> background().submit(answer()).result()
        42
        >>> background().call(lambda: background().is_current)
        True
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

    def submit(self, coro: Coroutine[Any, Any, T], caller: Caller | None = None) -> concurrent.futures.Future[T]:
        """Starts a coroutine on the loop, from any thread. Cancelling the future cancels the coroutine.

        Args:
            coro: The coroutine. It sees the context variables of whoever submits it.
            caller: Who waits for it, None for one that runs in the background.
        """
        token = _caller.set(caller)
        try:
            return asyncio.run_coroutine_threadsafe(coro, self.loop)
        finally:
            _caller.reset(token)

    def finalize(self, coro: Coroutine[Any, Any, None]) -> None:
        """Starts a coroutine where the loop still runs, drops it elsewhere; for finalizers.

        A finalizer may run anywhere, also at the end of the interpreter, when no thread can be started any more, and
        while this thread holds a lock: so none is taken.

        Args:
            coro: The coroutine.
        """
        loop = self._loop
        try:
            if loop is None:
                raise RuntimeError
            asyncio.run_coroutine_threadsafe(coro, loop)
        except RuntimeError:
            coro.close()

    def submit_if_running(self, coro: Coroutine[Any, Any, Any]) -> None:
        """Starts a coroutine that only cleans up; without a loop there is nothing to clean.

        Args:
            coro: The coroutine.
        """
        with self._lock:
            if self._loop is None:
                coro.close()
            else:
                asyncio.run_coroutine_threadsafe(coro, self._loop)

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the loop and blocks until it is done.

        Ctrl-C cancels the coroutine and raises KeyboardInterrupt.

        Args:
            coro: The coroutine.

        Raises:
            RuntimeError: Called on the loop's own thread, where it would wait for itself.
        """
        if self.is_current:
            coro.close()
            raise RuntimeError(
                "A blocking flyte_jupyter call was made on flyte_jupyter's own event loop, where it would wait for"
                " itself. Await its .aio() form there."
            )
        errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        caller = Caller(errands.put)
        future = self.submit(coro, caller)
        future.add_done_callback(lambda _: errands.put(_nothing))
        try:
            return self._wait(future, errands)
        except BaseException:
            # An error of the coroutine itself leaves a finished future: cancel() does nothing then.
            future.cancel()
            raise
        finally:
            caller.waits = False

    async def run_from(self, coro: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the loop and awaits it, from any loop.

        Args:
            coro: The coroutine.
        """
        if self.is_current:
            return await coro
        loop = asyncio.get_running_loop()
        caller = Caller(lambda errand: loop.call_soon_threadsafe(_uninterrupted, errand))
        try:
            return await asyncio.wrap_future(self.submit(coro, caller))
        finally:
            caller.waits = False

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Calls a plain function on the loop's thread and returns what it returns. Blocks, except on that thread.

        Args:
            function: The function.
            args: What to call it with.
        """
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

    def _wait(self, future: concurrent.futures.Future[T], errands: queue.SimpleQueue[Callable[[], None]]) -> T:
        on_main = threading.current_thread() is threading.main_thread()
        while True:
            pumps = on_main and self.on_wait is not None
            try:
                errand = errands.get(timeout=_PUMP_SECONDS if pumps else _SIGNAL_SECONDS if on_main else None)
            except queue.Empty:
                errand = self._pump
            errand()
            if future.done():
                return future.result()

    def _pump(self) -> None:
        on_wait = self.on_wait
        if on_wait is not None:
            try:
                on_wait()
            except Exception:
                logger.exception("What runs while a call waits failed; it is left out from now on")
                self.on_wait = None


def _nothing() -> None:
    pass


def _uninterrupted(errand: Callable[[], None]) -> None:
    # An interrupt has cancelled the coroutine by then; the loop of the caller must not end by it.
    with contextlib.suppress(KeyboardInterrupt):
        errand()


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
