"""What `wait` shows while it waits: a notebook's view, a panel in a terminal, or a line for each phase."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar

from flyte_jupyter.remote._dual import Dual, DualCall
from flyte_jupyter.remote._loop import background
from flyte_jupyter.remote._progress_text import Progress

if TYPE_CHECKING:
    from flyte_jupyter.remote._action import Action
    from flyte_jupyter.remote._details import ActionDetails
    from flyte_jupyter.remote._run import Run

P = ParamSpec("P")
R = TypeVar("R")

WaitDisplay = Callable[["Run | Action"], bool]

_display: WaitDisplay | None = None
_terminal = threading.Lock()
_tell: ContextVar[Callable[[ActionDetails], None] | None] = ContextVar("flyte_jupyter_wait", default=None)


class Reporter(Protocol):
    """Shows how a wait gets on. Made, begun and ended on the thread that waits, told things on the background loop."""

    def __enter__(self) -> Reporter:
        """Begins to show."""
        ...

    def tell(self, details: ActionDetails) -> None:
        """What is waited for has changed."""
        ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Says how the wait ended."""
        ...


def set_wait_display(display: WaitDisplay | None) -> None:
    """Sets what shows a run or action while `wait` waits for it, instead of lines of text.

    Args:
        display: Called with the Run or Action on the thread that waits; returns False to leave it to the lines. None
            goes back to the lines.

    Example:
        >>> set_wait_display(lambda run: print("waiting for", run.name) is None)
        >>> Run.get("r1").wait()
        waiting for r1
        >>> set_wait_display(None)
    """
    global _display
    _display = display


def report(details: ActionDetails) -> None:
    """Tells whoever shows the wait that goes on in this task what has become of the action."""
    tell = _tell.get()
    if tell is not None:
        tell(details)


def shown(wait: Dual[P, R]) -> Dual[P, R]:
    """Makes a dual `wait` show what it waits for, unless it is called with `quiet`."""
    return _Shown(wait)


class _Shown(Dual[P, R], Generic[P, R]):
    def __init__(self, wait: Dual[P, R]) -> None:
        super().__init__(wait.__wrapped__)  # type: ignore[attr-defined]

    def __get__(self, instance: object, owner: type | None = None) -> DualCall[P, R]:
        if instance is None:
            return super().__get__(instance, owner)
        return _ShownCall(self._function.__get__(instance), instance)


class _ShownCall(DualCall[P, R], Generic[P, R]):
    def __init__(self, function: Any, target: Any) -> None:
        super().__init__(function)
        self._target = target

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        with _showing(self._target, args, kwargs):
            return super().__call__(*args, **kwargs)

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> R:
        with _showing(self._target, args, kwargs):
            return await super().aio(*args, **kwargs)


@contextlib.contextmanager
def _showing(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Generator[None]:
    quiet = kwargs.get("quiet", args[0] if args else False)
    # A wait on our own loop is part of another one.
    if quiet or background().is_current or (_display is not None and _display(target)):
        yield
        return
    with _reporter(Progress(target)) as reporter:
        # The coroutine runs in a copy of this context, on whichever loop and thread.
        token = _tell.set(reporter.tell)
        try:
            yield
        finally:
            _tell.reset(token)


@contextlib.contextmanager
def _reporter(progress: Progress) -> Generator[Reporter]:
    # Two panels would draw over each other.
    if is_terminal() and importlib.util.find_spec("rich") and _terminal.acquire(blocking=False):
        from flyte_jupyter.remote._progress_panel import Panel

        try:
            with Panel(progress) as panel:
                yield panel
        finally:
            _terminal.release()
    else:
        with Lines(progress) as lines:
            yield lines


class Lines:
    """A line for each phase."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __enter__(self) -> Lines:
        """See `Reporter`."""
        return self

    def tell(self, details: ActionDetails) -> None:
        """See `Reporter`."""
        if self._progress.update(details) and not details.done():
            self._write(self._progress.line())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """See `Reporter`."""
        self._write(self._progress.end(kind))

    @staticmethod
    def _write(text: str) -> None:
        if text:
            # A script's results go to stdout; in a notebook stderr would look like an error.
            stream = sys.stdout if is_kernel() else sys.stderr
            stream.write(text + "\n")
            stream.flush()


def is_terminal() -> bool:
    """Whether somebody looks at what is written to stderr."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"  # pyright: ignore[reportUnnecessaryComparison]


def is_kernel() -> bool:
    """Whether what is written to stdout goes to a notebook."""
    return type(sys.stdout).__module__.startswith("ipykernel")
