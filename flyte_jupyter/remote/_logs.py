"""The log of an attempt, followed until the attempt is over."""

from __future__ import annotations

import asyncio
import collections
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._common import check_attempt, to_datetime
from flyte_jupyter.remote._errors import (
    NotFoundError,
    ServerError,
    UnavailableError,
    UnimplementedError,
)
from flyte_jupyter.remote._fetch import fetch_action
from flyte_jupyter.remote._phase import ActionPhase
from flyte_jupyter.remote._watch import with_silences

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import ActionIdentifier
    from flyteidl2.logs.dataplane.payload_pb2 import LogLine

_IDLE_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_ATTEMPTS_WHEN_OVER = 3


class LogBatch(NamedTuple):
    """Lines that came together.

    Attributes:
        lines: The lines, each for the first time.
        gap: Some may be missing before them: the backend did not repeat what was read last.
    """

    lines: Sequence[LogLine]
    gap: bool


class LogPlace:
    """How far a log was read. Every new stream repeats it from some earlier point, so lines are told by their time."""

    def __init__(self) -> None:
        self.lines = 0
        self._reached = (0, 0, 0)
        self._now = (0, 0, 0)

    def rewind(self) -> None:
        """A new stream begins."""
        self._now = (0, 0, 0)

    def advance(self, lines: Sequence[LogLine]) -> LogBatch:
        """Those of the next lines of the stream that were not there before; counts them.

        Args:
            lines: The next lines.
        """
        seconds, nanos, ordinal = self._now
        rewound = not ordinal
        old = 0
        for line in lines:
            time = line.timestamp
            # Clocks step back, and some lines have no time; a line's place may not.
            if (time.seconds, time.nanos) > (seconds, nanos):
                seconds, nanos, ordinal = time.seconds, time.nanos, 1
            else:
                ordinal += 1
            if (seconds, nanos, ordinal) <= self._reached:
                old += 1
        self._now = (seconds, nanos, ordinal)
        new = lines[old:] if old else lines
        gap = rewound and self.lines > 0 and bool(lines) and not old
        if new:
            self._reached = self._now
            self.lines += len(new)
        return LogBatch(new, gap)


async def log_batches(
    client: Client, action: ActionIdentifier, attempt: int, place: LogPlace | None = None
) -> AsyncGenerator[LogBatch, None]:
    """Yields the lines of an attempt's log as they come together, each line once, until the attempt is over.

    Args:
        client: The connection.
        action: The action.
        attempt: Which attempt, counted from 1.
        place: How far the log was read before; brought up to date.

    Raises:
        NotFoundError: The attempt is over and the backend has no log of it.
        InvalidArgumentError: The attempt is not a number from 1.

    Example:
        >>> async def read(action):
        ...     return [line.message async for batch in log_batches(client, action, 1) for line in batch.lines]
        >>> "adding 1 and 41" in " ".join(background().run(read(Run.get("r1").action.action_id)))
        True
    """
    check_attempt(attempt)
    place = LogPlace() if place is None else place
    misses = 0
    while True:
        place.rewind()
        # Asked before the stream is opened: what ends after that is complete.
        over = await _is_over(client, action, attempt)
        try:
            async for lines in _once(client, action, attempt):
                batch = place.advance(lines)
                if batch.lines:
                    yield batch
            if over:
                return
            misses = 0
        except (NotFoundError, ServerError, UnavailableError) as error:
            # Before the log exists these are what backends say; afterwards it may be gone.
            if over:
                misses += 1
                if misses == _ATTEMPTS_WHEN_OVER:
                    if not isinstance(error, NotFoundError):
                        raise
                    if place.lines:
                        return
                    raise NotFoundError(
                        f"The backend has no log of attempt {attempt} of {action.run.name}/{action.name}.",
                        code=error.code,
                    ) from None
        await asyncio.sleep(_PAUSE_SECONDS)


def format_lines(lines: Iterable[LogLine], *, filter_system: bool, show_ts: bool) -> list[str]:
    """The texts of lines without their ends of line, but for those that are left out."""
    texts = ((line, line.message.rstrip("\r\n")) for line in lines)
    if filter_system:
        texts = ((line, text) for line, text in texts if not _is_of_system(line, text))
    if not show_ts:
        return [text for _, text in texts]
    return [f"{_time(line)}{text}" for line, text in texts]


def _is_of_system(line: LogLine, text: str) -> bool:
    return int(line.originator) == 2 or ("[flyte]" in text and "flyte.errors" not in text)


def _time(line: LogLine) -> str:
    if not line.HasField("timestamp"):
        return ""
    return f"[{to_datetime(line.timestamp).isoformat(timespec='milliseconds')}] "


async def show(lines: AsyncIterator[str], last: int | None) -> None:
    """Prints lines as they come; only the `last` ones, when all have come, if that is not None."""
    if last is None:
        async for line in lines:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        return
    kept: collections.deque[str] = collections.deque(maxlen=max(last, 0))
    async for line in lines:
        kept.append(line)
    sys.stdout.writelines(line + "\n" for line in kept)
    sys.stdout.flush()


async def _once(client: Client, action: ActionIdentifier, attempt: int) -> AsyncGenerator[Sequence[LogLine], None]:
    """The lines of one stream; ends also when nothing comes any more and the attempt is over."""
    request: Any = pb.TailLogsRequest(action_id=action, attempt=attempt)
    old: Any = pb.OldTailLogsRequest(action_id=action, attempt=attempt)
    for method, message in ((methods.TAIL_LOGS, request), (methods.OLD_TAIL_LOGS, old)):
        answers = with_silences(client.stream(method, message), _IDLE_SECONDS)
        try:
            async for answer in answers:
                if answer is None:
                    if await _is_over(client, action, attempt):
                        return
                    continue
                for part in answer.logs:
                    yield part.lines
            return
        except UnimplementedError:
            if method is methods.OLD_TAIL_LOGS:
                raise
        finally:
            await answers.aclose()


async def _is_over(client: Client, action: ActionIdentifier, attempt: int) -> bool:
    details = await fetch_action(client, action)
    later = any(each.attempt > attempt for each in details.attempts)
    return later or ActionPhase.from_number(int(details.status.phase)).is_terminal
