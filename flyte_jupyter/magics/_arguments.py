"""What the magics share: arguments with `--help`, and errors that are one sentence instead of a traceback."""

from __future__ import annotations

import argparse
import ast
import functools
import shlex
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import ArgMethodWrapper, argument, magic_arguments

from flyte_jupyter.remote import ActionPhase, FlyteError, InvalidArgumentError, RunFailedError

__all__ = [
    "ACTION",
    "ATTEMPT",
    "HEIGHT",
    "PHASES",
    "RUN",
    "answer",
    "argument",
    "assignment",
    "flyte_arguments",
    "parse",
    "phases",
    "plain_errors",
    "positive",
    "seconds",
]

PHASES = tuple(phase.value for phase in ActionPhase if phase.number)


class _HelpRequest(Exception):  # noqa: N818 - it is no error
    """`--help` was among the arguments."""


class _Help(argparse.Action):
    """Ends the parsing before missing arguments are complained about."""

    def __call__(self, *_: Any) -> None:
        raise _HelpRequest


RUN = argument("name", help="the run's name")
ACTION = argument("action", nargs="?", default="a0", help="the action's name; default: the run's own, a0")


def flyte_arguments(*arguments: ArgMethodWrapper) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a magic of a method that takes parsed arguments: `method(self, args)` or `method(self, args, cell)`.

    Wrong arguments, and every error of Flyte, become one `UsageError` sentence; `--help` prints the help and does
    nothing else. A failed run (`RunFailedError`) passes as it is.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def magic(self: Any, line: str, *cell: str) -> Any:
            args = parse(declared.parser, line)
            if args is None:
                return None
            with plain_errors():
                return method(self, args, *cell)

        declared: Any = magic
        for one in (argument("-h", "--help", action=_Help, nargs=0, help="show this help"), *reversed(arguments)):
            declared = one(declared)
        return magic_arguments()(declared)

    return decorate


class plain_errors:  # noqa: N801 - a context manager that reads like contextlib's
    """Turns errors of Flyte into a `UsageError`, which IPython shows as one line."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, FlyteError) and not isinstance(error, RunFailedError):
            raise UsageError(str(error)) from None


def parse(parser: argparse.ArgumentParser, line: str) -> argparse.Namespace | None:
    """The arguments of a magic's line, quoted as in a shell; None where `--help` was asked for, and is printed.

    Raises:
        UsageError: The line is wrong; one sentence and a hint.
    """
    try:
        return parser.parse_args(shlex.split(line))
    except _HelpRequest:
        print(parser.format_help().removeprefix("::\n\n"))
        return None
    except (UsageError, ValueError) as error:
        message = str(error).strip().rstrip(".")
        raise UsageError(f"{message}. See %{parser.prog} --help.") from None


def phases(text: str) -> list[ActionPhase]:
    """Phases separated by commas, in any case: `failed,aborted`."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in PHASES]
    if wrong or not names:
        raise argparse.ArgumentTypeError(f"{', '.join(wrong) or 'nothing'} is no phase; phases are {', '.join(PHASES)}")
    return [ActionPhase(name) for name in names]


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above zero")
    return int(text)


def height(text: str) -> int:
    """The height of a view in pixels."""
    if not text.isdecimal() or not 80 <= int(text) <= 4000:
        raise argparse.ArgumentTypeError(f"{text} is not a number of pixels from 80 to 4000")
    return int(text)


ATTEMPT = argument("--attempt", type=positive, metavar="N", help="counted from 1; default: the latest")
HEIGHT = argument("--height", type=height, metavar="PX", help="of the view in pixels")


def assignment(text: str) -> tuple[str, Any]:
    """An input: `n=3`, `word=hi`, `items=[1, 2]`. What is no Python literal is a text."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def answer(text: str, wanted: type | None) -> bool | int | float | str:
    """The answer to a condition, in the type that it wants.

    Raises:
        InvalidArgumentError: It is of another type.
    """
    words = {"yes": True, "true": True, "no": False, "false": False}
    try:
        if wanted is bool:
            return words[text.strip().lower()]
        if wanted is int:
            return int(text)
        if wanted is float:
            return float(text)
    except (KeyError, ValueError):
        form = {bool: "yes or no", int: "a whole number", float: "a number"}[wanted]
        raise InvalidArgumentError(f"{text!r} is no answer here: {form} is wanted.") from None
    return text


def seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above zero")
    return value
