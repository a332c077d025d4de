"""Events of one run: phases of its actions, and conditions that wait, from the feed that views share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest

from flyte_jupyter.actions._events import ROOT, BaseEvent, PausedEvent, PhaseEvent
from flyte_jupyter.actions._source import Reading, Source, reached
from flyte_jupyter.live import Row, Subscription, watcher
from flyte_jupyter.remote import ActionPhase, methods

if TYPE_CHECKING:
    from flyte_jupyter.actions._trigger import Trigger

_CONDITION = 3  # the column `kind` of the live state


class RunSource(Source):
    """The events of one run.

    Args:
        reading: See `Source`.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._share: Subscription | None = None
        self._task_name = ""
        self._told: list[str] = []  # by row: the phase that was told last
        self._is_over = False  # all of it was told

    @property
    def ending(self) -> bool:
        """Whether the root's phase is one that ends, and the run's last words are still read."""
        if self._share is None or self._is_over:
            return False
        return ActionPhase.from_number(self._share.state.head.phase).is_terminal

    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """The phases that actions have reached, of those actions that the trigger asks for."""
        if self._share is None:
            return []
        state = self._share.state
        action = trigger.event_filter.action
        if trigger.event_filter.kind == "phase" and action != "*":
            row = state.find(action)
            rows: Iterable[int] = () if row is None else (row,)
        else:
            rows = range(state.n)
        return [event for row in rows for event in self._events(state.row(row), "")]

    async def _read(self) -> None:
        client = self.connection.client
        place = RunIdentifier(org=client.org, project=self._project, domain=self._domain, name=self._name)
        answer = await client.unary(methods.GET_RUN_DETAILS, GetRunDetailsRequest(run_id=place))
        self._task_name = answer.details.action.metadata.task.id.name
        share = await watcher().watch(client, self._name, project=self._project, domain=self._domain)
        self._share, self._told = share, []
        changed: set[int] = set()
        moved = asyncio.Event()
        share.state.changes.append(changed)
        share.on_change(moved.set)
        try:
            while True:
                head = share.state.head
                self.trouble = head.stale["reason"] if head.stale is not None else ""
                over = head.over
                if over:
                    await share.wait("over")  # raises where watching ended for another reason
                self._tell(changed)
                if self._news.is_set():
                    await self._admit()
                if over:
                    break
                waits = [asyncio.ensure_future(one.wait()) for one in (moved, self._news)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in waits:
                        one.cancel()
                moved.clear()
            self._is_over = True
            self._over(self._name)
            while True:  # who joins later learns how it ended
                await self._news.wait()
                await self._admit()
                self._over(self._name)
        finally:
            share.state.changes[:] = [one for one in share.state.changes if one is not changed]
            await share.aclose()

    def _tell(self, changed: set[int]) -> None:
        """Publish what is new in the rows that changed, and in new ones."""
        assert self._share is not None
        state = self._share.state
        rows = [*sorted(row for row in changed if row < len(self._told)), *range(len(self._told), state.n)]
        changed.clear()
        self._told.extend("" for _ in range(state.n - len(self._told)))
        watched = [trigger for trigger in self.triggers.values() if trigger.event_filter.kind != "log"]
        names = {trigger.event_filter.action for trigger in watched}
        every = "*" in names or any(trigger.event_filter.kind == "paused" for trigger in watched)
        for number in rows:
            row = state.row(number)
            phase = _phase(row)
            before, self._told[number] = self._told[number], phase
            if before != phase and (every or row.name in names):
                for event in self._events(row, before):
                    self._hub.publish_event(event)

    def _events(self, row: Row, before: str) -> list[BaseEvent]:
        phase = _phase(row)
        place = {
            "endpoint": self.connection.endpoint,
            "project": self._project,
            "domain": self._domain,
            "run": self._name,
            "action": row.name,
            "task": self._task_name if row.name == ROOT else "",
            "time": None if row.ended is None else row.ended / 1000,
        }
        events: list[BaseEvent] = [
            PhaseEvent(**place, phase=one) for one in reached(phase) if one not in (reached(before) if before else ())
        ]
        if row.kind == _CONDITION and phase == "paused":
            events.append(PausedEvent(**place, condition=row.label))
        return events


def _phase(row: Row) -> str:
    return ActionPhase.from_number(row.phase).value
