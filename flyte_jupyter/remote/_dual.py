"""Methods that block when called, and await with `.aio()`."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from flyte_jupyter.remote._loop import background

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class DualCall(Generic[P, R]):
    """A bound call: `f(...)` blocks, `await f.aio(...)` works on any event loop."""

    def __init__(self, function: Callable[P, Coroutine[Any, Any, R]]) -> None:
        self._function = function
        self._name = getattr(function, "__qualname__", "call")
        _imitate(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return background().run(self._function(*args, **kwargs))

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The same call, awaited; it runs on flyte_jupyter's own loop wherever it is awaited."""
        return await background().run_from(self._function(*args, **kwargs))

    def __repr__(self) -> str:
        return f"<{self._name}, blocking; .aio() awaits>"


class DualIteration(Generic[P, R]):
    """A bound generator: `for x in f(...)` blocks, `async for x in f.aio(...)` works on any event loop."""

    def __init__(self, function: Callable[P, AsyncGenerator[Sequence[R], None]]) -> None:
        self._function = function
        self._name = getattr(function, "__qualname__", "call")
        _imitate(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        if background().is_current:
            raise RuntimeError(
                "A blocking iteration was started on flyte_jupyter's own event loop, where it would wait for itself."
                " Iterate its .aio() form there."
            )
        return _Blocking(self._function(*args, **kwargs))

    def aio(self, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        """The same iteration with `async for`; it runs on flyte_jupyter's own loop wherever it is consumed."""
        return _iterate_from_any_loop(self._function(*args, **kwargs), contextvars.copy_context())

    def __repr__(self) -> str:
        return f"<{self._name}, blocking iterator; .aio() for async>"


class _Blocking(Iterator[R]):
    """Iterates an asynchronous generator that lives on the background loop, and closes it when let go."""

    def __init__(self, generator: AsyncGenerator[Sequence[R], None]) -> None:
        self._generator = generator
        self._batch: Iterator[R] = iter(())
        # Each step is a task of its own, which would see the variables of whoever asks for the next item.
        self._context = contextvars.copy_context()

    def __next__(self) -> R:
        async def step() -> Sequence[R]:
            return await self._generator.__anext__()

        while True:
            for item in self._batch:
                return item
            try:
                self._batch = iter(self._context.copy().run(background().run, step()))
            except StopAsyncIteration:
                raise StopIteration from None

    def close(self) -> None:
        """Ends the iteration and what it holds open."""
        background().run(_close(self._generator))

    def __enter__(self) -> _Blocking[R]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        # The thread that collects garbage must not wait.
        background().submit_if_running(_close(self._generator))


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    running: Any = generator
    while running.ag_running:  # noqa: ASYNC110 - a generator tells nobody when it has unwound
        await asyncio.sleep(0.01)
    await generator.aclose()


def _imitate(wrapper: Any, function: Any) -> None:
    functools.update_wrapper(wrapper, function)


async def _iterate_from_any_loop(
    generator: AsyncGenerator[Sequence[R], None], context: contextvars.Context
) -> AsyncGenerator[R, None]:
    async def step() -> Sequence[R] | None:
        # A StopAsyncIteration cannot travel through a future of another loop.
        try:
            return await generator.__anext__()
        except StopAsyncIteration:
            return None

    async def ask() -> Sequence[R] | None:
        # Makes the step only when it is awaited itself: a task may be cancelled before it begins.
        return await background().run_from(step())

    try:
        while (batch := await context.run(asyncio.ensure_future, ask())) is not None:
            for item in batch:
                yield item
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await background().run_from(_close(generator))


class Dual(Generic[P, R]):
    """The descriptor behind `dual`; bound to an instance or class it is a `DualCall`."""

    def __init__(self, function: Any) -> None:
        self._of_class = isinstance(function, classmethod)
        self._function: Any = getattr(function, "__func__", function)
        _imitate(self, self._function)

    def __get__(self, instance: object, owner: type | None = None) -> DualCall[P, R]:
        target = owner if self._of_class else instance
        return DualCall(self._function if target is None else self._function.__get__(target))


class DualGenerator(Generic[P, R]):
    """The descriptor behind `dual` on an asynchronous generator; bound it is a `DualIteration`."""

    def __init__(self, function: Any) -> None:
        self._of_class = isinstance(function, classmethod)
        self._function: Any = getattr(function, "__func__", function)
        _imitate(self, self._function)

    def __get__(self, instance: object, owner: type | None = None) -> DualIteration[P, R]:
        target = owner if self._of_class else instance
        return DualIteration(self._batches(self._function if target is None else self._function.__get__(target)))

    def _batches(self, function: Any) -> Callable[P, AsyncGenerator[Sequence[R], None]]:
        @functools.wraps(function)
        async def one_by_one(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Sequence[R], None]:
            items = function(*args, **kwargs)
            try:
                async for item in items:
                    yield (item,)
            finally:
                await items.aclose()

        return one_by_one


class DualBatches(DualGenerator[P, R]):
    """The descriptor behind `dual_batches`."""

    def _batches(self, function: Any) -> Callable[P, AsyncGenerator[Sequence[R], None]]:
        return function


@overload
def dual(function: Callable[Concatenate[S, P], AsyncGenerator[R, None]], /) -> DualGenerator[P, R]: ...
@overload
def dual(function: Callable[Concatenate[S, P], Coroutine[Any, Any, R]], /) -> Dual[P, R]: ...
def dual(function: Any, /) -> Any:
    """Makes a method of a coroutine function or asynchronous generator block when called, with `.aio()` beside it.

    Works on instance methods, and on class methods as the outer decorator.

    Args:
        function: The coroutine function or asynchronous generator.

    Example:
        >>> class Clock:
        ...     @dual
        ...     async def tell(self) -> str:
        ...         return "noon"
        >>> Clock().tell()
        'noon'
    """
    inner = getattr(function, "__func__", function)
    kind: Any = DualGenerator if inspect.isasyncgenfunction(inner) else Dual
    return kind(function)


def dual_batches(function: Callable[Concatenate[S, P], AsyncGenerator[Sequence[R], None]], /) -> DualBatches[P, R]:
    """Like `dual`, of a generator that yields sequences: whoever iterates is given what is in them, item by item.

    A change of threads for each sequence instead of one for each item. The generator is up to a sequence ahead.
    """
    return DualBatches(function)


def dual_function(function: Callable[P, Coroutine[Any, Any, R]]) -> DualCall[P, R]:
    """Like `dual`, for a function outside a class.

    Args:
        function: The coroutine function.

    Example:
        >>> @dual_function
        ... async def tell() -> str:
        ...     return "noon"
        >>> tell()
        'noon'
    """
    return DualCall(function)
