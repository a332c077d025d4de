"""How many attempts may run at once, without a deadlock.

A parent holds its process while it waits for its children. It counts as busy only while it has no child underway; so a
tree of any depth moves on even with a limit of one. The deepest waiting action goes first: a fan-out of parents then
finishes subtree by subtree and keeps few processes alive.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os

from flyte_jupyter.local._model import Action

_BYTES_PER_PROCESS = 96 * 1024 * 1024


class NoProcessLeftError(Exception):
    """Every process that the backend may hold waits for children, so nothing can move on."""


class Admission:
    """Lets attempts run, `limit` busy ones and `processes` live ones at most."""

    def __init__(self, limit: int | None = None, processes: int | None = None) -> None:
        self.limit = limit or default_limit()
        self.processes = max(processes or default_processes(), self.limit)
        self.running: set[Action] = set()
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, Action, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many attempts wait."""
        return sum(not future.done() for *_, future in self._waiting)

    async def enter(self, action: Action) -> None:
        """Wait until an attempt of `action` may run. Pair it with `leave`.

        Raises:
            NoProcessLeftError: waiting on would take for ever.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-action.depth, next(self._order), action, future))
        self.poke()
        try:
            await future
        except asyncio.CancelledError:
            self.leave(action)
            raise

    def leave(self, action: Action) -> None:
        """An attempt of `action` is over."""
        self.running.discard(action)
        self.poke()

    def poke(self) -> None:
        """Admit what may run now; call it when an action came, ended or left."""
        if not self._waiting:
            return
        busy = sum(not action.open_children for action in self.running)
        while self._waiting:
            *_, action, future = self._waiting[0]
            if future.done():
                heapq.heappop(self._waiting)
            elif len(self.running) >= self.processes:
                if busy:
                    return
                heapq.heappop(self._waiting)
                future.set_exception(
                    NoProcessLeftError(
                        f"The backend holds {len(self.running)} processes that all wait for their children, "
                        "and may start no more."
                    )
                )
            elif busy < self.limit:
                heapq.heappop(self._waiting)
                self.running.add(action)
                busy += 1
                future.set_result(None)
            else:
                return


def default_limit() -> int:
    """Twice the processors, at least 4: an attempt spends a good part of its time waiting."""
    return max(4, 2 * (os.cpu_count() or 1))


def default_processes() -> int:
    """As many processes as half of the memory holds, between 32 and 1000."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 64
    return min(1000, max(32, memory // 2 // _BYTES_PER_PROCESS))
