"""The decoded pieces of a run's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

UNKNOWN, TASK, TRACE, CONDITION = range(4)
"""The column `kind`."""

ROOT = "a0"
"""The name of every run's root action."""


class Stale(TypedDict):
    """Since when (ms since 1970) and why what is shown may be old."""

    since: float
    reason: str


@dataclass
class Head:
    """The run as a whole. Times are ms since 1970, None while unknown; `phase` is Flyte's number.

    Attributes:
        task: The root task's short name.
        url: Link to the run in the console, or "".
        phase: The root action's phase.
        error: Why the root action failed, or "".
        abort_reason: Why the run was aborted, or "".
        started: When the run was created.
        ended: When the root action ended.
        stale: Set while the backend cannot be reached, and where watching ended for another reason than the run's end.
        over: Nothing more will come.
    """

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
    initialized: float | None
    started: float | None
    ended: float | None
    name: str
    label: str
    group: str
    error: str
