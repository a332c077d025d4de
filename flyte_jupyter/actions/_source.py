"""What a source of events is, and how a trigger joins one."""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flyte_jupyter.remote import FlyteError

if TYPE_CHECKING:
    from flyte_jupyter.actions._dispatch import Connection, Dispatcher
    from flyte_jupyter.actions._events import BaseEvent
    from flyte_jupyter.actions._hub import EventHub
    from flyte_jupyter.actions._trigger import Trigger

logger = logging.getLogger("flyte_jupyter")


@dataclass(frozen=True)
class Patience:
    """The waits of sources, in seconds.

    Attributes:
        poll: Pause between two listings of runs.
        poll_paused: Pause between two listings of what waits for a value.
        backoff: First pause after a failure.
        backoff_most: Longest pause after a failure.
        late: How much later than it says a backend may show a change.
    """

    poll: float = 3.0
    poll_paused: float = 3.0
    backoff: float = 0.5
    backoff_most: float = 30.0
    late: float = 120.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row, with jitter."""
        longest = min(self.backoff_most, self.backoff * 2 ** min(failures - 1, 10))
        return longest * random.uniform(0.75, 1.25)  # noqa: S311


class Reading(NamedTuple):
    """What a source reads, and for whom.

    Attributes:
        hub: Where events go.
        dispatcher: Stores what had happened before.
        connection: The backend.
        patience: How patient to be.
        project: The project.
        domain: The domain.
        run: The run's name, where it is one run.
        over: Called with the run's name when it is over and all of it was told.
    """

    hub: EventHub
    dispatcher: Dispatcher
    connection: Connection
    patience: Patience
    project: str
    domain: str
    run: str = ""
    over: Callable[[str], None] = lambda _: None


class Source(ABC):
    """Reads one thing of a backend and tells the hub what happens, as long as a trigger waits for it.

    Args:
        reading: What to read, and for whom.
    """

    def __init__(self, reading: Reading) -> None:
        self.triggers: dict[int, Trigger] = {}
        self.trouble = ""  # why nothing can be read at present, in words
        self.connection = reading.connection
        self._hub, self._dispatcher, self._patience = reading.hub, reading.dispatcher, reading.patience
        self._project, self._domain, self._name, self._over = reading.project, reading.domain, reading.run, reading.over
        self._admitted: set[int] = set()
        self._news = asyncio.Event()  # set when triggers joined
        self._task = asyncio.get_running_loop().create_task(self._run())

    def join(self, triggers: Iterable[Trigger]) -> None:
        """Serve these triggers from here on, and no others."""
        self.triggers = {trigger.id: trigger for trigger in triggers}
        for gone in self._admitted - self.triggers.keys():
            self._admitted.discard(gone)
        for trigger_id in self._admitted:
            self._hub.activate_trigger(self.triggers[trigger_id])  # it may have changed
        if self.triggers.keys() - self._admitted:
            self._news.set()

    @property
    def ending(self) -> bool:
        """Whether what it reads is over, and its triggers are about to be put to rest."""
        return False

    async def close(self) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @abstractmethod
    def known(self, trigger: Trigger) -> list[BaseEvent]:
        """All that has happened as far as it is known, and a trigger might wait for."""

    @abstractmethod
    async def _read(self) -> None:
        """Read until there is no more to come, or an error."""

    def floor(self, trigger: Trigger) -> float | None:
        """What happened before this time is history to a trigger that joins, though it may not have been read."""
        return None

    async def _admit(self) -> None:
        """Let triggers that joined see events. To be called when `known` knows what there is."""
        self._news.clear()
        for trigger_id in sorted(self.triggers.keys() - self._admitted):
            trigger = self.triggers[trigger_id]
            store = self._hub.store
            if not trigger.baselined:
                past = [] if trigger.replay else [one.id for one in self.known(trigger) if trigger.matches(one)]
                floor = None if trigger.replay else self.floor(trigger)
                await self._dispatcher.stored(store.set_baseline, trigger_id, past, floor)
                if trigger_id not in self.triggers:
                    continue
                trigger = self.triggers[trigger_id] = trigger.model_copy(update={"baselined": True, "floor": floor})
            self._admitted.add(trigger_id)
            self._hub.activate_trigger(trigger)
            # Also what happened while nobody dispatched, or just now while the past was written down.
            for event in self.known(trigger):
                if trigger.matches(event):
                    self._dispatcher.offer(trigger, event)

    async def _run(self) -> None:
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._read()
                return
            except FlyteError as error:
                self.trouble = str(error)
            except Exception:
                logger.exception("A source of events failed")
                self.trouble = "Reading events failed by a defect of flyte_jupyter; its log tells more."
            lasted = asyncio.get_running_loop().time() - began
            failures = 1 if lasted > self._patience.backoff_most else failures + 1
            await asyncio.sleep(self._patience.pause(failures))


REACHED = {
    "running": ("running",),
    "paused": ("running", "paused"),
    "succeeded": ("running", "succeeded"),
    "failed": ("running", "failed"),
    "timed_out": ("running", "timed_out"),
}


def reached(phase: str) -> tuple[str, ...]:
    """The phases that something in this phase has been in for certain, as far as anybody waits for them."""
    return REACHED.get(phase, (phase,))
