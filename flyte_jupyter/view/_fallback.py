"""When to give up waiting for the page to adopt an output, and when to give up the fall-back view too."""

from __future__ import annotations

import enum

# Seconds during which the kernel could have heard the page. One that adopts answers at once, unless it still loads.
PATIENCE = 2.0
# A fall-back view may be off screen, or not be there at all because the front end has no anywidget.
LONG_PATIENCE = 30.0


class Verdict(enum.Enum):
    """What to do about one output."""

    WAIT = "wait"
    FALL_BACK = "fall back"  # show the widget
    GIVE_UP = "give up"  # neither way works here: static HTML
    SETTLED = "settled"  # nothing left to decide


class Acknowledgement:
    """Counts how long the kernel has listened in vain for one output.

    Time counts only while the kernel reads messages: during a cell that blocks it hears nobody, whoever may speak.
    """

    def __init__(self) -> None:
        self._listened = 0.0
        self._fallen_back = False

    def fallen_back(self) -> None:
        """Note that the output is the fall-back view now."""
        self._listened, self._fallen_back = 0.0, True

    def listened(self, seconds: float, *, adopts: bool, has_widgets: bool | None) -> Verdict:
        """Return what to do after another `seconds` of listening.

        Args:
            seconds: how long the kernel could hear the page since the last call.
            adopts: the hub's model has said `ready`; a view of it may still be off screen.
            has_widgets: a fall-back view has said hello (True), or was given up (False).
        """
        if adopts or (has_widgets and self._fallen_back) or (has_widgets is False):
            return Verdict.SETTLED
        self._listened += seconds
        if not self._fallen_back:
            return Verdict.FALL_BACK if self._listened >= PATIENCE else Verdict.WAIT
        return Verdict.GIVE_UP if self._listened >= LONG_PATIENCE else Verdict.WAIT
