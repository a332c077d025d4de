"""Something of an action that may be looked at: read while somebody looks, shared by all who do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from flyte_jupyter.live._notifier import Notifier
from flyte_jupyter.remote import FlyteError

logger = logging.getLogger("flyte_jupyter")


class Sight(NamedTuple):
    """What there is to see now.

    Attributes:
        value: JSON-able; None where nothing is known yet, or nothing more came.
        error: Why it cannot be read, or is no longer; "" if it can.
        end: Nothing more will come.
        buffers: Binary parts of the value.
    """

    value: dict[str, Any] | None
    error: str = ""
    end: bool = False
    buffers: tuple[bytes, ...] = ()


class Topic:
    """The base of all topics. A topic works in one task, from the first share to the last `release`.

    Attributes:
        changes: Tells callbacks that there is something else to see.
        error: Why it cannot be read, "" if it can.
        ended: Nothing more will come.
    """

    def __init__(self) -> None:
        self.changes = Notifier()
        self.error = ""
        self.ended = False
        self.sharers = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, or begin anew after an end."""
        if self._task is None or self._task.done():
            self.ended = False
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """End the work."""
        if self._task is not None:
            self._task.cancel()

    async def stopped(self) -> None:
        """Wait until nothing of a stopped topic is running any more."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def see(self) -> dict[str, Any] | None:
        """What is known now, None for nothing."""
        return None

    async def work(self) -> None:
        """Read, until there is nothing more to come. A `FlyteError` that leaves is shown, and ends the topic."""
        raise NotImplementedError

    async def _run(self) -> None:
        try:
            await self.work()
        except FlyteError as error:
            self.error = str(error)
        except Exception:
            logger.exception("A look failed")
            self.error = "This cannot be shown because of a defect of flyte_jupyter; its log tells more."
        self.ended = True
        self.changes.changed()


class Shares:
    """Topics by key, each there once: made for the first who wants it, stopped when the last has let go."""

    def __init__(self) -> None:
        self._topics: dict[tuple[str, ...], Topic] = {}

    def __len__(self) -> int:
        return len(self._topics)

    def take(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """A share of the topic `key`, made by `make` if it is not there. To be let go by `release`."""
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = make()
        topic.sharers += 1
        if topic.sharers == 1:
            topic.start()
        return topic

    def of(self, action: str, key: str) -> list[Topic]:
        """The topics of an action of a run."""
        return [topic for parts, topic in self._topics.items() if parts[:2] == (key, action)]

    def release(self, topic: Topic) -> None:
        """Let go of a share."""
        topic.sharers -= 1
        if topic.sharers:
            return
        topic.stop()
        self._topics = {key: other for key, other in self._topics.items() if other is not topic}
