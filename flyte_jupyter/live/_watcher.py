"""Who watches what: one feed per run, shared, and closed when nobody is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from flyteidl2.common.identifier_pb2 import RunIdentifier

from flyte_jupyter.live._client import Client
from flyte_jupyter.live._details import ActionError
from flyte_jupyter.live._feed import Feed, run_key
from flyte_jupyter.live._phases import RUNNING, TERMINAL
from flyte_jupyter.live._state import RunState, wall_ms
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.remote import FlyteError

Condition = Literal["running", "terminal", "over"]


class Subscription:
    """A share in the feed of a run. For use on the background loop's thread; close it, or leave it as a context.

    Attributes:
        state: What is known of the run. It stays readable after closing.
    """

    def __init__(self, feed: Feed, release: Callable[[Subscription], None]) -> None:
        self.state: RunState = feed.state
        self._feed = feed
        self._release = release
        self._removers: list[Callable[[], None]] = []
        self._closed = asyncio.get_running_loop().create_future()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on the loop's thread after changes, once per turn of the loop.

        Returns:
            A function that ends it; closing the subscription does, too.
        """
        remove = self._feed.changes.add(callback)
        self._removers.append(remove)
        return remove

    async def wait(self, until: Condition = "terminal") -> None:
        """Wait until the run is so far.

        Args:
            until: "running" (or further), "terminal" (the root action ended), or "over" (and everything is known).

        Raises:
            FlyteError: Watching ended before that: the sentence says why.
        """
        if until not in ("running", "terminal", "over"):
            raise ValueError(f'Wait for "running", "terminal" or "over", not {until!r}.')
        while not self._reached(until):
            if self._feed.failure is not None:
                raise self._feed.failure
            if self._closed.done():
                raise FlyteError(f"Watching run {self.state.name} was ended before the run was {until}.")
            change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            remove = self._feed.changes.add(lambda change=change: None if change.done() else change.set_result(None))
            try:
                await asyncio.wait({change, self._closed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                remove()

    async def fetch_error(self, action: str) -> ActionError:
        """Why an action failed, the whole text, by RunService.GetActionDetails.

        Raises:
            FlyteError: The backend does not answer, or knows no such action.
        """
        return await self._feed.fetch_error(action)

    def close(self) -> None:
        """Give the share back. The last one ends the feed."""
        if not self._closed.done():
            self._closed.set_result(None)
            for remove in self._removers:
                remove()
            self._release(self)

    async def aclose(self) -> None:
        """Close, and wait until nothing is running that was there for this share alone."""
        self.close()
        if not self._feed.sharers:
            await self._feed.closed()

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _reached(self, until: Condition) -> bool:
        head = self.state.head
        if until == "over":
            return head.over and self._feed.failure is None
        return head.phase in TERMINAL or (until == "running" and head.phase >= RUNNING)


class Watcher:
    """Shares feeds by run. For use on the background loop's thread; `watcher()` is the one of the process.

    Args:
        timing: How patient feeds are.
        now: The clock, in ms since 1970.
    """

    def __init__(self, *, timing: Timing | None = None, now: Callable[[], float] = wall_ms) -> None:
        self._timing, self._now = timing, now
        self._feeds: dict[str, Feed] = {}
        self._subscriptions: set[Subscription] = set()

    @property
    def keys(self) -> list[str]:
        """The keys of the runs that are being watched, or whose last state someone holds."""
        return list(self._feeds)

    async def watch(
        self,
        client: Client,
        run_name: str,
        *,
        project: str | None = None,
        domain: str | None = None,
        org: str | None = None,
    ) -> Subscription:
        """Watch a run. All who watch the same run share one feed and one state.

        Args:
            client: The connection.
            run_name: The run.
            project: Its project, if it is not the client's; domain and org likewise.
            domain: See `project`.
            org: See `project`.

        Returns:
            A share in the feed, with the root action in its state.

        Raises:
            NotFoundError: There is no such run.
            FlyteError: The backend does not answer.

        Example:
            >>> async with await watcher().watch(client, "r1") as run:  # doctest: +SKIP
            ...     await run.wait("terminal")
            ...     print(run.state.counts())
        """
        run = RunIdentifier(
            org=client.org if org is None else org,
            project=project or client.project,
            domain=domain or client.domain,
            name=run_name,
        )
        key = run_key(client, run)
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(client, run, timing=self._timing, now=self._now)
        elif feed.failure is not None:
            feed.restart(client)
        elif feed.state.head.stale is not None:
            feed.client = client  # perhaps newly connected, because the old connection is dead
        subscription = Subscription(feed, self._leave)
        feed.sharers += 1
        self._subscriptions.add(subscription)
        try:
            await feed.opened()
        except BaseException:
            subscription.close()
            raise
        return subscription

    async def close(self) -> None:
        """End every feed."""
        feeds = list(self._feeds.values())
        for subscription in tuple(self._subscriptions):
            subscription.close()
        await asyncio.gather(*(feed.closed() for feed in feeds))

    def _leave(self, subscription: Subscription) -> None:
        key = subscription.state.key
        feed = self._feeds[key]
        feed.sharers -= 1
        self._subscriptions.remove(subscription)
        if not feed.sharers:
            del self._feeds[key]
            feed.close()


_watcher: Watcher | None = None


def watcher() -> Watcher:
    """The watcher of this process."""
    global _watcher
    if _watcher is None:
        _watcher = Watcher()
    return _watcher
