"""The phases of a run or action."""

from __future__ import annotations

import dataclasses
import enum
from datetime import datetime, timedelta, timezone


class ActionPhase(str, enum.Enum):
    """A phase of a run or action; compares equal to its lower-case name.

    Example:
        >>> ActionPhase("running") == "running", ActionPhase.RUNNING.number, ActionPhase.RUNNING.is_terminal
        (True, 4, False)
    """

    UNSPECIFIED = "unspecified"
    QUEUED = "queued"
    WAITING_FOR_RESOURCES = "waiting_for_resources"
    INITIALIZING = "initializing"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    TIMED_OUT = "timed_out"
    PAUSED = "paused"
    RECOVERED = "recovered"

    @property
    def number(self) -> int:
        """The phase's number on the wire."""
        return _NUMBERS[self]

    @property
    def is_terminal(self) -> bool:
        """Whether the phase ends a run or action."""
        return self in TERMINAL_PHASES

    @classmethod
    def from_number(cls, number: int) -> ActionPhase:
        """The phase of a number on the wire; UNSPECIFIED for one this version does not know.

        Args:
            number: The number.

        Example:
            >>> ActionPhase.from_number(4), ActionPhase.from_number(99)
            (<ActionPhase.RUNNING: 'running'>, <ActionPhase.UNSPECIFIED: 'unspecified'>)
        """
        return _PHASES[number] if 0 <= number < len(_PHASES) else cls.UNSPECIFIED

    @classmethod
    def parse(cls, text: str) -> ActionPhase:
        """The phase of a name.

        Args:
            text: The name in any case, "ACTION_PHASE_" in front allowed.

        Raises:
            ValueError: There is no such phase; the message lists those there are.

        Example:
            >>> ActionPhase.parse("Timed-Out") is ActionPhase.parse("ACTION_PHASE_TIMED_OUT")
            True
        """
        name = text.strip().lower().replace("-", "_").removeprefix("action_phase_")
        try:
            return cls(name)
        except ValueError:
            known = ", ".join(phase.value for phase in _PHASES[1:])
            raise ValueError(f"{text!r} is not a phase. Phases are {known}.") from None


# The enum's order is the wire's numbering.
_PHASES = tuple(ActionPhase)
_NUMBERS = {phase: number for number, phase in enumerate(_PHASES)}

TERMINAL_PHASES = frozenset(
    {
        ActionPhase.SUCCEEDED,
        ActionPhase.FAILED,
        ActionPhase.ABORTED,
        ActionPhase.TIMED_OUT,
        ActionPhase.RECOVERED,
    }
)


@dataclasses.dataclass(frozen=True)
class PhaseTransition:
    """A phase that an attempt went through.

    Attributes:
        phase: The phase.
        start_time: When it began, in UTC.
        end_time: When the next one began, None for the last.

    Example:
        >>> *_, running, last = ActionDetails.get(run_name="r1", name="a0").get_phase_transitions()
        >>> running.phase is ActionPhase.RUNNING, running.duration == running.end_time - running.start_time
        (True, True)
    """

    phase: ActionPhase
    start_time: datetime
    end_time: datetime | None

    @property
    def duration(self) -> timedelta:
        """How long it lasted, or has lasted until now; zero for a terminal phase, in which nothing goes on."""
        if self.end_time is None and self.phase.is_terminal:
            return timedelta()
        return (self.end_time or datetime.now(timezone.utc)) - self.start_time
