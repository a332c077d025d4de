"""Which rows of a run a snapshot shows, and in which order."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flyte_jupyter.view import _phases

ROOT = "a0"

if TYPE_CHECKING:
    from flyte_jupyter.live import Row, RunState


class Shown(NamedTuple):
    """One row of a snapshot: the state's row and how deep it stands below the root."""

    row: Row
    depth: int


@dataclass(frozen=True)
class Selection:
    """The rows to show, parents before children, and how many of each phase are left out."""

    rows: list[Shown]
    left_out: dict[int, int]


def select(state: RunState, limit: int, now: float) -> Selection:
    """Choose at most `limit` rows of `state`: all where they fit, else those that matter and their ancestors.

    What matters comes in this order: the root, what failed, what runs or is paused, what took longest, what was first.

    Args:
        state: the run.
        limit: how many rows at most; at least 1.
        now: milliseconds since 1970, for the duration of what still runs.
    """
    chosen = set(range(state.n)) if state.n <= limit else _important(state, limit, now)
    rows = _in_tree_order(state, chosen)
    left_out: dict[int, int] = {}
    if len(rows) < state.n:
        shown = {row for row, _ in rows}
        for number, phase in enumerate(state.phase[: state.n]):
            if number not in shown:
                left_out[phase] = left_out.get(phase, 0) + 1
    return Selection([Shown(state.row(number), depth) for number, depth in rows], left_out)


def _important(state: RunState, limit: int, now: float) -> set[int]:
    parents, phases, started, ended = state.parent, state.phase, state.started, state.ended

    def rank(number: int) -> tuple[int, float, int]:
        phase = phases[number]
        if phase in _phases.BAD:
            return (0, 0.0, number)
        if phase in (_phases.RUNNING, _phases.PAUSED):
            return (1, 0.0, number)
        begin, end = started[number], ended[number]
        if math.isnan(begin):
            return (3, 0.0, number)
        return (2, begin - (now if math.isnan(end) else end), number)

    chosen = {state.find(ROOT) or 0}
    for number in heapq.nsmallest(limit, range(state.n), key=rank):
        line = {number}
        while (parent := parents[number]) >= 0 and parent not in chosen and parent not in line:
            line.add(parent)
            number = parent
        if len(chosen | line) > limit:
            break
        chosen |= line
    return chosen


def _in_tree_order(state: RunState, chosen: set[int]) -> list[tuple[int, int]]:
    children: dict[int, list[int]] = {}
    for number in sorted(chosen):
        parent = state.parent[number]
        children.setdefault(parent if parent in chosen and parent != number else -1, []).append(number)
    ordered: list[tuple[int, int]] = []
    stack = [(number, 0) for number in reversed(children.get(-1, []))]
    while stack:
        number, depth = stack.pop()
        ordered.append((number, depth))
        stack += [(child, depth + 1) for child in reversed(children.get(number, []))]
    return ordered
