"""The functions of this process that actions call, and how its main thread is reached."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from flyte_jupyter.actions._errors import InvalidConfigurationError

Function = Callable[..., Any]
Runner = Callable[[Callable[[], Any]], Awaitable[Any]]

_functions: dict[str, Function] = {}
_runner: Runner | None = None


def keep_function(key: str, function: Function) -> None:
    """Keep a function of this process under a key."""
    _functions[key] = function


def kept_function(key: str) -> Function | None:
    """The function of this process that was kept under a key."""
    return _functions.get(key)


def run_with(runner: Runner | None) -> None:
    """Call functions with this: it gets a function, and returns what awaits its end. None: in a thread."""
    global _runner
    _runner = runner


def find_function(path: str) -> Function:
    """The function that "module:function" names.

    Raises:
        InvalidConfigurationError: There is none.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise InvalidConfigurationError(f"{path} cannot be found: {type(error).__name__}: {error}.") from None
    if not callable(found):
        raise InvalidConfigurationError(f"{path} is not a function.")
    return found


async def call(function: Function, event: Any, run: Any) -> Any:
    """What a function returns that takes an event and a run, an event alone, or nothing. Used on the loop."""
    arguments = _arguments(function, event, run)
    if _runner is not None:
        return await _runner(lambda: function(*arguments))
    if inspect.iscoroutinefunction(function):
        return await asyncio.to_thread(lambda: asyncio.run(function(*arguments)))
    return await asyncio.to_thread(function, *arguments)


def _arguments(function: Function, event: Any, run: Any) -> tuple[Any, ...]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (event, run)
    for arguments in ((event, run), (event,), ()):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return arguments
    raise InvalidConfigurationError(
        f"{getattr(function, '__name__', 'The function')} must take (event, run), (event) or nothing."
    )
