"""What happened to a run, typed. An event keeps its id however often a stream repeats it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ROOT = "a0"
"""The name of every run's root action."""


class BaseEvent(BaseModel):
    """The base of all events.

    Attributes:
        endpoint: "host:port" of the backend.
        project: The run's project.
        domain: The run's domain.
        run: The run's name.
        action: The action's name; "a0" is the root.
        task: Full name of the task ("environment.function"), "" where it is not known.
        time: When it happened, in seconds since 1970 by the backend's clock; None where the backend does not tell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str
    project: str
    domain: str
    run: str
    action: str = ROOT
    task: str = ""
    time: float | None = None

    @property
    def id(self) -> str:
        """The same for the same happening."""
        return f"{self.place}#{self.what}"

    @property
    def place(self) -> str:
        """The action that it happened to, among all of all backends."""
        return f"{self.endpoint}|{self.project}/{self.domain}/{self.run}/{self.action}"

    @property
    def run_key(self) -> str:
        """The run, among all of all backends; the key of `flyte_jupyter.live`."""
        return f"{self.endpoint}|{self.project}/{self.domain}/{self.run}"

    @property
    def what(self) -> str:
        """What happened, as part of the id."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """What happened, in words."""
        raise NotImplementedError

    @property
    def where(self) -> str:
        """The run, or an action of it, in words."""
        name = f"{self.run}/{self.action}" if self.action != ROOT else self.run
        return f"{name} ({self.task})" if self.task else name


class PhaseEvent(BaseEvent):
    """A run (its root action) or an action reached a phase.

    Attributes:
        phase: The phase, lower case.
        error: The error's first words, "" where there is none or it is not known yet.
    """

    kind: Literal["phase"] = "phase"
    phase: str
    error: str = ""

    @property
    def what(self) -> str:
        """The phase. Not the attempt: a backend tells that wrong for moments."""
        return self.phase

    @property
    def words(self) -> str:
        """The phase in words."""
        return f"{self.where} {self.phase.replace('_', ' ')}" + (f": {self.error}" if self.error else "")


class AppearedEvent(BaseEvent):
    """A run appeared."""

    kind: Literal["appeared"] = "appeared"

    @property
    def what(self) -> str:
        """That it appeared."""
        return "appeared"

    @property
    def words(self) -> str:
        """That it appeared, in words."""
        return f"{self.where} appeared"


class PausedEvent(BaseEvent):
    """A condition waits for its value.

    Attributes:
        condition: The condition's name.
        prompt: What it asks.
    """

    kind: Literal["paused"] = "paused"
    condition: str = ""
    prompt: str = ""

    @property
    def what(self) -> str:
        """That it paused."""
        return "paused"

    @property
    def words(self) -> str:
        """What waits, in words."""
        asks = f": {self.prompt}" if self.prompt else ""
        return f"{self.run} waits for {self.condition or self.action}{asks}"


class LogEvent(BaseEvent):
    """A line of a log matched.

    Attributes:
        line: The line.
        attempt: The attempt that wrote it, from 1.
        stamp: The line's time as the backend wrote it, or "".
        ordinal: Which of the equal lines of that time it is, from 1.
    """

    kind: Literal["log"] = "log"
    line: str
    attempt: int = 1
    stamp: str = ""
    ordinal: int = 1

    @property
    def what(self) -> str:
        """Attempt, time, text and place among equals: what a log that is read again repeats."""
        text = "\0".join((self.stamp, str(self.ordinal), self.line))
        return f"log:{self.attempt}:{hashlib.sha256(text.encode()).hexdigest()[:24]}"

    @property
    def words(self) -> str:
        """The line, with its run."""
        return f"{self.where} wrote: {self.line[:200]}"


Event = Annotated[PhaseEvent | AppearedEvent | PausedEvent | LogEvent, Field(discriminator="kind")]

_EVENT: TypeAdapter[Any] = TypeAdapter(Event)


def event_of(data: dict[str, Any]) -> PhaseEvent | AppearedEvent | PausedEvent | LogEvent:
    """The event of its plain data, as `model_dump` made it."""
    return _EVENT.validate_python(data)
