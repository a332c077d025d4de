"""`%flyte_on list` and `history` as live tables, and what the views tell of armed actions."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from flyte_jupyter import view
from flyte_jupyter.actions import ActionsError, Armed, add_notifier, armed_rows, history_rows, service
from flyte_jupyter.remote import FlyteError, background

if TYPE_CHECKING:
    from collections.abc import Callable

    from flyte_jupyter.actions import ArmedRow, HistoryRow, Notice, Service

T = TypeVar("T")


class Reader:
    """Reads the store, and rests 40 times as long as that took: what views cost is a small part of a core at most.

    Args:
        here: The service whose store it is.
    """

    def __init__(self, here: Service) -> None:
        self._here = here
        self._due = 0.0

    async def read(self, function: Callable[..., T], *args: Any) -> T:
        """What a function returns that reads the store of a service. Used on the background loop."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(self._due - loop.time(), 0))
        rows, seconds = await self._here.dispatcher.stored(_timed, functools.partial(function, *args, here=self._here))
        self._due = loop.time() + 40 * seconds
        return rows


class _Live(view.WholeTable):
    """A table that is read again when something happened to an armed action."""

    def __init__(self) -> None:
        super().__init__(None)
        here = service()
        self._reader = Reader(here)
        here.changes.add(self.changes.changed)


class ArmedActions(_Live):
    """The armed actions: how each stands, and what it did last."""

    columns = (
        view.Column("id", "ID", "count"),
        view.Column("on", "On"),
        view.Column("action", "Action"),
        view.Column("standing", "Stands"),
        view.Column("fired", "Fired", "count"),
        view.Column("error", "Error", sortable=False),
        view.Column("last", "Last", sortable=False),
        view.Column("retry", "Next retry", "time"),
        view.Column("until", "Until", "time"),
    )
    acts = (view.Act("pause", "Pause"), view.Act("resume", "Resume"), view.Act("remove", "Remove", confirm=True))
    things: ClassVar[str] = "armed actions"
    empty: ClassVar[str] = "Nothing is armed. %flyte_on --help tells how."
    order = ("id", "asc")

    @property
    def title(self) -> str:
        """What the table is of."""
        return "Armed actions"

    async def rows(self) -> list[view.Row]:
        """Read the store."""
        return [_armed(row) for row in await self._reader.read(armed_rows)]

    async def perform(self, act: str, row: str, reason: str) -> None:
        """Pause, resume or remove an armed action."""
        try:
            await asyncio.to_thread(_perform, act, int(row))
        except ActionsError as error:
            raise FlyteError(str(error)) from None


class History(_Live):
    """What armed actions did, the newest first."""

    columns = (
        view.Column("at", "At", "time"),
        view.Column("id", "ID", "count"),
        view.Column("event", "Event"),
        view.Column("state", "State"),
        view.Column("tries", "Tries", "count"),
        view.Column("error", "Error", sortable=False),
        view.Column("result", "Result", sortable=False),
        view.Column("retry", "Next retry", "time"),
    )
    things: ClassVar[str] = "firings"
    empty: ClassVar[str] = "Nothing has fired yet."
    order = ("at", "desc")

    def __init__(self, trigger: int | None = None) -> None:
        super().__init__()
        self._trigger = trigger

    @property
    def title(self) -> str:
        """What the table is of."""
        return "What armed actions did" if self._trigger is None else f"What [{self._trigger}] did"

    async def rows(self) -> list[view.Row]:
        """Read the store."""
        return [_executed(row) for row in await self._reader.read(history_rows, self._trigger, self.most)]


class Front:
    """Keeps the views told: notices become toasts, and each run says what is armed on it."""

    def __init__(self) -> None:
        here = service()
        self._reader = Reader(here)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = False
        self._again = False
        self._removals: list[Callable[[], None]] = [
            add_notifier(_toast),
            background().call(here.changes.add, self._changed),
        ]
        background().call(self._changed)

    def close(self) -> None:
        """Tell nothing any more."""
        for remove in self._removals:
            remove()

    def _changed(self) -> None:
        if self._reading:
            self._again = True
            return
        self._reading = True
        task = asyncio.get_running_loop().create_task(self._read())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        try:
            while True:
                self._again = False
                armed: defaultdict[str, list[view.ArmedAction]] = defaultdict(list)
                for row in await self._reader.read(armed_rows):
                    if row.run_key:
                        armed[row.run_key].append(_noted(row))
                view.set_armed(armed)
                if not self._again:
                    return
        finally:
            self._reading = False


def _timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function returns, and the seconds of the processor that it took."""
    began = time.thread_time()
    return function(), time.thread_time() - began


def _toast(notice: Notice) -> None:
    view.toast(notice.title, notice.text, notice.url)


def _perform(act: str, number: int) -> None:
    armed = Armed(number)
    if act == "pause":
        armed.pause()
    elif act == "resume":
        armed.resume(ask=lambda _: False)
    else:
        armed.remove()


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _armed(row: ArmedRow) -> view.Row:
    cells: dict[str, Any] = {
        "id": row.id,
        "on": row.on,
        "action": row.action,
        "standing": row.standing,
        "until": _ms(row.expires),
        "fired": row.fired,
        "last": row.state if row.error else f"{row.state}: {row.last}" if row.state else "",
        "error": row.error,
        "retry": _ms(row.next_retry),
    }
    acts = ("pause", "remove") if row.standing == "armed" else ("resume", "remove")
    return view.Row(str(row.id), cells, acts)


def _executed(row: HistoryRow) -> view.Row:
    cells: dict[str, Any] = {
        "at": _ms(row.at),
        "id": row.trigger,
        "event": row.event,
        "state": row.state,
        "tries": row.attempts,
        "result": row.result,
        "error": row.error,
        "retry": _ms(row.next_retry),
    }
    return view.Row(str(row.id), cells)


def _noted(row: ArmedRow) -> view.ArmedAction:
    return view.ArmedAction(row.id, row.on, row.action, row.standing, row.fired, row.last, row.state, row.error)
