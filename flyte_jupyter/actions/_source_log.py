"""Lines of the logs of one run that somebody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow import run_definition_pb2

from flyte_jupyter.actions._events import BaseEvent, LogEvent
from flyte_jupyter.actions._source import Reading, Source
from flyte_jupyter.live import watcher
from flyte_jupyter.remote import Action, ActionPhase, FlyteError, NotFoundError

if TYPE_CHECKING:
    from flyte_jupyter.actions._trigger import Trigger
    from flyte_jupyter.live import RunState

_TASK = 1  # the column `kind` of the live state
_AT_ONCE = 32
_LONGEST = 10_000
_ATTEMPTS_WHEN_OVER = 5
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\dT[^\]]+)\] ")


class LogSource(Source):
    """The logs of one run: of every task that runs, up to 32 at a time.

    Args:
        reading: See `Source`.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._followers: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._failing: dict[tuple[str, int], str] = {}  # why a log cannot be read at present
        self._moved = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """Nothing: lines are not kept."""
        return []

    def floor(self, trigger: Trigger) -> float | None:
        """Lines from before it was armed, or resumed, are history."""
        return trigger.created if trigger.floor is None else trigger.floor

    def join(self, triggers: Iterable[Trigger]) -> None:
        """Serve these triggers; for one that wants what was written before, the logs are read anew."""
        super().join(triggers)
        if any(self.triggers[one].replay for one in self.triggers.keys() - self._admitted):
            self._forget()

    async def _read(self) -> None:
        client = self.connection.client
        share = await watcher().watch(client, self._name, project=self._project, domain=self._domain)
        share.on_change(self._moved.set)
        try:
            while True:
                if self._news.is_set():
                    await self._admit()
                head = share.state.head
                over = head.over
                unreadable = next(iter(self._failing.values()), "")
                self.trouble = head.stale["reason"] if head.stale is not None else unreadable
                if over:
                    await share.wait("over")
                self._follow(share.state)
                going = {task for task in self._followers.values() if not task.done()}
                if over and not going:
                    self._over(self._name)
                waits = {asyncio.ensure_future(one.wait()) for one in (self._moved, self._news)}
                try:
                    await asyncio.wait(waits | going, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in waits:
                        one.cancel()
                self._moved.clear()
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
                        self._follow_one(state, name, attempt)
                    )

    def _forget(self) -> None:
        for task in self._followers.values():
            task.cancel()
        self._followers.clear()
        self._failing.clear()

    async def _follow_one(self, state: RunState, name: str, attempt: int) -> None:
        """Read one log to its end, again where that fails; only a run that is over is given up."""
        failures = 0
        while True:
            try:
                with contextlib.suppress(NotFoundError):  # it has none
                    async with self._slots:
                        await self._read_one(name, attempt)
                self._failing.pop((name, attempt), None)
                return
            except FlyteError as error:
                failures += 1
                self._failing[name, attempt] = str(error)
                self._moved.set()
            if state.head.over and failures >= _ATTEMPTS_WHEN_OVER:
                return
            await asyncio.sleep(self._patience.pause(failures))

    async def _read_one(self, name: str, attempt: int) -> None:
        client = self.connection.client
        place = RunIdentifier(org=client.org, project=self._project, domain=self._domain, name=self._name)
        action = Action(run_definition_pb2.Action(id=ActionIdentifier(run=place, name=name)), client=client)
        counts: Counter[str] = Counter()
        lines: Any = action.get_logs.aio(attempt, show_ts=True)
        async with contextlib.aclosing(lines):
            async for text in lines:
                if self._failing.pop((name, attempt), ""):
                    self._moved.set()
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
