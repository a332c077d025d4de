"""Answers in one form, whichever client gave them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import inspect
import io
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

# What the clients call one and the same trouble.
KINDS = {
    "AssertionError": "INVALID_ARGUMENT",
    "ValueError": "INVALID_ARGUMENT",
    "InvalidArgumentError": "INVALID_ARGUMENT",
    "RuntimeUserError": "FAILED",
    "NotFinishedError": "NOT_FINISHED",
    "RunNotDoneError": "NOT_FINISHED",
    "RemoteTaskNotFoundError": "NOT_FOUND",
    "LogsNotYetAvailableError": "NOT_FOUND",
    "NotFoundError": "NOT_FOUND",
    "AlreadyFinishedError": "ALREADY_FINISHED",
    "ActionAbortedError": "ABORTED",
    "RunAbortedError": "ABORTED",
    "TaskTimeoutError": "TIMED_OUT",
    "RunTimedOutError": "TIMED_OUT",
    "RunFailedError": "FAILED",
    "TypeError": "TYPE",
    "RemoteTaskUsageError": "INVALID_ARGUMENT",
}


class World:
    """A client, and what the questions need to ask it.

    Args:
        remote: The module with its classes.
        peer: Which client it is.
        place: A directory of its own.
    """

    def __init__(self, remote: Any, peer: str, place: Path) -> None:
        self.remote = remote
        self.peer = peer
        self.place = place
        self._settle: Callable[[Any], Any] = asyncio.run
        if peer in ("seed", "sdk"):
            from flyte.syncify import syncify

            # The SDK's bare coroutines use connections that live on its own loop.
            @syncify
            async def settle(waiting: Any) -> Any:
                return await waiting

            self._settle = settle

    def __getattr__(self, name: str) -> Any:
        return getattr(self.remote, name)

    def value(self, given: Any) -> Any:
        """What a call returns, also where it returned a coroutine."""
        return self._settle(given) if inspect.isawaitable(given) else given

    def items(self, given: Any) -> list[Any]:
        """What an iterator yields, also an asynchronous one."""
        return list(given) if hasattr(given, "__iter__") else self._settle(_collected(given))

    def names(self, listed: Any) -> list[str]:
        """The names of what is listed, in order."""
        return [each.name for each in self.items(listed)]

    def printed(self, call: Callable[[], Any]) -> list[str]:
        """The lines that a call prints."""
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            self.value(call())
        return [line.strip() for line in text.getvalue().splitlines()]

    def answer(self, question: Callable[[World], Any]) -> Any:
        """The answer to a question, or the kind of error."""
        try:
            return plain(question(self))
        except Exception as error:
            return {"error": kind(error)}


async def _collected(given: Any) -> list[Any]:
    return [item async for item in given]


def kind(error: BaseException) -> str:
    """What kind of trouble an exception tells of: a status code, or what `KINDS` says."""
    code: Any = getattr(error, "code", None)
    code = code() if callable(code) else code
    if code in KINDS:
        return KINDS[code]
    known = next((KINDS[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in KINDS), None)
    if isinstance(code, enum.Enum):
        return {"CANCELED": "CANCELLED"}.get(code.name, code.name)
    return known or (code if isinstance(code, str) and code else type(error).__name__)


def plain(value: Any) -> Any:
    """A value as JSON that does not tell whose it was."""
    if isinstance(value, enum.Enum):
        return value.name if not isinstance(value, str) else value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    for attribute in ("path", "uri"):
        if getattr(value, attribute, None):
            return {"at": str(getattr(value, attribute))}
    if hasattr(value, "class_name"):
        return {"a": value.class_name}
    if hasattr(value, "DESCRIPTOR"):
        from google.protobuf.json_format import MessageToDict

        return MessageToDict(value)
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {"a": type(value).__name__}
