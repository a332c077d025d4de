"""Whatever a backend sends, what we make of it can be looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from flyteidl2.auth.identity_pb2 import UserInfoResponse
from flyteidl2.project.project_service_pb2 import Project as ProjectMessage
from flyteidl2.secret.definition_pb2 import Secret as SecretMessage
from flyteidl2.task import task_definition_pb2 as tasks
from flyteidl2.task.task_service_pb2 import ListVersionsResponse
from flyteidl2.trigger import trigger_definition_pb2 as triggers
from flyteidl2.workflow import run_definition_pb2 as runs
from google.protobuf.message import DecodeError, Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Endpoint, FlyteError
from flyte_jupyter.remote._data import inputs_of, outputs_of
from flyte_jupyter.remote._transport_grpc import GrpcTransport
from tests.unit.remote.messages import messages

_ENDPOINT = Endpoint.parse("localhost:1")
CLIENT = Client(_ENDPOINT, GrpcTransport(_ENDPOINT))
KINDS: dict[type[Message], Callable[[Any], Any]] = {
    runs.Run: lambda message: remote.Run(message, client=CLIENT),
    runs.RunDetails: lambda message: remote.RunDetails(message, client=CLIENT),
    runs.Action: lambda message: remote.Action(message, client=CLIENT),
    runs.ActionDetails: lambda message: remote.ActionDetails(message, client=CLIENT),
    tasks.Task: lambda message: remote.Task(message, client=CLIENT),
    tasks.TaskDetails: lambda message: remote.TaskDetails(message, client=CLIENT),
    ListVersionsResponse.VersionResponse: remote.TaskVersion,
    triggers.Trigger: lambda message: remote.Trigger(message, client=CLIENT),
    triggers.TriggerDetails: remote.TriggerDetails,
    ProjectMessage: lambda message: remote.Project(message, client=CLIENT),
    SecretMessage: remote.Secret,
    UserInfoResponse: remote.User,
}
CALLS = ("done", "to_dict", "to_json", "logs_available", "get_phase_transitions", "subject", "__repr__", "__str__")
QUIETLY = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def look(thing: Any) -> None:
    """Read every property, and call what asks nobody."""
    for name in dir(type(thing)):
        # As in the SDK: a kind of secret that nobody knows.
        known = ValueError if (type(thing), name) == (remote.Secret, "type") else FlyteError
        with contextlib.suppress(known):
            if isinstance(getattr(type(thing), name), property):
                getattr(thing, name)
            elif name in CALLS:
                getattr(thing, name)()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.full_name)
@given(data=st.data())
@QUIETLY
def test_made_up_messages_can_be_looked_at(kind: type[Message], data: st.DataObject) -> None:
    look(KINDS[kind](data.draw(messages(kind, 3))))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.full_name)
@given(data=st.binary(max_size=200))
@QUIETLY
def test_any_bytes_that_are_a_message_can_be_looked_at(kind: type[Message], data: bytes) -> None:
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return
    look(KINDS[kind](message))


@given(data=st.data())
@QUIETLY
def test_made_up_inputs_and_outputs_can_be_looked_at(data: st.DataObject) -> None:
    from flyteidl2.task.common_pb2 import Inputs, Outputs

    details = data.draw(messages(runs.ActionDetails, 3))
    look(inputs_of(details, data.draw(messages(Inputs, 3))))
    look(outputs_of(details, data.draw(messages(Outputs, 3))))
