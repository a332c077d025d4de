"""How far a wait has got, in words."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    from flyte_jupyter.remote._details import ActionDetails

_ERROR_LINES = 20
_ERROR_TEXT = 4000


class Progress:
    """What is known of the action that is waited for.

    Args:
        target: The Run or Action.

    Attributes:
        name: "run" for a run, "run/action" for an action below the root.
        details: What was told last, None before anything was.
    """

    def __init__(self, target: Any) -> None:
        action = getattr(target, "action", target)
        self.name = plain(action.run_name + (f"/{action.name}" if action.parent_name else ""))
        self.details: ActionDetails | None = None
        self._target = target
        self._phase: ActionPhase | None = None

    def update(self, details: ActionDetails) -> bool:
        """Notes what was told; returns whether the phase has changed."""
        self.details = details
        changed, self._phase = details.phase is not self._phase, details.phase
        return changed

    def line(self) -> str:
        """The phase that goes on: "r1 RUNNING after 1.2 s, attempt 2"."""
        details = self.details
        if details is None:
            return f"Waiting for {self.name}"
        text = f"{self.name} {word(details.phase)}"
        # Of what has just been made the time says nothing.
        if details.duration is not None and details.duration > timedelta(seconds=0.1):
            text += f" after {seconds(details.duration)}"
        return text + (f", attempt {details.attempts}" if details.attempts > 1 else "")

    def path(self) -> str:
        """The phases of the latest attempt with their durations: "QUEUED 0.1 s > RUNNING 3.0 s"."""
        transitions = [] if self.details is None else self.details.get_phase_transitions()
        return " > ".join(
            word(each.phase) + ("" if each.phase.is_terminal else f" {seconds(each.duration)}") for each in transitions
        )

    def end(self, kind: type[BaseException] | None) -> str:
        """How the wait ended: the phase, and the error where the action failed."""
        state = self.details or self._target
        if kind is not None and issubclass(kind, (KeyboardInterrupt, asyncio.CancelledError)):
            return f"Stopped waiting for {self.name}, which goes on ({word(state.phase)})."
        if kind is not None or not state.done():
            return ""
        text = f"{self.name} {word(state.phase)}"
        if state.duration is not None:
            text += f" after {seconds(state.duration)}"
        if state.phase in (ActionPhase.SUCCEEDED, ActionPhase.RECOVERED):
            return text
        error = state.error_info
        message = error.message if error is not None else getattr(self.details, "error_message", "")
        code = f" ({plain(error.code)})" if error is not None and error.code else ""
        return f"{text}{code}: {shorten(plain(message))}" if message else f"{text}{code}"


def word(phase: ActionPhase) -> str:
    """A phase as Flyte writes it."""
    return phase.value.upper()


def seconds(duration: timedelta) -> str:
    """A duration for people: "0.3 s", "12 s", "3 min 5 s", "2 h 4 min"."""
    total = max(duration.total_seconds(), 0.0)
    if total < 10:
        return f"{total:.1f} s"
    whole = round(total)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def plain(text: str) -> str:
    """Text from outside without what a terminal would obey."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def shorten(text: str) -> str:
    """The end of a long error, where its reason is."""
    lines = text.strip()[-_ERROR_TEXT:].splitlines()
    return "\n".join(["...", *lines[-_ERROR_LINES:]] if len(lines) > _ERROR_LINES else lines)
