"""Events of a project: runs that appear and change phase, whatever their name.

The stream of runs says nothing of new ones, and drops some: it only tells when to look. What is listed is the truth.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from flyteidl2.common.identifier_pb2 import ProjectIdentifier
from flyteidl2.workflow.run_service_pb2 import WatchRunsRequest

from flyte_jupyter.actions._events import AppearedEvent, BaseEvent, PhaseEvent
from flyte_jupyter.actions._source import Reading, Source, reached
from flyte_jupyter.remote import FlyteError, Run, TimeFilter, methods

if TYPE_CHECKING:
    from flyte_jupyter.actions._trigger import Trigger

_PAGE = 200
_CURSOR_STEP = 60.0


class _Seen(NamedTuple):
    phase: str
    task: str
    created: float | None
    ended: float | None

    @property
    def last(self) -> float:
        """The latest time that the backend told, in seconds since 1970."""
        return self.ended or self.created or 0.0


class ProjectSource(Source):
    """The runs of a project and domain.

    Args:
        reading: See `Source`.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._runs: dict[str, _Seen] = {}
        self._floor: float | None = None
        self._newest = 0.0
        self._written = 0.0  # the cursor as stored
        self._hint = asyncio.Event()

    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """What the runs that were read have been through."""
        return [event for name, run in self._runs.items() for event in self._events(name, run, None)]

    def join(self, triggers: Iterable[Trigger]) -> None:
        """Serve these triggers, and look at once for them."""
        super().join(triggers)
        self._hint.set()

    def floor(self, trigger: Trigger) -> float | None:
        """The oldest time that was read, where there was more."""
        return self._floor

    async def _read(self) -> None:
        hints = asyncio.get_running_loop().create_task(self._listen())
        try:
            await self._first_look()
            while True:
                self.trouble = ""
                if self._news.is_set():
                    await self._admit()
                await self._write_cursor()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._hint.wait(), self._patience.poll)
                self._hint.clear()
                await self._look(self._newest - self._patience.late if self._newest else None)
        finally:
            hints.cancel()
            await asyncio.gather(hints, return_exceptions=True)

    async def _first_look(self) -> None:
        """Read on from where somebody stopped, or, with no such place, what is newest."""
        cursors = [one.cursor for one in self.triggers.values() if one.baselined and one.cursor is not None]
        if self._runs:
            await self._look(self._newest - self._patience.late)
        elif cursors:
            self._newest = min(cursors)
            await self._look(self._newest - self._patience.late)
        if not self._runs:
            count = 0
            async with aclosing(self._list(None, _PAGE, newest_first=True)) as runs:
                async for run in runs:
                    self._take(run)
                    count += 1
            if count == _PAGE:
                self._floor = min(run.last for run in self._runs.values())
        if self._floor is None and self._newest:
            # Further back nothing was read where somebody had read on from a cursor.
            self._floor = min((run.last for run in self._runs.values()), default=None)

    async def _look(self, since: float | None) -> None:
        async with aclosing(self._list(since, None)) as runs:
            async for run in runs:
                self._take(run)
        horizon = self._newest - 4 * self._patience.late
        for name in [name for name, run in self._runs.items() if run.ended is not None and run.ended < horizon]:
            del self._runs[name]
            self._floor = max(self._floor or 0.0, horizon)

    def _list(self, since: float | None, limit: int | None, *, newest_first: bool = False) -> Any:
        after = None if since is None else TimeFilter(after=datetime.fromtimestamp(max(since, 0), timezone.utc))
        return Run.listall.aio(
            sort_by=("updated_at", "desc" if newest_first else "asc"),
            limit=limit,
            project=self._project,
            domain=self._domain,
            updated_at=after,
            client=self.connection.client,
        )

    def _take(self, run: Run) -> None:
        ended = run.action.end_time
        created = run.start_time
        seen = _Seen(
            run.phase.value,
            run.task_name or "",
            None if created is None else created.timestamp(),
            None if ended is None else ended.timestamp(),
        )
        before = self._runs.get(run.name)
        self._runs[run.name] = seen
        self._newest = max(self._newest, seen.last)
        if before is None or before.phase != seen.phase:
            for event in self._events(run.name, seen, before):
                self._hub.publish_event(event)

    def _events(self, name: str, run: _Seen, before: _Seen | None) -> list[BaseEvent]:
        place: dict[str, Any] = {
            "endpoint": self.connection.endpoint,
            "project": self._project,
            "domain": self._domain,
            "run": name,
            "task": run.task,
        }
        events: list[BaseEvent] = []
        if before is None:
            events.append(AppearedEvent(**place, time=run.created))
        told = reached(before.phase) if before else ()
        events += [PhaseEvent(**place, time=run.ended, phase=one) for one in reached(run.phase) if one not in told]
        return events

    async def _write_cursor(self) -> None:
        if self._newest > self._written + _CURSOR_STEP or (self._newest and not self._written):
            self._written = self._newest
            await self._dispatcher.stored(self._hub.store.set_cursor, list(self._admitted), self._newest)

    async def _listen(self) -> None:
        """Look at once when the stream says that something changed."""
        client, failures = self.connection.client, 0
        scope = ProjectIdentifier(organization=client.org, name=self._project, domain=self._domain)
        while True:
            try:
                stream = client.stream(methods.WATCH_RUNS, WatchRunsRequest(project_id=scope))
                try:
                    async for _ in stream:
                        failures = 0
                        self._hint.set()
                finally:
                    await stream.aclose()
            except FlyteError:
                pass  # looking every few seconds does without
            failures += 1
            await asyncio.sleep(self._patience.pause(failures))
