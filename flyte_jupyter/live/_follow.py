"""Follows the details of one action; every topic of that action but its logs is made of them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage
from flyteidl2.workflow.run_service_pb2 import GetActionDetailsRequest

from flyte_jupyter.live._details import error_of
from flyte_jupyter.live._phases import REVERSIBLE, TERMINAL
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.live._topic import Topic
from flyte_jupyter.remote import (
    ActionDetails,
    Client,
    FlyteError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
    methods,
)

_FATAL = (InvalidArgumentError, NotFoundError, PermissionDeniedError, UnauthenticatedError)
_LATE_ERRORS = 3


class ActionFeed(Topic):
    """The details of an action, kept up to date until it is over.

    Args:
        client: The connection.
        action: The action.
        timing: How patient to be.

    Attributes:
        details: The latest, None before the first.
    """

    def __init__(self, client: Client, action: ActionIdentifier, timing: Timing) -> None:
        super().__init__()
        self.client, self.action, self._timing = client, action, timing
        self.details: DetailsMessage | None = None
        self._again = False  # the phase that is known is not the last one any more

    @property
    def over(self) -> bool:
        """Whether the action's phase is terminal, as far as is known."""
        return not self._again and self.details is not None and int(self.details.status.phase) in TERMINAL

    async def work(self) -> None:
        """Follow; where the backend cannot be reached, try again for as long as somebody looks."""
        failures = 0
        while not self.over:
            try:
                await self._watch()
                failures = 0 if self.over else failures + 1
            except _FATAL:
                raise
            except FlyteError as error:
                failures += 1
                self.error = str(error)
                self.changes.changed()
            if failures:
                await asyncio.sleep(self._timing.pause(failures))
        await self._await_error()

    async def _watch(self) -> None:
        updates: Any = ActionDetails.watch.aio(self.action, client=self.client)
        try:
            async for details in updates:
                self._take(details.pb2)
        finally:
            await updates.aclose()

    def told(self, phase: int) -> bool:
        """The run's own feed has seen a phase of this action: one that was over may go on. True if it does."""
        if not self.ended or self.error or self.details is None or phase == int(self.details.status.phase):
            return False
        self._again = True
        self.start()
        return True

    async def _await_error(self) -> None:
        """The phase is sometimes told before the error is."""
        for attempt in range(1, _LATE_ERRORS + 1):
            details = self.details
            if details is None or int(details.status.phase) not in REVERSIBLE or error_of(details) is not None:
                return
            await asyncio.sleep(self._timing.backoff * attempt)
            request = GetActionDetailsRequest(action_id=self.action)
            self._take((await self.client.unary(methods.GET_ACTION_DETAILS, request)).details)

    def _take(self, details: DetailsMessage) -> None:
        self.details = DetailsMessage()
        self.details.CopyFrom(details)
        self.error, self._again = "", False
        self.changes.changed()


class OfAction(Topic):
    """The base of topics that are made of an action's details.

    Args:
        feed: A share of the action's details.

    Attributes:
        every: Seconds after which the details are taken in again though they are the same; None for never.
    """

    every: float | None = None

    def __init__(self, feed: ActionFeed) -> None:
        super().__init__()
        self.feed = feed

    async def work(self) -> None:
        """Take in the details whenever they change, until the action is over."""
        changed = asyncio.Event()
        remove = self.feed.changes.add(changed.set)
        try:
            while True:
                changed.clear()
                ended, details = self.feed.ended, self.feed.details
                self.error = self.feed.error
                if details is not None:
                    await self.take(details)
                self.changes.changed()
                if ended:
                    return
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), self.every)
        finally:
            remove()

    async def take(self, details: DetailsMessage) -> None:
        """Take in the details of the action."""
