"""Telling streams what changed.

A subscriber never blocks who writes: changes of one action that it has not taken yet fall together, and a slow reader
sees the latest state and no backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable


class Subscription:
    """The changes that one stream has not sent yet. Use it as a context manager."""

    def __init__(self, topic: Topic, wanted: Callable[[Hashable], bool] | None) -> None:
        self._topic = topic
        self._wanted = wanted
        self._pending: dict[Hashable, None] = {}
        self._event = asyncio.Event()

    def __enter__(self) -> Subscription:
        self._topic.subscribers.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._topic.subscribers.discard(self)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to take."""
        return not self._pending

    def offer(self, item: Hashable) -> None:
        """Note that `item` changed, unless this stream does not care."""
        if self._wanted is None or self._wanted(item):
            self._pending[item] = None
            self._event.set()

    async def take(self, timeout: float | None = None) -> list[Hashable]:
        """What changed since the last call, oldest change first; waits for the first one.

        Args:
            timeout: Seconds to wait at most; an empty list says that they passed. None waits for ever.
        """
        if timeout is None:
            await self._event.wait()
        else:
            try:
                await asyncio.wait_for(self._event.wait(), timeout)
            except asyncio.TimeoutError:
                return []
        self._event.clear()
        items = list(self._pending)
        self._pending.clear()
        return items


class Topic:
    """Something that streams subscribe to."""

    __slots__ = ("subscribers",)

    def __init__(self) -> None:
        self.subscribers: set[Subscription] = set()

    def subscribe(self, wanted: Callable[[Hashable], bool] | None = None) -> Subscription:
        """A new subscription, in force once entered; `wanted` picks the items it is told of."""
        return Subscription(self, wanted)

    def publish(self, item: Hashable) -> None:
        """Tell every subscriber that `item` changed."""
        for subscriber in self.subscribers:
            subscriber.offer(item)
