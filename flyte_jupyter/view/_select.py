"""Which rows of a run a snapshot shows, and in which order."""

from __future__ import annotations

import functools
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flyte_jupyter.view import _phases

if TYPE_CHECKING:
    from flyte_jupyter.live import Row, RunState

ROOT = "a0"

# No snapshot shows more.
MOST = 200


class Shown(NamedTuple):
    """One row of a snapshot: the state's row, how deep it stands below the root, and its inputs if they are known."""

    row: Row
    depth: int
    inputs: str = ""

    @property
    def which(self) -> str:
        """What tells it apart from its siblings: its inputs, else its name where that is not shown already."""
        return self.inputs or ("" if self.row.label in ("", self.row.name) else self.row.name)

    @classmethod
    def of(cls, state: RunState, number: int, depth: int) -> Shown:
        """Return the row with this number."""
        row = state.row(number)
        return cls(row, depth, state.apart.get(row.name, ""))


@dataclass(frozen=True)
class Selection:
    """The rows to show, parents before children, and how many of each phase are left out."""

    rows: list[Shown]
    left_out: dict[int, int]


class Selector:
    """Chooses rows of a state as it is now: all where they fit, else those that matter, and their ancestors.

    What matters comes in this order: the root, what failed, what runs or is paused, what took longest, what was first.

    Args:
        state: the run; it must not change while this is used.
        now: milliseconds since 1970, for the duration of what still runs.
    """

    def __init__(self, state: RunState, now: float) -> None:
        self._state = state
        self._now = now

    def select(self, limit: int) -> Selection:
        """Choose at most `limit` rows, 1 to `MOST`."""
        state = self._state
        chosen = set(range(state.n)) if state.n <= limit else self._important(limit)
        rows = self._in_tree_order(chosen)
        left_out = Counter(state.counts())
        left_out.subtract(state.phase[number] for number, _ in rows)
        shown = [Shown.of(state, number, depth) for number, depth in rows]
        return Selection(shown, {phase: count for phase, count in left_out.items() if count > 0})

    @functools.cached_property
    def _ranking(self) -> list[int]:
        """The rows that matter most, in order. Looks at every row, once."""
        return [number for _, _, number in heapq.nsmallest(MOST, self._ranks())]

    def _ranks(self) -> Iterator[tuple[int, float, int]]:
        state, now = self._state, self._now
        going = (_phases.RUNNING, _phases.PAUSED)
        for number, (phase, started, ended) in enumerate(zip(state.phase, state.started, state.ended, strict=True)):
            if phase in _phases.BAD:
                yield 0, 0.0, number
            elif phase in going:
                yield 1, 0.0, number
            elif started != started:  # NaN: it never ran
                yield 3, 0.0, number
            else:
                yield 2, started - (ended if ended == ended else now), number

    def _important(self, limit: int) -> set[int]:
        parents = self._state.parent
        chosen = {self._state.find(ROOT) or 0}
        for number in self._ranking:
            line = {number}
            while (parent := parents[number]) >= 0 and parent not in chosen and parent not in line:
                line.add(parent)
                number = parent
            if len(chosen | line) > limit:
                break
            chosen |= line
        return chosen

    def _in_tree_order(self, chosen: set[int]) -> list[tuple[int, int]]:
        parents = self._state.parent
        children: dict[int, list[int]] = {}
        for number in sorted(chosen):
            parent = parents[number]
            children.setdefault(parent if parent in chosen and parent != number else -1, []).append(number)
        ordered: list[tuple[int, int]] = []
        stack = [(number, 0) for number in reversed(children.get(-1, []))]
        while stack:
            number, depth = stack.pop()
            ordered.append((number, depth))
            stack += [(child, depth + 1) for child in reversed(children.get(number, []))]
        return ordered
