"""What is known of a run: columns, one entry per action, and the facts of the run as a whole."""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails, ActionMetadata, EnrichedAction

from flyte_jupyter.live._phases import PAUSED, REVERSIBLE, RUNNING, TERMINAL
from flyte_jupyter.live._strings import Strings
from flyte_jupyter.live._tree import Tree

UNKNOWN, TASK, TRACE, CONDITION = range(4)  # the column `kind`
ROOT = "a0"
_NAN = math.nan


class Stale(TypedDict):
    """Since when (ms since 1970) and why what is shown may be old."""

    since: float
    reason: str


@dataclass
class Head:
    """The run as a whole. Times are ms since 1970, None while unknown; `phase` is Flyte's number."""

    task: str = ""
    url: str = ""
    phase: int = 0
    error: str = ""
    abort_reason: str = ""
    started: float | None = None
    ended: float | None = None
    stale: Stale | None = None
    over: bool = False


class Row(NamedTuple):
    """One action, decoded. Times are ms since 1970, None where a frame carries NaN."""

    row: int
    parent: int
    phase: int
    kind: int
    attempts: int
    cache: int
    queued: float | None
    started: float | None
    ended: float | None
    name: str
    label: str
    group: str
    error: str


def wall_ms() -> float:
    """This machine's clock in ms since 1970."""
    return time.time() * 1000


