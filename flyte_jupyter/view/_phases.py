"""How a phase looks: its word, its icon, its colour. An icon always stands beside a word, never alone."""

from __future__ import annotations

from typing import NamedTuple


class PhaseLook(NamedTuple):
    """A phase as a person sees it.

    Attributes:
        word: what it is called, as in the page's views.
        icon: one character that every common font has.
        color: a hex colour with at least 3:1 contrast against white and against the dark themes' grey.
    """

    word: str
    icon: str
    color: str


UNKNOWN = PhaseLook("Unknown", "?", "#7d838c")

# Flyte's numbers of flyteidl2.common.ActionPhase.
PHASES = {
    0: UNKNOWN,
    1: PhaseLook("Queued", "○", "#7d838c"),
    2: PhaseLook("Waiting", "◌", "#8b7bb8"),
    3: PhaseLook("Initializing", "◔", "#5b86b8"),
    4: PhaseLook("Running", "◑", "#2f80d8"),
    5: PhaseLook("Succeeded", "✓", "#2c9a56"),
    6: PhaseLook("Failed", "✗", "#dc4444"),
    7: PhaseLook("Aborted", "⊘", "#85808d"),
    8: PhaseLook("Timed out", "◷", "#c9591f"),
    9: PhaseLook("Paused", "‖", "#b98210"),
    10: PhaseLook("Recovered", "↺", "#25958a"),
}

QUEUED, WAITING, INITIALIZING, RUNNING, SUCCEEDED, FAILED, ABORTED, TIMED_OUT, PAUSED, RECOVERED = range(1, 11)

TERMINAL = frozenset({SUCCEEDED, FAILED, ABORTED, TIMED_OUT, RECOVERED})
BAD = frozenset({FAILED, ABORTED, TIMED_OUT})

# The order of a bar's segments and of lists of counts: what is done, what went wrong, what goes on, what is to come.
ORDER = (SUCCEEDED, RECOVERED, FAILED, TIMED_OUT, ABORTED, PAUSED, RUNNING, INITIALIZING, WAITING, QUEUED, 0)


def look(phase: int) -> PhaseLook:
    """Return how `phase` looks; a number that this version does not know looks unknown."""
    return PHASES.get(phase, UNKNOWN)


def ordered(counts: dict[int, int]) -> list[tuple[int, int]]:
    """Return the non-zero (phase, count) pairs of `counts` in the order in which they are shown."""
    known = [(phase, counts[phase]) for phase in ORDER if counts.get(phase)]
    return known + [(phase, count) for phase, count in sorted(counts.items()) if count and phase not in ORDER]
