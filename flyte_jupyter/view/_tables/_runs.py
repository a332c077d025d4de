"""The table of runs."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flyte_jupyter import remote
from flyte_jupyter.live import identity, moment
from flyte_jupyter.remote import ActionPhase, Run
from flyte_jupyter.view import _phases
from flyte_jupyter.view._tables._table import MOST_SIZE, Act, Column, Query, Read, Row, Table, searched
from flyte_jupyter.view._target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flyte_jupyter.remote import Client

_FIELDS = {
    "phase": "phase",
    "task": "task_name",
    "run": "run_name",
    "started": "created_at",
    "duration": "duration_ms",
}
_SEARCHED = 1_000  # runs that a text search reads
_TASKS = 1_000  # that there are to choose from
_log = logging.getLogger(__name__)


class Runs(Table):
    """Runs of a project and domain, the newest first.

    Args:
        client: the connection.
        first: what is shown at first.
        project: the project; None for the connection's; the domain likewise.
        domain: see `project`.
        more_filters: keyword arguments of `Run.listall` that hold for all that is shown.
    """

    columns = (
        Column("phase", "Phase", "phase"),
        Column("task", "Task"),
        Column("run", "Run"),
        Column("started", "Started", "time"),
        Column("duration", "Duration", "span"),
        Column("who", "Who", sortable=False),
        Column("labels", "Labels", "labels", sortable=False),
    )
    acts = (Act("abort", "Abort", confirm=True, reason=True),)
    opens = True
    things = "runs"
    empty = "There are no runs."
    every = 3.0
    order = ("started", "desc")

    def __init__(
        self,
        client: Client,
        first: Query | None = None,
        *,
        project: str | None = None,
        domain: str | None = None,
        **more_filters: Any,
    ) -> None:
        super().__init__(client, first)
        self._tasks: set[str] = set()  # of all runs that were read, and those that are deployed
        self._learning: asyncio.Task[None] | None = None
        self._project, self._domain, self._more = project or client.project, domain or client.domain, more_filters

    @property
    def title(self) -> str:
        """What the table is of."""
        runs = "Your runs" if self._mine else "Runs"
        return f"{runs} of {self._project}/{self._domain}"

    @property
    def _mine(self) -> bool:
        return "created_by_subject" in self._more

    def nothing(self, query: Query) -> str:
        """Return what to say where there are no rows."""
        said = super().nothing(query)
        return "There are no runs of yours." if self._mine and said == self.empty else said

    @property
    def filters(self) -> Sequence[tuple[str, str, Sequence[tuple[str, str]]]]:
        """Filter by phases, separated by commas, and by the task."""
        phases = [(str(number), look.word) for number, look in _phases.PHASES.items() if number]
        return (("phase", "Phase", phases), ("task", "Task", [(task, task) for task in sorted(self._tasks)]))

    async def read(self, query: Query) -> Read:
        """Read runs from the newest on, up to the page that is asked for."""
        if self._learning is None:
            self._learning = asyncio.get_running_loop().create_task(self._learn_tasks())
        start, end = query.page * query.size, (query.page + 1) * query.size
        wanted = _phases_of(query)
        mixed = len(wanted) > 1 and ActionPhase.PAUSED in wanted
        narrowed = bool(query.text) or mixed
        most = _SEARCHED if narrowed else end + 1
        if query.sort is not None and query.sort[0] == "duration":
            runs = await self._by_duration(query, wanted, most)
        else:
            runs = [run async for run in self._listed(query, wanted, most)]
        read = len(runs)
        self._tasks.update(run.task_name for run in runs if run.task_name)
        paused = await self._paused() if any(run.phase == ActionPhase.RUNNING for run in runs) else frozenset[str]()
        if mixed and ActionPhase.RUNNING not in wanted:
            runs = [run for run in runs if run.phase != ActionPhase.RUNNING or run.name in paused]
        rows = searched([row_of(run, paused=run.name in paused) for run in runs], query.text)
        whole = read < most
        which = "latest" if query.sort in (None, self.order) else "first"
        note = f"Looked for in the {which} {_SEARCHED:,} runs." if narrowed and not whole else ""
        return Read(rows[start:end], len(rows) > end, len(rows) if whole else None, note)

    def target(self, row: str) -> Target:
        """Return the run of a row."""
        return Target(self.client, row, self._project, self._domain, self.client.org)

    async def perform(self, act: str, row: str, reason: str) -> None:
        """Abort a run."""
        await self.target(row).as_run().abort.aio(reason)

    async def _learn_tasks(self) -> None:
        """Read which tasks there are to choose from, beside the runs: a table does not wait for them."""
        scope = {"project": self._project, "domain": self._domain, "client": self.client}
        try:
            self._tasks.update([task.name async for task in remote.Task.listall.aio(limit=_TASKS, **scope)])
        except remote.FlyteError:
            _log.debug("deployed tasks could not be read", exc_info=True)
            return
        self.changes.changed()

    async def _paused(self) -> frozenset[str]:
        """Names of runs that wait for an answer: their root goes on as RUNNING."""
        scope = {"project": self._project, "domain": self._domain, "client": self.client}
        order = ("created_at", "desc")
        waiting = Run.listall.aio(paused_actions_only=True, sort_by=order, limit=MOST_SIZE, **scope)
        return frozenset([run.name async for run in waiting])

    async def _by_duration(self, query: Query, wanted: Sequence[ActionPhase], most: int) -> list[Run]:
        """Runs by how long they have taken so far: the backend knows that of those that are over, and only of them."""
        assert query.sort is not None
        way = query.sort[1]
        phases = wanted or [phase for phase in ActionPhase if phase.number]
        by_start = replace(query, sort=("started", "asc" if way == "desc" else "desc"))
        found: dict[str, Run] = {}  # one that ends meanwhile is read twice
        goes_on = [phase for phase in phases if not phase.is_terminal]
        for order, those in ((by_start, goes_on), (query, [phase for phase in phases if phase.is_terminal])):
            if those:
                found |= {run.name: run async for run in self._listed(order, those, most)}
        now = time.time() * 1000
        return sorted(found.values(), key=lambda run: _taken(run, now), reverse=way == "desc")[:most]

    def _listed(self, query: Query, wanted: Sequence[ActionPhase], limit: int) -> Any:
        filters = dict(self._more)
        if list(wanted) == [ActionPhase.PAUSED]:
            filters["paused_actions_only"] = True
        elif wanted:
            roots = [ActionPhase.RUNNING if one is ActionPhase.PAUSED else one for one in wanted]
            filters["in_phase"] = list(dict.fromkeys(roots))
        if task := query.filters.get("task"):
            filters["task_name"] = task
        key, way = query.sort or ("started", "desc")
        return Run.listall.aio(
            sort_by=(_FIELDS[key], way),  # pyright: ignore[reportArgumentType]
            limit=limit,
            project=self._project,
            domain=self._domain,
            client=self.client,
            **filters,
        )


def _phases_of(query: Query) -> list[ActionPhase]:
    numbers = query.filters.get("phase", "").split(",")
    return [ActionPhase.from_number(int(number)) for number in numbers if number.isdecimal()]


def _taken(run: Run, now: float) -> float:
    """Milliseconds that a run has taken; -1 where they are not known."""
    span = row_of(run).cells["duration"]
    return -1 if span is None else (now if span[1] is None else span[1]) - span[0]


def row_of(run: Run, *, paused: bool = False) -> Row:
    """Return the row of a run; `paused` if one of its actions waits for an answer."""
    started = None if run.start_time is None else run.start_time.timestamp() * 1000
    ended = moment(run.pb2.action.status, "end_time") if run.done() else None
    cells = {
        "phase": ActionPhase.PAUSED.number if paused and not run.done() else run.raw_phase,
        "task": run.task_name or "",
        "run": run.name,
        "started": started,
        "duration": None if started is None or (ended is None and run.done()) else [started, ended],
        "who": identity(run.pb2.action.metadata.executed_by),
        "labels": run.labels,
    }
    return Row(run.name, cells, () if run.done() else ("abort",))
