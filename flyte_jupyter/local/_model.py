"""Runs and actions as the backend holds them in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from flyteidl2.common import identifier_pb2, phase_pb2
from flyteidl2.core import execution_pb2, literals_pb2
from flyteidl2.task import run_pb2, task_definition_pb2
from flyteidl2.workflow import run_definition_pb2
from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from flyte_jupyter.local._notify import Topic

QUEUED = phase_pb2.ACTION_PHASE_QUEUED
INITIALIZING = phase_pb2.ACTION_PHASE_INITIALIZING
RUNNING = phase_pb2.ACTION_PHASE_RUNNING
SUCCEEDED = phase_pb2.ACTION_PHASE_SUCCEEDED
FAILED = phase_pb2.ACTION_PHASE_FAILED
ABORTED = phase_pb2.ACTION_PHASE_ABORTED
TIMED_OUT = phase_pb2.ACTION_PHASE_TIMED_OUT
PAUSED = phase_pb2.ACTION_PHASE_PAUSED
RECOVERED = 10  # not in the bindings of the oldest SDK that is supported
TERMINAL = frozenset({SUCCEEDED, FAILED, ABORTED, TIMED_OUT, RECOVERED})

TASK = run_definition_pb2.ACTION_TYPE_TASK
TRACE = run_definition_pb2.ACTION_TYPE_TRACE
CONDITION = run_definition_pb2.ACTION_TYPE_CONDITION

ROOT = "a0"


class RunKey(NamedTuple):
    """What identifies a run; the org is echoed and means nothing."""

    project: str
    domain: str
    name: str


def now_us() -> int:
    """The wall clock in microseconds since 1970."""
    return time.time_ns() // 1000


def timestamp(us: int) -> Timestamp:
    """Microseconds since 1970 as a protobuf timestamp."""
    return Timestamp(seconds=us // 1_000_000, nanos=us % 1_000_000 * 1000)


def to_us(stamp: Timestamp) -> int:
    """A protobuf timestamp as microseconds since 1970."""
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000


class Action:
    """One action of a run.

    `details` is what clients see, without the task spec: that is shared by the actions of one task and kept in `spec`.
    """

    __slots__ = (
        "abort_reason",
        "cache_key",
        "children",
        "created",
        "depth",
        "details",
        "driver",
        "error",
        "input_uri",
        "name",
        "open_children",
        "output_uri",
        "parent",
        "phases_below",
        "run",
        "spec",
        "spec_digest",
        "updated",
        "value",
    )

    def __init__(self, run: Run, name: str, parent: Action | None, created: int) -> None:
        self.run = run
        self.name = name
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.created = created
        self.updated = created
        self.children: list[Action] = []
        self.open_children = 0
        self.phases_below: dict[int, int] = {}
        self.spec: task_definition_pb2.TaskSpec | None = None
        self.spec_digest: str | None = None
        self.input_uri = ""
        self.output_uri = ""
        self.cache_key = ""
        self.error: execution_pb2.ExecutionError | None = None
        self.value: literals_pb2.Literal | None = None
        self.abort_reason: str | None = None
        self.driver: asyncio.Task[None] | None = None
        self.details = run_definition_pb2.ActionDetails(
            id=identifier_pb2.ActionIdentifier(run=run.id, name=name),
            metadata=run_definition_pb2.ActionMetadata(parent=parent.name if parent else ""),
            status=run_definition_pb2.ActionStatus(phase=QUEUED, attempts=1, start_time=timestamp(created)),
        )

    @property
    def id(self) -> identifier_pb2.ActionIdentifier:
        """The action's full identifier."""
        return self.details.id

    @property
    def phase(self) -> int:
        """The current phase's number."""
        return self.details.status.phase

    @property
    def terminal(self) -> bool:
        """Whether the phase is one that ends."""
        return self.details.status.phase in TERMINAL

    @property
    def kind(self) -> int:
        """Task, trace or condition."""
        return self.details.metadata.action_type

    @property
    def attempt(self) -> run_definition_pb2.ActionAttempt | None:
        """The latest attempt."""
        attempts = self.details.attempts
        return attempts[-1] if attempts else None

    def ancestors(self) -> Iterator[Action]:
        """Parent, grandparent, ... up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def summary(self) -> run_definition_pb2.Action:
        """The action as lists and tree streams carry it."""
        return run_definition_pb2.Action(id=self.details.id, metadata=self.details.metadata, status=self.details.status)

    def full(self) -> run_definition_pb2.ActionDetails:
        """The action with everything there is, the task spec included."""
        details = run_definition_pb2.ActionDetails()
        details.CopyFrom(self.details)
        if self.spec is not None:
            details.task.CopyFrom(self.spec)
        return details


class Run:
    """A run and its actions, in the order in which they came; parents always before their children."""

    __slots__ = (
        "__weakref__",
        "actions",
        "base",
        "created",
        "id",
        "key",
        "open_actions",
        "spec",
        "topic",
    )

    def __init__(self, run_id: identifier_pb2.RunIdentifier, spec: run_pb2.RunSpec, base: str, topic: Topic) -> None:
        self.id = run_id
        self.key = RunKey(run_id.project, run_id.domain, run_id.name)
        self.spec = spec
        self.base = base
        self.created = now_us()
        self.actions: dict[str, Action] = {}
        self.open_actions = 0
        self.topic = topic

    @property
    def root(self) -> Action:
        """The action `a0`."""
        return self.actions[ROOT]

    def details(self) -> run_definition_pb2.RunDetails:
        """Run spec and root action."""
        return run_definition_pb2.RunDetails(run_spec=self.spec, action=self.root.full())

    def summary(self) -> run_definition_pb2.Run:
        """The run as lists carry it."""
        return run_definition_pb2.Run(action=self.root.summary(), labels=dict(self.spec.labels.values))

    def attach(self, action: Action) -> None:
        """Put a new action into the tree and count it in its ancestors."""
        self.actions[action.name] = action
        if action.parent is not None:
            action.parent.children.append(action)
        self._count(action, action.phase, 1)

    def recount(self, action: Action, before: int) -> None:
        """Account for `action` having left phase `before`."""
        self._count(action, before, -1)
        self._count(action, action.phase, 1)

    def _count(self, action: Action, phase: int, step: int) -> None:
        if phase not in TERMINAL:
            self.open_actions += step
            if action.parent is not None:
                action.parent.open_children += step
        for node in action.ancestors():
            node.phases_below[phase] = node.phases_below.get(phase, 0) + step
