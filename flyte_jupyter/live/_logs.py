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
    """Lines of one attempt, taken in until the attempt is over; of the latest one anew with each that begins.

    Args:
        feed: A share of the action's details, which tell the latest attempt.
        attempt: Which attempt, counted from 1; None for the latest, whichever that is.
        timing: How patient to be.
        memory: See `LogBuffer`.

    Attributes:
        attempt: Which attempt it is now, None until it is known.
        buffer: The lines of that attempt.
        note: A sentence where there are none, "" else.
    """

    def __init__(self, feed: ActionFeed, attempt: int | None, timing: Timing, memory: int | None = None) -> None:
        super().__init__()
        self.feed, self.attempt, self._timing, self._memory = feed, attempt, timing, memory
        self._latest = attempt is None
        self._begin(attempt)

    async def work(self) -> None:
        """Follow the log; where the backend cannot be reached, try again for as long as somebody looks."""
        if not self._latest:
            await self._follow()
            return
        attempt = await self._after(0)
        while attempt:
            if attempt != self.attempt:
                self._begin(attempt)
                self.changes.changed()
            attempt = await self._follow_until_next(attempt)

    def _begin(self, attempt: int | None) -> None:
        self.attempt = attempt
        self.buffer = LogBuffer() if self._memory is None else LogBuffer(self._memory)
        self.note = "There is no log yet."
        self._place = LogPlace()

    async def _follow_until_next(self, attempt: int) -> int:
        """Follow until there is a later attempt, and return that; 0 where all is over."""
        following, later = asyncio.create_task(self._follow()), asyncio.create_task(self._after(attempt))
        try:
            await asyncio.wait((following, later), return_when=asyncio.FIRST_COMPLETED)
            if not later.done() or not later.result():
                await following
            return await later
        finally:
            following.cancel()
            later.cancel()
            await asyncio.gather(following, later, return_exceptions=True)

    async def _follow(self) -> None:
        attempt = self.attempt or 1
        failures = 0
        while True:
            batches = log_batches(self.feed.client, self.feed.action, attempt, self._place)
            try:
                async for batch in batches:
                    failures, self.error, self.note = 0, "", ""
                    self.buffer.append(batch.lines, batch.gap)
                    self.changes.changed()
                self.error = ""
                if not self.buffer.end:
                    self.note = "The log is empty."
                break
            except NotFoundError as error:
                self.note = str(error) if not self.buffer.end else ""
                break
            except _FATAL:
                raise
            except FlyteError as error:
                failures += 1
                self.error = str(error)
                self.changes.changed()
            finally:
                await batches.aclose()
            await asyncio.sleep(self._timing.pause(failures))
        self.changes.changed()

    async def _after(self, attempt: int) -> int:
        """The latest attempt as soon as it is a later one; 0 where there will be none."""
        changed = asyncio.Event()
        remove = self.feed.changes.add(changed.set)
        try:
            while True:
                changed.clear()
                details = self.feed.details
                latest = 0 if details is None else latest_attempt(details)
                if latest > attempt:
                    return latest
                if self.feed.ended:
                    if details is None:
                        raise FlyteError(self.feed.error or "The action cannot be read.")
                    return 0
                await changed.wait()
        finally:
            remove()
