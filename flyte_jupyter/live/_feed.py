"""One run being watched: keeps a stream open, survives what backends do to streams, and knows when it is over.

A stream is a hint, the state an upsert: updates get lost, come twice or late, and streams end early or fall silent.
So a feed works in passes. A pass is one stream (or, where streams fail, one listing): the backend begins it with
everything and goes on with what changes. A pass that began after the root action's end and came to rest has told the
truth, and the feed is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest, WatchActionsRequest, WatchActionsResponse

from flyte_jupyter.live._client import Client
from flyte_jupyter.live._details import ActionError
from flyte_jupyter.live._errors import ErrorFetcher
from flyte_jupyter.live._listing import list_into, name_actions
from flyte_jupyter.live._model import ROOT, Stale
from flyte_jupyter.live._notifier import Notifier
from flyte_jupyter.live._phases import TERMINAL
from flyte_jupyter.live._state import RunState, wall_ms
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.remote import (
    FlyteError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnimplementedError,
    methods,
)

logger = logging.getLogger("flyte_jupyter")

_FATAL = (UnauthenticatedError, PermissionDeniedError, InvalidArgumentError)
_FULL_PAGE = 1000  # rows in a page of the backend's snapshot when another may follow
_GIVE_UP_STREAMING = 3


class Feed:
    """The feed of one run; made and shared by `Watcher`.

    Args:
        client: The connection.
        run: Which run.
        timing: How patient to be.
        now: The clock, in ms since 1970.
    """

    def __init__(
        self, client: Client, run: RunIdentifier, *, timing: Timing | None = None, now: Callable[[], float] = wall_ms
    ) -> None:
        self.client = client
        self.failure: FlyteError | None = None  # what ended it, other than the run's end
        self.sharers = 0
        self.changes = Notifier()
        self._run_id, self._timing, self._now = run, timing or Timing(), now
        endpoint = client.endpoint
        self.state = RunState(
            run_key(client, run),
            run.project,
            run.domain,
            run.org,
            run.name,
            url=endpoint.console_url(run.project, run.domain, run.name),
            now=now,
        )
        self._errors = ErrorFetcher(lambda: self.client, run, self.state, self.changes.changed, self._timing.backoff)
        self._opening: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        # Of the pass that is on:
        self._heard: float | None = None  # loop time of its last message
        self._page = 0  # rows in its last message
        self._news = False  # whether it changed anything
        self._turn: asyncio.Future[None] | None = None  # done when a wait has to be thought over
        # Over all passes:
        self._heard_ms = now()
        self._failures = self._absent = self._orphans = self._mute = self._restless = 0
        self._polling = False
        self._linger_until: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the root action is terminal."""
        return self.state.head.phase in TERMINAL

    async def opened(self) -> None:
        """Make sure that the run exists, and start following it; shared by all who wait.

        Raises:
            NotFoundError: The backend knows no such run.
            FlyteError: The backend does not answer.
        """
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
        await asyncio.shield(self._opening)

    def restart(self, client: Client) -> None:
        """Go on after a failure ended this feed, perhaps over another connection."""
        self.client, self.failure = client, None
        self._failures = self._absent = self._orphans = self._mute = self._restless = 0
        self._linger_until = None
        self.state.head.over, self.state.head.stale = False, None
        self._task = asyncio.get_running_loop().create_task(self._follow())
        self.changes.changed()

    async def fetch_error(self, action: str) -> ActionError:
        """The whole error of an action, by RunService.GetActionDetails."""
        return await self._errors.fetch(action)

    def close(self) -> None:
        """Stop. What is still under way is cancelled in the next turns of the loop."""
        self._errors.close()
        for task in (self._opening, self._task):
            if task is not None:
                task.cancel()

    async def closed(self) -> None:
        """Wait until nothing of a closed feed is running any more."""
        tasks = [task for task in (self._opening, self._task, self._errors.worker) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self) -> None:
        try:
            await self._look()
        except NotFoundError:
            # Backends say so, too, when their database just failed them.
            await asyncio.sleep(self._timing.backoff)
            try:
                await self._look()
            except NotFoundError as error:
                raise self._not_found(error) from None
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def _look(self) -> None:
        """Ask for the root action; a stream says nothing at all of a run that does not exist."""
        response = await self.client.unary(methods.GET_RUN_DETAILS, GetRunDetailsRequest(run_id=self._run_id))
        self._errors.take(response.details.action)

    def _not_found(self, error: FlyteError) -> NotFoundError:
        state = self.state
        return NotFoundError(
            f"There is no run {state.name} in {state.project}/{state.domain} at {self.client.endpoint.authority}.",
            "Is the name right, and project and domain?",
            error.code,
        )

    async def _follow(self) -> None:
        """Passes, until one has told the truth about a run whose root action ended."""
        head = self.state.head
        try:
            while not await self._pass():
                pass
            await self._errors.complete(self._timing.errors)
            head.stale = None
        except FlyteError as error:
            self.failure = self._not_found(error) if isinstance(error, NotFoundError) else error
            self._stale(str(self.failure))
        except Exception:
            logger.exception("The feed of run %s failed", self.state.name)
            self.failure = FlyteError("Watching this run failed by a defect of flyte_jupyter.", "Its log tells more.")
            self._stale(str(self.failure))
        head.over = True
        self.changes.changed()

    async def _pass(self) -> bool:
        """One pass, and the pause after it; True when the feed is over."""
        loop = asyncio.get_running_loop()
        final, began = self.ended, loop.time()
        self._heard, self._page, self._news, self._turn = None, 0, False, loop.create_future()
        error: FlyteError | None = None
        rest = False
        try:
            rest = await (self._poll() if self._polling else self._stream(began, final))
        except FlyteError as raised:
            error = raised
        if self.ended and self._linger_until is None:
            self._linger_until = loop.time() + self._timing.linger
        if final and rest and (not self.state.live or self._too_late(began)):
            return True
        await self._judge(error, rest, final, loop.time() - began)
        return False

    async def _judge(self, error: FlyteError | None, rest: bool, final: bool, lived: float) -> None:
        """Draw the conclusions of a pass that was not the last, and pause."""
        if error is not None:
            self._classify(error)
        elif self._heard is None:  # not even the root action, which exists
            self._mute += 1
            if rest and self.state.head.stale is None:
                self._stale("The backend sends no news of this run.")
            try:
                await self._look()
            except FlyteError as raised:
                error = raised
                self._classify(error)
        if final and not rest:
            self._restless += 1
        if self._mute > 1 or max(self._orphans, self._restless) >= _GIVE_UP_STREAMING:
            self._polling = True
        if error is None and rest and self._heard is not None:
            if self._polling:
                await asyncio.sleep(self._timing.settle if self.ended else self._timing.poll)
            return
        if self._heard is not None and (self._news or lived > self._timing.backoff_most):
            self._failures = 0
        self._failures += 1
        if self._failures > 1 and self._heard is None and self.state.head.stale is None:
            self._stale(str(error) if error else "The backend sends no news of this run.")
        await asyncio.sleep(self._timing.pause(self._failures))

    def _classify(self, error: FlyteError) -> None:
        """Count an error, and raise it if there is no point in going on."""
        if isinstance(error, _FATAL):
            raise error
        if isinstance(error, NotFoundError):
            self._absent += 1
            if self._absent > 1:
                raise error
        elif isinstance(error, UnimplementedError):
            if self._polling:
                raise error
            self._polling = True
        # Repeats for ever where a child's row sorts before its parent's.
        self._orphans = self._orphans + 1 if "parent node" in str(error) else 0

    async def _stream(self, began: float, final: bool) -> bool:
        """Follow a stream until it ends (False) or is silent for too long (True)."""
        loop = asyncio.get_running_loop()
        reader = loop.create_task(self._read())
        try:
            while (left := self._limit(began, final) - loop.time()) > 0:
                assert self._turn is not None
                await asyncio.wait({reader, self._turn}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if reader.done():
                    reader.result()
                    return False
                if self._turn.done():
                    self._turn = loop.create_future()
            return True
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def _limit(self, began: float, final: bool) -> float:
        """The loop time at which the stream that is on has been silent for too long."""
        timing, heard = self._timing, self._heard
        if heard is None:
            return began + timing.first_message
        if not self.ended:
            return heard + timing.patience(self.state.n)
        if self._linger_until is None:
            self._linger_until = heard + timing.linger
        if not final:
            return min(heard + timing.settle, self._linger_until)
        quiet = heard + (timing.more_pages if self._page >= _FULL_PAGE else timing.drain)
        if self.state.live and not self._too_late(began):
            return max(quiet, self._linger_until)
        return quiet

    def _too_late(self, began: float) -> bool:
        """Whether a pass that began then need not wait for actions that do not end."""
        return self._linger_until is not None and began >= self._linger_until

    async def _read(self) -> None:
        """Take in a stream as it comes; nothing in here waits for anyone but the backend."""
        stream = self.client.stream(methods.WATCH_ACTIONS, WatchActionsRequest(run_id=self._run_id))
        try:
            async for message in stream:
                self._take(message)
        finally:
            await stream.aclose()

    def _take(self, message: WatchActionsResponse) -> None:
        actions = message.enriched_actions
        self._page = len(actions)
        was_ended, first = self.ended, self._heard is None
        changed = self.state.upsert_all(actions)
        self._alive()
        if changed:
            self._after_change(was_ended)
        sooner = self.ended and (first or not was_ended or (changed and not self.state.live))
        if sooner and self._turn is not None and not self._turn.done():
            self._turn.set_result(None)  # `_limit` is not what it was

    def _alive(self) -> None:
        """The backend has spoken."""
        self._heard = asyncio.get_running_loop().time()
        self._heard_ms = self._now()
        self._absent = self._mute = 0
        state = self.state
        told = state.told or self._page < _FULL_PAGE
        if state.head.stale is not None or told != state.told:
            state.told, state.head.stale = told, None
            self.changes.changed()

    def _after_change(self, was_ended: bool) -> None:
        state = self.state
        self._news = True
        if state.failed:
            failed, state.failed = state.failed, []
            for action in failed:
                self._errors.want(action)
        if self.ended and not was_ended:
            self._errors.want(ROOT)
        self.changes.changed()

    async def _poll(self) -> bool:
        """One listing."""
        was_ended = self.ended
        count, changed = await list_into(self.client, self._run_id, self.state)
        if not count:  # nothing is also what listing says of a run that does not exist
            await self._look()
        self._alive()
        if changed or self.state.failed:
            self._after_change(was_ended)
        await name_actions(self._errors, self.state)
        return True

    def _stale(self, reason: str) -> None:
        self.state.head.stale = Stale(since=self._heard_ms, reason=reason)
        self.changes.changed()


def run_key(client: Client, run: RunIdentifier) -> str:
    """The key under which everything of a run is shared."""
    return f"{client.endpoint.authority}|{run.project}/{run.domain}/{run.name}"
