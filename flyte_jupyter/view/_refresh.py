"""When the snapshot in the notebook is written anew: when it matters, not with every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flyte_jupyter.view import _phases

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState

# Seconds between two snapshots of one output while the run goes on: each puts a new element in place of the old one.
PAUSE = 5.0


class Facts(NamedTuple):
    """What makes a reader of the file misjudge a run when it is out of date."""

    phase: int
    has_children: bool
    bad: int
    has_error: bool
    stale: bool
    over: bool
    size: int  # doublings of the number of actions

    @classmethod
    def of(cls, state: RunState) -> Facts:
        """Return the facts of a run as it is now."""
        counts = state.counts()
        bad = sum(counts.get(phase, 0) for phase in _phases.BAD)
        head = state.head
        return cls(
            head.phase, state.n > 1, bad, bool(head.error), head.stale is not None, head.over, state.n.bit_length()
        )


class Refresh:
    """Decides for one output.

    Args:
        facts: those of the snapshot that is shown first.
        now: seconds, of any clock that is used for all calls.
    """

    def __init__(self, facts: Facts, now: float) -> None:
        self._written = facts
        self._at = now
        self._since = now - PAUSE

    @property
    def final(self) -> bool:
        """Whether the snapshot of the end is written, and the run was followed up to there."""
        return self._written.over and not self._written.stale

    def due(self, facts: Facts) -> float | None:
        """Return the time at which a snapshot of `facts` is due, None if the one that is shown will do."""
        if facts == self._written:
            return None
        ended = facts.over or (facts.phase in _phases.TERMINAL and self._written.phase not in _phases.TERMINAL)
        if ended:
            return self._since
        has_only_grown = facts._replace(size=self._written.size) == self._written
        return (self._at if has_only_grown else self._since) + PAUSE

    def written(self, facts: Facts, now: float) -> None:
        """Note that a snapshot of `facts` is what the notebook holds now."""
        self._written, self._since, self._at = facts, now, now
