"""What runs, actions and their details have in common."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._errors import InvalidArgumentError, ServerError
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
    from flyteidl2.common.run_pb2 import Relation
    from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

ROOT_ACTION = "a0"
"""The name of a run's root action."""


class ToJson:
    """Mixin for what has a message in `pb2`."""

    pb2: Any

    def to_dict(self) -> dict[str, Any]:
        """The message as a JSON-serializable dictionary: camelCase keys, names of enums, 64-bit integers as text.

        Raises:
            ServerError: The backend sent a time or a number that JSON cannot hold.

        Example:
            >>> Run.get("r1").to_dict()["action"]["status"]["phase"]
            'ACTION_PHASE_SUCCEEDED'
        """
        from google.protobuf.json_format import MessageToDict, SerializeToJsonError

        try:
            return MessageToDict(self.pb2)
        except (SerializeToJsonError, ValueError, OverflowError) as error:
            raise ServerError(f"The backend sent what JSON cannot hold: {error}") from None

    def to_json(self) -> str:
        """The same as JSON text.

        Raises:
            ServerError: As `to_dict`.

        Example:
            >>> '"phase": "ACTION_PHASE_SUCCEEDED"' in Run.get("r1").to_json()
            True
        """
        return json.dumps(self.to_dict(), indent=2)


class Connected:
    """Mixin for what was read over a connection."""

    _given_client: Client | None

    @property
    def _client(self) -> Client:
        return self._given_client or current_client()


M = TypeVar("M", "Action", "ActionDetails")


class ActionFacts(ToJson, Generic[M]):
    """Mixin for what has an action's identifier, metadata and status in `pb2`. Nothing here makes a call."""

    pb2: M

    @property
    def action_id(self) -> ActionIdentifier:
        """The action's full identifier."""
        return self.pb2.id

    @property
    def name(self) -> str:
        """The action's name, unique in its run; "a0" is the root."""
        return self.pb2.id.name

    @property
    def run_name(self) -> str:
        """The name of the run that the action is part of."""
        return self.pb2.id.run.name

    @property
    def parent_name(self) -> str | None:
        """The name of the action that started this one, None for the root."""
        return self.pb2.metadata.parent or None

    @property
    def relation(self) -> Relation | None:
        """Which run this one was made from and how, where it is a rerun or a recovery and the backend says so."""
        return self.pb2.metadata.relation if self.pb2.metadata.HasField("relation") else None

    @property
    def task_name(self) -> str | None:
        """The full name of the task ("environment.function"), None for traces, conditions and where it is not known."""
        metadata = self.pb2.metadata
        return (metadata.task.id.name or None) if metadata.HasField("task") else None

    @property
    def phase(self) -> ActionPhase:
        """The phase when this was last read."""
        return ActionPhase.from_number(int(self.pb2.status.phase))

    @property
    def raw_phase(self) -> int:
        """The phase's number on the wire, also one that this version does not know."""
        return int(self.pb2.status.phase)

    @property
    def start_time(self) -> datetime | None:
        """When the action was created, in UTC."""
        return to_datetime(self.pb2.status.start_time) if self.pb2.status.HasField("start_time") else None

    @property
    def end_time(self) -> datetime | None:
        """When the action ended, in UTC; None while it has not."""
        # A retried failure leaves its end time behind while the action runs again.
        status = self.pb2.status
        return to_datetime(status.end_time) if self.done() and status.HasField("end_time") else None

    @property
    def duration(self) -> timedelta | None:
        """From start to end, or until now while it is not over. None if it has no start."""
        start, end = self.start_time, self.end_time
        if start is not None and (end is not None or not self.done()):
            return (end or datetime.now(timezone.utc)) - start
        milliseconds = self.pb2.status.duration_ms if self.done() else 0
        return timedelta(milliseconds=milliseconds) if milliseconds or start is not None else None

    def done(self) -> bool:
        """Whether the phase is terminal.

        Example:
            >>> Action.get(run_name="r1", name="a0").done()
            True
        """
        return self.phase.is_terminal

    def __repr__(self) -> str:
        task = f", {self.task_name}" if self.task_name else ""
        return f"{type(self).__name__}({self.run_name}/{self.name}, {self.phase.value}{task})"


def to_datetime(timestamp: Timestamp) -> datetime:
    """A timestamp as an aware datetime in UTC; the nearest that there is for one out of range."""
    try:
        return timestamp.ToDatetime(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return (datetime.max if timestamp.seconds > 0 else datetime.min).replace(tzinfo=timezone.utc)


def to_timedelta(duration: Duration) -> timedelta:
    """A duration as a timedelta; the nearest that there is for one out of range."""
    try:
        return duration.ToTimedelta()
    except (ValueError, OverflowError):
        return timedelta.max if duration.seconds > 0 else timedelta.min


def check_name(what: str, name: object) -> None:
    """Refuses what cannot be a name.

    Args:
        what: What is asked for, as "A run".
        name: What it is asked for by.

    Raises:
        InvalidArgumentError: It is no text, or empty.
    """
    if not isinstance(name, str):
        raise InvalidArgumentError(f"{what} is asked for by its name, and that is no {type(name).__name__}.")
    if not name:
        raise InvalidArgumentError(f"{what} is asked for by its name, and that is empty.")


def check_attempt(attempt: object) -> None:
    """Refuses what is not the number of an attempt."""
    if isinstance(attempt, bool) or not isinstance(attempt, int) or not 0 < attempt < 2**31:
        raise InvalidArgumentError(f"{attempt!r} is no attempt.", "Attempts are counted from 1.")


def run_id(client: Client, name: str, project: str | None = None, domain: str | None = None) -> RunIdentifier:
    """A run's full identifier, in the client's project and domain if none are given.

    Raises:
        InvalidArgumentError: The name is none.
    """
    check_name("A run", name)
    return pb.RunIdentifier(
        org=client.org, project=project or client.project, domain=domain or client.domain, name=name
    )


def action_id(run: RunIdentifier, name: str = ROOT_ACTION) -> ActionIdentifier:
    """An action's full identifier."""
    return pb.ActionIdentifier(run=run, name=name)
