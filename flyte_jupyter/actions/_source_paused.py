"""Conditions that wait for a value, in all runs of a project."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from flyte_jupyter.actions._events import BaseEvent, PausedEvent
from flyte_jupyter.actions._place import placed
from flyte_jupyter.actions._source import Reading, Source
from flyte_jupyter.remote import Condition, Run

if TYPE_CHECKING:
    from flyte_jupyter.actions._trigger import Trigger


class PausedSource(Source):
    """The conditions that wait for a value, in all runs of a project and domain.

    Args:
        reading: See `Source`.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._waiting: dict[str, PausedEvent] = {}

    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """What waits at present."""
        return list(self._waiting.values())

    async def _read(self) -> None:
        while True:
            await self._look()
            self.trouble = ""
            if self._news.is_set():
                await self._admit()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._patience.poll_paused)

    async def _look(self) -> None:
        client = self.connection.client
        waiting: dict[str, PausedEvent] = {}
        listed: Any = Run.listall.aio(
            paused_actions_only=True, limit=None, project=self._project, domain=self._domain, client=client
        )
        async with aclosing(listed) as runs:
            async for run in runs:
                for event in await self._conditions(run):
                    waiting[event.id] = event
        news = [event for event_id, event in waiting.items() if event_id not in self._waiting]
        self._waiting = waiting
        for event in news:
            self._hub.publish_event(event)

    async def _conditions(self, run: Run) -> list[PausedEvent]:
        client = placed(self.connection.client, self._project, self._domain)
        listed: Any = Condition.listall.aio(run.name, client=client)
        async with aclosing(listed) as conditions:
            return [self._event(run, condition) async for condition in conditions if condition.phase == "paused"]

    def _event(self, run: Run, condition: Condition) -> PausedEvent:
        return PausedEvent(
            endpoint=self.connection.endpoint,
            project=self._project,
            domain=self._domain,
            run=run.name,
            action=condition.action_name,
            condition=condition.name,
        )
