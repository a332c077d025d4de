"""What is known of a run: columns, one entry per action, and the facts of the run as a whole."""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails, ActionMetadata, EnrichedAction

from flyte_jupyter.live import _columns as columns
from flyte_jupyter.live._model import CONDITION, ROOT, TASK, TRACE, UNKNOWN, Head, Row
from flyte_jupyter.live._phases import INITIALIZING, PAUSED, REVERSIBLE, RUNNING, TERMINAL
from flyte_jupyter.live._strings import Strings
from flyte_jupyter.live._tree import Tree

if TYPE_CHECKING:
    from flyte_jupyter.live._apart import Brief

_NAN = math.nan
_ACTION = attrgetter("action")


_FRESH = 10  # values that are read from the message of an action seen for the first time


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
        self.told = False  # whether the backend has told which actions there are, which it begins with, page by page
        self.strings = Strings()
        self.tree = Tree()
        self.phase: array[int] = array("B")
        self.kind: array[int] = array("B")
        self.attempts: array[int] = array("H")
        self.cache: array[int] = array("B")
        self.queued: array[float] = array("d")
        self.initialized: array[float] = array("d")
        self.started: array[float] = array("d")
        self.ended: array[float] = array("d")
        self.names: array[int] = array("I")
        self.label: array[int] = array("I")
        self.group: array[int] = array("I")
        self.error: array[int] = array("I")
        self.changes: list[set[int]] = []  # one set per frame writer: rows changed since its last frame
        # Of actions that somebody asked about: a few characters of each input, and what tells them from siblings.
        self.inputs: dict[str, dict[str, Brief]] = {}
        self.apart: dict[str, str] = {}
        self.sought: set[int] = set()  # rows whose inputs were read to look for a text
        self.timed: set[str] = set()  # actions whose details were asked for times
        self.failed: list[str] = []  # actions that failed since someone took this list
        self._rows: dict[str, int] = {}
        self._root = -1
        self._counts: Counter[int] = Counter()

    @property
    def identifier(self) -> RunIdentifier:
        """The run, as requests name it."""
        return RunIdentifier(org=self.org, project=self.project, domain=self.domain, name=self.name)

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
        return Row(
            row,
            self.tree.parent[row],
            self.phase[row],
            self.kind[row],
            self.attempts[row],
            self.cache[row],
            columns.known(self.queued[row]),
            columns.known(self.initialized[row]),
            columns.known(self.started[row]),
            columns.known(self.ended[row]),
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

    def lacks_times(self, name: str) -> bool:
        """Whether all that is known of when a task ran is when it was created and when it ended."""
        row = self._rows.get(name)
        return (
            row is not None
            and self.kind[row] == TASK
            and self.phase[row] in TERMINAL
            and self.started[row] == self.queued[row]
            and math.isnan(self.initialized[row])
        )

    def upsert_all(self, actions: Iterable[EnrichedAction]) -> bool:
        """Take in the actions of one WatchActions message; True if anything changed."""
        return self._take(map(_ACTION, actions))

    def upsert(self, action: Action | ActionDetails) -> bool:
        """Take in one action as ListActions or details carry it; True if anything changed."""
        return self._take((action,))

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

    def set_initialized(self, row: int, initialized: float) -> None:
        """Note when a row left the queue (ms), known better than from watching its phase."""
        if initialized != self.initialized[row]:
            self.initialized[row] = initialized
            self._touch(row)

    def _take(self, actions: Iterable[Action | ActionDetails]) -> bool:
        place, update = self._rows.setdefault, self._update
        fresh: list[Any] = []  # flat: 100,000 tuples would cost more than what is in them
        before = known = number = self.n  # rows in the columns; in the columns or in `fresh`
        changed = False
        for action in actions:
            name = action.id.name
            row = place(name, number)
            if row == number:
                number += 1
                status, metadata = action.status, action.metadata
                start, end = status.start_time, status.end_time  # `start_time` is when the action was created
                kind, label = TASK, metadata.task.short_name
                if not label or "." in label:
                    kind, label = kind_and_label(metadata)
                fresh += (
                    name,
                    status.phase,
                    status.attempts,
                    status.cache_status,
                    start.seconds * 1000.0 + start.nanos / 1e6,
                    end.seconds * 1000.0 + end.nanos / 1e6,
                    metadata.parent,
                    metadata.group,
                    kind,
                    label or name,
                )
                continue
            if row >= known:
                self._extend(fresh)
                fresh, known = [], self.n
            if update(row, action):
                changed = True
        if fresh:
            self._extend(fresh)
        return changed or self.n > before

    def _extend(self, fresh: list[Any]) -> None:
        """Append rows column by column, with loops that run in C: 100,000 come at once when a large run is opened."""
        first = len(self.phase)
        names, phases, attempts, caches, queued, ended, parents, groups, kinds, labels = (
            fresh[i::_FRESH] for i in range(_FRESH)
        )
        phases = columns.small(phases)
        starts, ends = columns.times(queued), columns.times(ended)
        self._counts.update(phases)
        self.phase.frombytes(phases)
        self.kind.frombytes(bytes(kinds))
        self.attempts.extend(columns.attempts(attempts))
        self.cache.frombytes(columns.small(caches))
        self.queued.extend(starts)
        self.initialized.frombytes(columns.unknown(len(names)))
        # A row first seen running or ended ran since some time we did not see; its creation is the best we know.
        self.started.extend(starts)
        self.ended.extend(ends)
        for phase in frozenset(phases) - TERMINAL:
            for row in columns.places(phases, phase, first):
                self.ended[row] = _NAN
                if phase < RUNNING:
                    self.started[row] = _NAN
        self.names.extend(self.strings.add_all(names))
        self.label.extend(self.strings.intern_all(labels))
        self.group.extend(self.strings.intern_all(groups))
        self.error.frombytes(bytes(self.error.itemsize * len(names)))
        for child in self.tree.extend(names, parents, self._rows):
            self._touch(child)
        for phase in REVERSIBLE:
            self.failed += [names[row] for row in columns.places(phases, phase)]
        if self._root < 0 and (root := self._rows.get(ROOT, -1)) >= first:
            self._root = root
            self._lead(root)

    def _update(self, row: int, action: Action | ActionDetails) -> bool:
        status = action.status
        phase = status.phase
        changed = False
        if phase != self.phase[row]:
            changed = self._move(row, phase)
        if phase in TERMINAL and self.phase[row] == phase:
            end = status.end_time
            if self._end(row, end.seconds * 1000.0 + end.nanos / 1e6):
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

    def _describe(self, row: int, metadata: ActionMetadata) -> bool:
        """Fill in kind and label, which ListActions leaves out."""
        kind, label = kind_and_label(metadata)
        if kind == UNKNOWN:
            return False
        self.kind[row] = kind
        self.label[row] = self.strings.intern(label) or self.names[row]
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
        if phase == INITIALIZING and math.isnan(self.initialized[row]):
            self.initialized[row] = max(self.now(), queued)
        if phase >= RUNNING and math.isnan(self.started[row]):
            self.started[row] = queued if phase in TERMINAL else max(self.now(), queued)
        self.ended[row] = _NAN
        if phase in REVERSIBLE:
            self.failed.append(self.strings[self.names[row]])
        elif self.error[row]:
            self.error[row] = 0  # the attempt that failed is not the last one any more
        if phase in TERMINAL:
            self._end(row, self.now())  # until the message's own time is read, which may be missing
        return True

    def _end(self, row: int, ended: float) -> bool:
        if not ended or ended == self.ended[row]:
            return False
        self.ended[row] = ended
        if self.started[row] > ended:  # our clock and the backend's differ
            self.started[row] = ended
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


def kind_and_label(metadata: ActionMetadata) -> tuple[int, str]:
    """What an action is (the column `kind`), and the short name that a person reads; "" where neither is told."""
    kind = metadata.WhichOneof("spec")
    if kind == "task":
        short, full = metadata.task.short_name, metadata.task.id.name
        # The short name is the whole dotted name again where the SDK sent none.
        return TASK, short if short and short != full else full.rpartition(".")[2] or full
    if kind == "trace":
        return TRACE, metadata.trace.name
    if kind == "condition":
        return CONDITION, metadata.condition.name
    return UNKNOWN, ""
