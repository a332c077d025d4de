"""Lines of the logs of one run that somebody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow import run_definition_pb2

from flyte_jupyter.actions._events import BaseEvent, LogEvent
from flyte_jupyter.actions._source import Patience, Source
from flyte_jupyter.live import watcher
from flyte_jupyter.remote import Action, ActionPhase, NotFoundError

if TYPE_CHECKING:
    from flyte_jupyter.actions._dispatch import Connection, Dispatcher
    from flyte_jupyter.actions._hub import EventHub
    from flyte_jupyter.actions._trigger import Trigger
    from flyte_jupyter.live import RunState

_TASK = 1  # the column `kind` of the live state
_AT_ONCE = 32
_LONGEST = 10_000
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\dT[^\]]+)\] ")


class LogSource(Source):
    """The logs of one run: of every task that runs, up to 32 at a time.

    Args:
        hub: See `Source`.
        dispatcher: See `Source`.
        connection: See `Source`.
        patience: See `Source`.
        project: The run's project.
        domain: The run's domain.
        run: The run's name.
        over: Called with the run's name when it is over and its logs were read.
    """

    def __init__(
        self,
        hub: EventHub,
        dispatcher: Dispatcher,
        connection: Connection,
        patience: Patience,
        project: str,
        domain: str,
        run: str,
        over: Callable[[str], None],
    ) -> None:
        self._project, self._domain, self._name, self._over = project, domain, run, over
        self._followers: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        super().__init__(hub, dispatcher, connection, patience)

    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """Nothing: lines are not kept."""
        return []

    def floor(self, trigger: Trigger) -> float | None:
        """Lines from before it was armed are history."""
        return trigger.created

    def join(self, triggers: Iterable[Trigger]) -> None:
        """Serve these triggers; for one that wants what was written before, the logs are read anew."""
        super().join(triggers)
        if any(self.triggers[one].replay for one in self.triggers.keys() - self._admitted):
            self._forget()

    async def _read(self) -> None:
        client = self.connection.client
        share = await watcher().watch(client, self._name, project=self._project, domain=self._domain)
        moved = asyncio.Event()
        share.on_change(moved.set)
        try:
            while True:
                if self._news.is_set():
                    await self._admit()
                over = share.state.head.over
                if over:
                    await share.wait("over")
                self._follow(share.state)
                going = {task for task in self._followers.values() if not task.done()}
                if over and not going:
                    self._over(self._name)
                waits = {asyncio.ensure_future(one.wait()) for one in (moved, self._news)}
                try:
                    await asyncio.wait(waits | going, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in waits:
                        one.cancel()
                moved.clear()
        finally:
            self._forget()
            await share.aclose()

    def _follow(self, state: RunState) -> None:
        """Follow the log of each attempt that somebody asks for and that is not followed."""
        names = {self.triggers[one].event_filter.action for one in self._admitted}
        for row in range(state.n):
            phase = ActionPhase.from_number(state.phase[row])
            if state.kind[row] != _TASK or (phase.number < ActionPhase.RUNNING.number):
                continue
            name = state.row(row).name
            if "*" not in names and name not in names:
                continue
            for attempt in range(1, max(state.attempts[row], 1) + 1):
                if (name, attempt) not in self._followers:
                    self._followers[name, attempt] = asyncio.get_running_loop().create_task(
                        self._follow_one(name, attempt)
                    )

    def _forget(self) -> None:
        for task in self._followers.values():
            task.cancel()
        self._followers.clear()

    async def _follow_one(self, name: str, attempt: int) -> None:
        client = self.connection.client
        place = RunIdentifier(org=client.org, project=self._project, domain=self._domain, name=self._name)
        action = Action(run_definition_pb2.Action(id=ActionIdentifier(run=place, name=name)), client=client)
        counts: Counter[str] = Counter()
        async with self._slots:
            with contextlib.suppress(NotFoundError):  # it has none
                lines: Any = action.get_logs.aio(attempt, show_ts=True)
                async with contextlib.aclosing(lines):
                    async for text in lines:
                        counts[text] += 1
                        self._publish(name, attempt, text, counts[text])

    def _publish(self, name: str, attempt: int, text: str, ordinal: int) -> None:
        stamp = _STAMP.match(text)
        event = LogEvent(
            endpoint=self.connection.endpoint,
            project=self._project,
            domain=self._domain,
            run=self._name,
            action=name,
            time=None if stamp is None else datetime.fromisoformat(stamp.group(1)).timestamp(),
            line=(text if stamp is None else text[stamp.end() :])[:_LONGEST],
            attempt=attempt,
            stamp="" if stamp is None else stamp.group(1),
            ordinal=ordinal,
        )
        self._hub.publish_event(event)
