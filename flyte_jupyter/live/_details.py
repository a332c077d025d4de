"""What the details of an action tell beyond its row."""

from __future__ import annotations

from typing import NamedTuple

from flyteidl2.workflow.run_definition_pb2 import ActionDetails, ErrorInfo

_EXCERPT = 2_000  # characters of an error that a row carries


class ActionError(NamedTuple):
    """Why an action failed.

    Attributes:
        kind: "USER", "SYSTEM" or "".
        code: The error's code, such as the exception's name, or "".
        message: The whole text, often with a traceback.
    """

    kind: str
    code: str
    message: str

    @property
    def text(self) -> str:
        """What a person reads first: the message, led by the code where it does not tell it itself."""
        if not self.message or self.code in self.message:
            return self.message or self.code
        return f"{self.code}: {self.message}"


def error_of(details: ActionDetails) -> ActionError | None:
    """The error of an action, None where the backend tells none."""
    info: ErrorInfo | None = None
    if details.HasField("error_info"):
        info = details.error_info
    elif details.attempts and details.attempts[-1].HasField("error_info"):
        # The backend leaves it out above while its count of attempts lags behind.
        info = details.attempts[-1].error_info
    if info is None:
        return None
    kind = {1: "USER", 2: "SYSTEM"}.get(int(info.kind), "")
    return ActionError(kind, info.code, info.message)


def abort_reason_of(details: ActionDetails) -> str:
    """Why an action was aborted, "" if it was not or nobody said."""
    return details.abort_info.reason if details.HasField("abort_info") else ""


def headline(text: str) -> str:
    """The line of an error that says most: of a traceback the exception, else the first."""
    lines = [line.rstrip() for line in text.split("\n")]
    filled = [line.strip() for line in lines if line]
    if not filled or not filled[0].startswith("Traceback (most recent call last)"):
        return filled[0] if filled else ""
    frames = max((at for at, line in enumerate(lines) if line.startswith("  ")), default=-1)
    return next((line.strip() for line in lines[frames + 1 :] if line), filled[-1])


def since(details: ActionDetails, *phases: int) -> float | None:
    """When an action first came to one of these phases, in ms since 1970; None while the backend tells no time."""
    times = [
        transition.start_time.ToMilliseconds()
        for attempt in details.attempts
        for transition in attempt.phase_transitions
        if transition.phase in phases and transition.HasField("start_time")
    ]
    return float(min(times)) if times else None


def excerpt(text: str, most: int = _EXCERPT) -> str:
    """An error text cut to `most` characters: its beginning and, as tracebacks tell it last, its end."""
    text = text.strip()
    if len(text) <= most:
        return text
    tail = most * 2 // 3
    return f"{text[: most - tail]}\n…\n{text[-tail:]}"