class RunState:
    """The columns of a run and its head; pure data, no I/O, for use on one thread.

    Every message is an upsert by action name: messages may come twice, in any order, and with what is known already.
    Columns are arrays named as in `docs/protocol.md`; string columns hold indices into `strings`.

    Args:
        key: The run key, `AUTHORITY|PROJECT/DOMAIN/RUN`.
        project: Flyte project.
        domain: Flyte domain.
        org: Flyte organisation, often empty.
        name: The run's name.
        url: Link to the run in the console, or "".
        now: The clock, in ms since 1970.

    Example:
        >>> state = RunState("localhost:8090|p/development/r1", "p", "development", "", "r1")
        >>> state.n, state.counts()
        (0, {})
    """

    def __init__(
        self,
        key: str,
        project: str,
        domain: str,
        org: str,
        name: str,
        *,
        url: str = "",
        now: Callable[[], float] = wall_ms,
    ) -> None:
        self.key, self.project, self.domain, self.org, self.name = key, project, domain, org, name
        self.head = Head(url=url)
        self.now = now
        self.strings = Strings()
        self.tree = Tree()
        self.phase: array[int] = array("B")
        self.kind: array[int] = array("B")
        self.attempts: array[int] = array("H")
        self.cache: array[int] = array("B")
        self.queued: array[float] = array("d")
        self.started: array[float] = array("d")
        self.ended: array[float] = array("d")
        self.names: array[int] = array("I")
        self.label: array[int] = array("I")
        self.group: array[int] = array("I")
        self.error: array[int] = array("I")
        self.changes: list[set[int]] = []  # one set per frame writer: rows changed since its last frame
        self.failed: list[str] = []  # actions that failed since someone took this list
        self._rows: dict[str, int] = {}
        self._root = -1
        self._counts: Counter[int] = Counter()
        self._labels: dict[tuple[str, str], int] = {}

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.phase)

    @property
    def parent(self) -> array[int]:
        """The column of parents, -1 at the top."""
        return self.tree.parent

    @property
    def live(self) -> int:
        """How many rows are not terminal."""
        return self.n - sum(self._counts[phase] for phase in TERMINAL)

    def find(self, name: str) -> int | None:
        """The row of the action `name`, or None."""
        return self._rows.get(name)

    def row(self, row: int) -> Row:
        """Row `row`, decoded.

        Raises:
            IndexError: There is no such row.
        """
        texts = self.strings.texts
        queued, started, ended = self.queued[row], self.started[row], self.ended[row]
        return Row(
            row,
            self.tree.parent[row],
            self.phase[row],
            self.kind[row],
            self.attempts[row],
            self.cache[row],
            None if queued != queued else queued,
            None if started != started else started,
            None if ended != ended else ended,
            texts[self.names[row]],
            texts[self.label[row]],
            texts[self.group[row]],
            texts[self.error[row]],
        )

    def children(self, row: int) -> Sequence[int]:
        """Row numbers of the children of `row`, in the order in which they were first seen."""
        return self.tree.children(row)

    def roots(self) -> Sequence[int]:
        """Row numbers at the top: the root action, and actions whose parent is not known yet."""
        return self.tree.top()

    def counts(self) -> dict[int, int]:
        """How many actions (tasks, traces, conditions; the root too) are in each phase, by Flyte's phase number."""
        return {phase: count for phase, count in sorted(self._counts.items()) if count}

    def upsert_all(self, actions: Iterable[EnrichedAction]) -> bool:
        """Take in the actions of one WatchActions message; True if anything changed."""
        upsert = self.upsert
        changed = False
        for enriched in actions:
            if upsert(enriched.action):
                changed = True
        return changed

    def upsert(self, action: Action | ActionDetails) -> bool:
        """Take in one action as WatchActions, ListActions or details carry it; True if anything changed."""
        name = action.id.name
        row = self._rows.get(name)
        if row is None:
            self._insert(name, action)
            return True
        status = action.status
        phase = status.phase
        changed = False
        if phase != self.phase[row]:
            changed = self._move(row, phase)
        if phase in TERMINAL and self.phase[row] == phase and self._end(row, action):
            changed = True
        attempts = status.attempts
        if attempts > self.attempts[row]:  # 0 flickers in while children appear
            self.attempts[row] = min(attempts, 0xFFFF)
            changed = True
        cache = status.cache_status
        if cache != self.cache[row] and 0 < cache < 256:  # flickers with attempts
            self.cache[row] = cache
            changed = True
        if not self.kind[row] and self._describe(row, action.metadata):
            changed = True
        if changed:
            self._touch(row)
        return changed

    def set_error(self, row: int, text: str) -> None:
        """Note the error text of a row ("" forgets it)."""
        number = self.strings.intern(text)
        if number != self.error[row]:
            self.error[row] = number
            self._touch(row)

    def set_started(self, row: int, started: float) -> None:
        """Note when a row first ran (ms), known better than from watching its phase."""
        if started != self.started[row]:
            self.started[row] = started
            self._touch(row)

    def _insert(self, name: str, action: Action | ActionDetails) -> None:
        row = self._rows[name] = len(self.phase)
        status, metadata = action.status, action.metadata
        phase, attempts, cache = status.phase, status.attempts, status.cache_status
        if not 0 <= phase < 256:
            phase = 0
        self._counts[phase] += 1
        self.phase.append(phase)
        self.attempts.append(1 if attempts < 1 else min(attempts, 0xFFFF))
        self.cache.append(cache if 0 <= cache < 256 else 0)
        start = status.start_time  # of the status: when the action was created
        queued = start.seconds * 1000.0 + start.nanos // 1000 / 1000 or _NAN
        self.queued.append(queued)
        # A row first seen running or ended ran since some time we did not see; its creation is the best we know.
        self.started.append(queued if phase >= RUNNING else _NAN)
        self.ended.append(_NAN)
        intern = self.strings.intern
        self.names.append(intern(name))
        self.error.append(0)
        group = metadata.group
        self.group.append(intern(group) if group else 0)
        self.kind.append(UNKNOWN)
        self.label.append(0)
        if not self._describe(row, metadata):
            self.label[row] = self.names[row]
        parent_name = metadata.parent
        for child in self.tree.append(row, name, parent_name, self._rows.get(parent_name)):
            self._touch(child)
        if phase in TERMINAL:
            self._end(row, action)
            if phase in REVERSIBLE:
                self.failed.append(name)
        if name == ROOT:
            self._root = row
            self._lead(row)

    def _describe(self, row: int, metadata: ActionMetadata) -> bool:
        """Kind, label and group, which only some messages carry; True if they were there."""
        task = metadata.task
        short, full = task.short_name, task.id.name
        if short or full:
            kind = TASK
            label = self._labels.get((short, full))
            if label is None:
                # The short name is the whole dotted name again where the SDK sent none.
                text = short if short and short != full else full.rpartition(".")[2] or full
                label = self._labels[short, full] = self.strings.intern(text)
        elif metadata.HasField("trace"):
            kind, label = TRACE, self.strings.intern(metadata.trace.name)
        elif metadata.HasField("condition"):
            kind, label = CONDITION, self.strings.intern(metadata.condition.name)
        elif metadata.HasField("task"):
            kind, label = TASK, 0
        else:
            return False
        self.kind[row] = kind
        self.label[row] = label or self.names[row]
        if not self.group[row] and metadata.group:
            self.group[row] = self.strings.intern(metadata.group)
        return True

    def _move(self, row: int, phase: int) -> bool:
        """Write a phase as the backend's own guard would; False where it is an echo of the past."""
        old = self.phase[row]
        if not 0 < phase < 256:
            return False
        if phase < old and old not in REVERSIBLE and not (old == PAUSED and phase in TERMINAL):
            return False
        self.phase[row] = phase
        self._counts[old] -= 1
        self._counts[phase] += 1
        queued = self.queued[row]
        if phase >= RUNNING and self.started[row] != self.started[row]:
            self.started[row] = queued if phase in TERMINAL else max(self.now(), queued)
        self.ended[row] = _NAN
        if phase in REVERSIBLE:
            self.failed.append(self.strings[self.names[row]])
        elif self.error[row]:
            self.error[row] = 0  # the attempt that failed is not the last one any more
        return True

    def _end(self, row: int, action: Action | ActionDetails) -> bool:
        status = action.status
        end = status.end_time
        ended = end.seconds * 1000.0 + end.nanos // 1000 / 1000
        if not ended:
            if self.ended[row] == self.ended[row]:
                return False
            ended = self.queued[row] + status.duration_ms if status.duration_ms else self.now()
        if ended == self.ended[row]:
            return False
        self.ended[row] = ended
        if self.started[row] > ended:  # our clock and the backend's differ
            self.started[row] = max(self.queued[row], min(self.started[row], ended))
        return True

    def _touch(self, row: int) -> None:
        for changed in self.changes:
            changed.add(row)
        if row == self._root:
            self._lead(row)

    def _lead(self, row: int) -> None:
        """Carry what the root action says into the head."""
        head = self.head
        at = self.row(row)
        head.phase, head.started, head.ended = at.phase, at.queued, at.ended
        if at.kind and not head.task:
            head.task = at.label
        if at.phase not in REVERSIBLE:
            head.error = ""
