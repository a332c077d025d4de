"""Which events a trigger waits for, and how often it may fire."""

from __future__ import annotations

import functools
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from flyte_jupyter.actions._events import ROOT, AppearedEvent, BaseEvent, LogEvent, PausedEvent, PhaseEvent
from flyte_jupyter.remote import ActionPhase

PHASES = tuple(phase.value for phase in ActionPhase if phase.number)

Kind = Literal["phase", "appeared", "paused", "log"]


class EventFilter(BaseModel):
    """Which events a trigger waits for.

    Attributes:
        kind: What happens: "phase", "appeared", "paused" or "log".
        endpoint: "host:port" of the backend.
        project: Project.
        domain: Domain.
        run: Name of the run; "" for any run of `task`, or of the project.
        task: Full name of the root action's task, "" for any.
        action: The action of the run: a name, "*" for all. The root, where the phase of a run is meant.
        condition: Name of the condition, "" for any.
        phases: For "phase": one of these.
        pattern: For "log": a regular expression, searched in each line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    endpoint: str
    project: str
    domain: str
    run: str = ""
    task: str = ""
    action: str = ROOT
    condition: str = ""
    phases: tuple[str, ...] = ()
    pattern: str = ""

    @field_validator("phases")
    @classmethod
    def _known(cls, phases: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [phase for phase in phases if phase not in PHASES]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} is no phase; phases are {', '.join(PHASES)}")
        return phases

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"/{pattern}/ is no regular expression: {error}") from None
        return pattern

    def event_matches_filter(self, event: BaseEvent, runs: tuple[str, ...] = ()) -> bool:
        """Whether this is an event that is waited for.

        Args:
            event: The event.
            runs: Names of runs that stand for `run`; `run` itself if not given.
        """
        if (event.endpoint, event.project, event.domain) != (self.endpoint, self.project, self.domain):
            return False
        if self.run and event.run not in (runs or (self.run,)):
            return False
        if self.task and event.task != self.task:
            return False
        match event:
            case PhaseEvent():
                return self.kind == "phase" and event.phase in self.phases and self._is_of_action(event)
            case AppearedEvent():
                return self.kind == "appeared"
            case PausedEvent():
                return self.kind == "paused" and self.condition in ("", event.condition)
            case LogEvent():
                return (
                    self.kind == "log"
                    and self._is_of_action(event)
                    and _compiled(self.pattern).search(event.line) is not None
                )
        return False

    def _is_of_action(self, event: BaseEvent) -> bool:
        return self.action in ("*", event.action)

    @property
    def words(self) -> str:
        """What is waited for, as `%flyte_on` takes it."""
        target = self.run or (f"task {self.task}" if self.task else "project")
        if self.run and self.kind != "paused" and self.action not in (ROOT, "*" if self.kind == "log" else ROOT):
            target += f" --action {self.action}"
        match self.kind:
            case "appeared":
                return f"{target} appeared"
            case "paused":
                return f"{self.run} condition {self.condition} paused".strip().replace("  ", " ")
            case "log":
                return f"{target} log /{self.pattern}/"
            case _:
                return f"{target} {','.join(self.phases)}"


class Policy(BaseModel):
    """How often a trigger fires and how hard it tries.

    Attributes:
        max: At most so many times in all; None for no limit.
        cooldown: After it fired, so many seconds in which it does not fire.
        attempts: How often an execution is tried while its failures may pass.
        timeout: Seconds for one attempt; None for the flavor's own.
        busy: What becomes of an event while an execution is going on: "queue" or "skip".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max: int | None = Field(default=None, ge=1)
    cooldown: float = Field(default=0.0, ge=0)
    attempts: int = Field(default=3, ge=1, le=20)
    timeout: float | None = Field(default=None, gt=0)
    busy: Literal["queue", "skip"] = "queue"

    def pause(self, attempt: int) -> float:
        """Seconds to wait after a failed attempt, from 1: 2, 4, 8 ... up to five minutes."""
        return min(2.0**attempt, 300.0)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
