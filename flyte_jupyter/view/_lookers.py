"""Serves those in the page who look at something: a task for each look, paced; on the background loop's thread only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flyte_jupyter.live import Looks, Sight
from flyte_jupyter.remote import FlyteError, InvalidArgumentError
from flyte_jupyter.view._tables import Query

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._hub import Channel
    from flyte_jupyter.view._tables import Table
    from flyte_jupyter.view._views import Views

_log = logging.getLogger(__name__)

PIECE = 1 / 20  # seconds between two pieces of a log
IN_SIGHT = 1 / 5  # between two sights of anything else
HIDDEN = 2.0


@dataclass(eq=False)
class _Looker:
    channel: Channel
    vid: str
    lid: str
    seq: int = 0
    seen: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def send(self, sight: Sight) -> None:
        self.seq += 1
        content: dict[str, Any] = {"type": "sight", "lid": self.lid, "seq": self.seq}
        if sight.value is not None:
            content["value"] = sight.value
        if sight.error:
            content["error"] = sight.error
        if sight.end:
            content["end"] = True
        self.channel.post(content, list(sight.buffers))


class Lookers:
    """All who look. Each look ends with `away`, with its mount, or with its channel.

    Args:
        views: the views of this kernel.
        looks: what can be looked at of actions.
    """

    def __init__(self, views: Views, looks: Looks) -> None:
        self._views = views
        self._looks = looks
        self._lookers: dict[tuple[Channel, str], _Looker] = {}
        self._hidden: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many looks are being served."""
        return len(self._lookers)

    def look(
        self, channel: Channel, vid: str, lid: str, topic: str, run: str, action: str, params: dict[str, Any]
    ) -> None:
        """Begin to serve a look; one with the same id begins anew."""
        self.away(channel, lid)
        looker = self._lookers[channel, lid] = _Looker(channel, vid, lid)
        serve = self._table(looker, params) if topic == "table" else self._action(looker, topic, run, action, params)
        looker.task = asyncio.get_running_loop().create_task(self._serve(looker, serve))
        self._tasks.add(looker.task)
        looker.task.add_done_callback(self._tasks.discard)

    def away(self, channel: Channel, lid: str) -> None:
        """Serve a look no longer."""
        looker = self._lookers.pop((channel, lid), None)
        if looker is not None and looker.task is not None:
            looker.task.cancel()

    def gone(self, vid: str) -> None:
        """Serve no look of this mount any longer."""
        self._hidden.discard(vid)
        for (channel, lid), looker in tuple(self._lookers.items()):
            if looker.vid == vid:
                self.away(channel, lid)

    def drop(self, channel: Channel) -> None:
        """Serve no look of this channel any longer."""
        for other, lid in tuple(self._lookers):
            if other is channel:
                self.away(channel, lid)

    def seen(self, vid: str, visible: bool) -> None:
        """Note whether a mount is in sight."""
        if not visible:
            self._hidden.add(vid)
            return
        self._hidden.discard(vid)
        for looker in self._lookers.values():
            if looker.vid == vid:
                looker.seen.set()

    def changed(self, state: RunState) -> None:
        """The state of a run has changed."""
        self._looks.changed(state)

    async def _serve(self, looker: _Looker, sights: AsyncGenerator[Sight, None]) -> None:
        try:
            async with aclosing(sights):
                async for sight in sights:
                    looker.send(sight)
        except FlyteError as error:
            looker.send(Sight(None, str(error), end=True))
        except Exception:
            _log.debug("a look could not be served", exc_info=True)

    async def _pause(self, looker: _Looker, in_sight: float) -> None:
        """Wait until it is time for the next sight; what comes into sight need not wait."""
        if looker.vid not in self._hidden:
            await asyncio.sleep(in_sight)
            return
        looker.seen.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(looker.seen.wait(), HIDDEN)

    async def _action(
        self, looker: _Looker, topic: str, run: str, action: str, params: dict[str, Any]
    ) -> AsyncGenerator[Sight, None]:
        target = self._views.target_by_key(run)
        look = self._looks.look(target.client, target.identifier, action, topic, params)
        changed = asyncio.Event()
        look.on_change(changed.set)
        try:
            while True:
                changed.clear()
                while (sight := look.next()) is not None:
                    yield sight
                    if sight.buffers:
                        await self._pause(looker, PIECE)
                await self._pause(looker, PIECE if topic == "logs" else IN_SIGHT)
                await changed.wait()
        finally:
            look.close()

    async def _table(self, looker: _Looker, params: dict[str, Any]) -> AsyncGenerator[Sight, None]:
        view = self._views.table_of(looker.vid)
        if view is None:
            raise InvalidArgumentError("This kernel shows no such table; run its cell again.")
        table, query = view.table, Query.of(view.table, params)
        last: Sight | None = None
        while True:
            try:
                sight = Sight(table.page(query, await table.read(query)))
            except FlyteError as error:
                sight = Sight(None, str(error))
            if sight != last:
                yield sight
                last = sight
            await self._until_due(table, looker)

    async def _until_due(self, table: Table, looker: _Looker) -> None:
        changed = asyncio.Event()
        remove = table.changes.add(changed.set)
        loop = asyncio.get_running_loop()
        due = loop.time() + table.every
        try:
            while not changed.is_set() and (loop.time() < due or looker.vid in self._hidden):
                try:
                    await asyncio.wait_for(changed.wait(), max(due - loop.time(), HIDDEN))
                except asyncio.TimeoutError:
                    continue
        finally:
            remove()
