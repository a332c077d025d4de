"""The log of an attempt, followed while somebody looks at it."""

from __future__ import annotations

import asyncio

from flyte_jupyter.live._facts import latest_attempt
from flyte_jupyter.live._follow import ActionFeed
from flyte_jupyter.live._logbuffer import LogBuffer
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.live._topic import Topic
from flyte_jupyter.remote import (
    FlyteError,
    InvalidArgumentError,
    LogPlace,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnimplementedError,
    log_batches,
)

_FATAL = (InvalidArgumentError, PermissionDeniedError, UnauthenticatedError, UnimplementedError)


class LogTopic(Topic):
    """Lines of one attempt, taken in until the attempt is over.

    Args:
        feed: A share of the action's details, which tell the latest attempt.
        attempt: Which attempt, counted from 1; None for the latest when it is first looked at.
        timing: How patient to be.
        memory: See `LogBuffer`.

    Attributes:
        attempt: Which attempt it is, None until it is known.
        buffer: The lines.
        note: A sentence where there are none, "" else.
    """

    def __init__(self, feed: ActionFeed, attempt: int | None, timing: Timing, memory: int | None = None) -> None:
        super().__init__()
        self.feed, self.attempt, self._timing = feed, attempt, timing
        self.buffer = LogBuffer() if memory is None else LogBuffer(memory)
        self.note = "There is no log yet."

    async def work(self) -> None:
        """Follow the log; where the backend cannot be reached, try again for as long as somebody looks."""
        attempt = self.attempt = self.attempt or await self._latest()
        self.changes.changed()
        place = LogPlace()
        failures = 0
        while True:
            batches = log_batches(self.feed.client, self.feed.action, attempt, place)
            try:
                async for batch in batches:
                    failures, self.error, self.note = 0, "", ""
                    self.buffer.append(batch.lines, batch.gap)
                    self.changes.changed()
                self.error = ""
                if not self.buffer.end:
                    self.note = "The log is empty."
                return
            except NotFoundError as error:
                self.note = str(error) if not self.buffer.end else ""
                return
            except _FATAL:
                raise
            except FlyteError as error:
                failures += 1
                self.error = str(error)
                self.changes.changed()
            finally:
                await batches.aclose()
            await asyncio.sleep(self._timing.pause(failures))

    async def _latest(self) -> int:
        changed = asyncio.Event()
        remove = self.feed.changes.add(changed.set)
        try:
            while (details := self.feed.details) is None:
                if self.feed.ended:
                    raise FlyteError(self.feed.error or "The action cannot be read.")
                await changed.wait()
                changed.clear()
        finally:
            remove()
        return latest_attempt(details)
