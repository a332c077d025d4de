"""Which sources are open: one for each thing that triggers wait for, closed when none is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from flyte_jupyter.actions._source import Patience, Reading, Source
from flyte_jupyter.actions._source_log import LogSource
from flyte_jupyter.actions._source_paused import PausedSource
from flyte_jupyter.actions._source_project import ProjectSource
from flyte_jupyter.actions._source_run import RunSource

if TYPE_CHECKING:
    from flyte_jupyter.actions._dispatch import Connection, Dispatcher
    from flyte_jupyter.actions._hub import EventHub
    from flyte_jupyter.actions._trigger import Trigger


_SOURCES: dict[str, type[Source]] = {
    "run": RunSource,
    "log": LogSource,
    "paused": PausedSource,
    "project": ProjectSource,
}


class _Key(NamedTuple):
    kind: str
    endpoint: str
    project: str
    domain: str
    run: str


class Sources:
    """The sources of this process.

    Args:
        hub: Where events go.
        dispatcher: Who stores what had happened before.
        connections: The connections of this process, by endpoint.
        patience: How patient sources are.
    """

    def __init__(
        self,
        hub: EventHub,
        dispatcher: Dispatcher,
        connections: dict[str, Connection],
        patience: Patience | None = None,
    ) -> None:
        self._hub, self._dispatcher, self._connections = hub, dispatcher, connections
        self._patience = patience or Patience()
        self._open: dict[_Key, Source] = {}
        self._over: dict[tuple[str, str, str], set[str]] = {}  # place -> runs of which all was told
        self._resting: set[asyncio.Task[None]] = set()

    @property
    def troubles(self) -> dict[int, str]:
        """Why nothing can be read at present, by trigger."""
        return {
            trigger: source.trouble for source in self._open.values() if source.trouble for trigger in source.triggers
        }

    async def serve(self, triggers: Iterable[Trigger]) -> None:
        """Open what these triggers wait for, and close what none of them does."""
        wanted: dict[_Key, list[Trigger]] = {}
        for trigger in triggers:
            for key in _keys(trigger):
                if key.endpoint in self._connections:
                    wanted.setdefault(key, []).append(trigger)
        served = {trigger.id for found in wanted.values() for trigger in found}
        for trigger in self._hub.triggers:
            if trigger.id not in served:
                self._hub.deactivate_trigger(trigger)
        for key in [key for key in self._open if key not in wanted]:
            await self._open.pop(key).close()
        for key, found in wanted.items():
            source = self._open.get(key)
            if source is not None and source.connection is not self._connections[key.endpoint]:
                await self._open.pop(key).close()
                source = None
            if source is None:
                source = self._open[key] = self._make(key)
            source.join(found)

    def ending(self, trigger_id: int) -> bool:
        """Whether a trigger is about to be put to rest, because what it waits for is over."""
        return any(source.ending for source in self._open.values() if trigger_id in source.triggers)

    async def rested(self) -> None:
        """Wait until triggers whose runs are over are put to rest."""
        await asyncio.gather(*self._resting, return_exceptions=True)

    async def close(self) -> None:
        """Close all."""
        await self.serve(())
        await self.rested()

    def _make(self, key: _Key) -> Source:
        reading = Reading(
            self._hub,
            self._dispatcher,
            self._connections[key.endpoint],
            self._patience,
            key.project,
            key.domain,
            key.run,
            lambda run: self._rest(key, run),
        )
        return _SOURCES[key.kind](reading)

    def _rest(self, key: _Key, run: str) -> None:
        """Put triggers to rest whose runs are over, after what they still have to do."""
        over = self._over.setdefault((key.kind, key.endpoint, f"{key.project}/{key.domain}"), set())
        over.add(run)
        source = self._open.get(key)
        ids = list(source.triggers) if source is not None else []
        task = asyncio.get_running_loop().create_task(self._dispatcher.stored(self._hub.store.rest, ids, tuple(over)))
        self._resting.add(task)
        task.add_done_callback(self._resting.discard)


def _keys(trigger: Trigger) -> list[_Key]:
    wanted = trigger.event_filter
    place = (wanted.endpoint, wanted.project, wanted.domain)
    if trigger.runs:
        return [_Key("log" if wanted.kind == "log" else "run", *place, run) for run in trigger.runs]
    return [_Key("paused" if wanted.kind == "paused" else "project", *place, "")]
