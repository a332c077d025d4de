from __future__ import annotations

from typing import Any

import pytest
from flyteidl2.core import types_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import ActionPhase, Client, Condition
from tests.unit.remote.fake_backend import FakeBackend, action_details

INTEGER, FLOAT, STRING, BOOLEAN = 1, 2, 3, 4


def details(simple: int, name: str = "c1") -> definition.ActionDetails:
    found = action_details(name, ActionPhase.PAUSED)
    found.metadata.parent = "a0"
    found.condition.name, found.condition.prompt = "go", "Shall we?"
    found.condition.type.CopyFrom(types_pb2.LiteralType(simple=simple))  # type: ignore[arg-type]
    return found


def serve(backend: FakeBackend, simple: int, *, told: bool = False) -> None:
    """Conditions c1 and c2; `told` if lists say what they are, as not every backend's do."""
    found = [details(simple, name) for name in ("c1", "c2")]
    found[1].metadata.parent = "c9"

    def listed(each: definition.ActionDetails) -> definition.Action:
        action = definition.Action(id=each.id, status=each.status)
        action.metadata.parent = each.metadata.parent
        if told:
            action.metadata.condition.name = each.condition.name
            action.metadata.condition.type.CopyFrom(each.condition.type)
        return action

    backend.scripts["ListActions"] = lambda request: service.ListActionsResponse(actions=map(listed, found))
    by_name = {each.id.name: each for each in found}
    backend.scripts["GetActionDetails"] = lambda request: service.GetActionDetailsResponse(
        details=by_name[request.action_id.name]
    )
    backend.scripts["SignalEvent"] = lambda request: service.SignalEventResponse()


def signals(backend: FakeBackend) -> list[Any]:
    return [request for rpc, request in backend.calls if rpc == "SignalEvent"]


@pytest.mark.parametrize("told", [True, False])
def test_conditions_are_found_by_their_names(client: Client, backend: FakeBackend, told: bool) -> None:
    serve(backend, BOOLEAN, told=told)
    first, second = Condition.listall("r1")
    assert (first.name, first.action_name, first.run_name, first.phase) == ("go", "c1", "r1", "paused")
    assert first.expected_type is bool
    assert backend.count("GetActionDetails") == (0 if told else 2)
    (request,) = [request for rpc, request in backend.calls if rpc == "ListActions"]
    (condition,) = request.request.filters
    assert (condition.field, list(condition.values)) == ("action_type", ["3"])
    found = Condition.get("go", "r1", "c9")
    assert found is not None
    assert found.action_name == second.action_name == "c2"
    assert Condition.get("stay", "r1") is None
    assert first.prompt() == "Shall we?"
    assert repr(first) == "Condition(r1/go, paused)"


@pytest.mark.parametrize(
    ("simple", "payload", "field", "sent"),
    [
        (BOOLEAN, True, "bool_value", True),
        (BOOLEAN, False, "bool_value", False),
        (INTEGER, 3, "int_value", 3),
        (INTEGER, 0, "int_value", 0),
        (FLOAT, 1.5, "float_value", 1.5),
        (FLOAT, 2, "float_value", 2.0),
        (STRING, "", "string_value", ""),
    ],
)
def test_answers(client: Client, backend: FakeBackend, simple: int, payload: Any, field: str, sent: Any) -> None:
    serve(backend, simple)
    condition = Condition.get("go", "r1")
    assert condition is not None
    condition.signal(payload)
    (request,) = signals(backend)
    assert (request.action_id.name, request.parent_action_name) == ("c1", "a0")
    assert request.payload.WhichOneof("value") == field
    assert getattr(request.payload, field) == sent


@pytest.mark.parametrize(
    ("simple", "payload", "sentence"),
    [
        (BOOLEAN, 1, "Condition 'go' wants a bool, and not the int 1."),
        (BOOLEAN, "yes", "Condition 'go' wants a bool, and not the str 'yes'."),
        (INTEGER, True, "Condition 'go' wants an int, and not the bool True."),
        (INTEGER, 1.0, "Condition 'go' wants an int, and not the float 1.0."),
        (INTEGER, 2**63, "Condition 'go' wants an int of at most 64 bits."),
        (FLOAT, True, "Condition 'go' wants a float, and not the bool True."),
        (STRING, None, "Condition 'go' wants a str, and not the NoneType None."),
        (0, [], "Condition 'go' wants a bool, an int, a float or a str, and not the list []."),
    ],
)
def test_answers_of_the_wrong_type(
    client: Client, backend: FakeBackend, simple: int, payload: Any, sentence: str
) -> None:
    serve(backend, simple)
    condition = Condition.get("go", "r1")
    assert condition is not None
    with pytest.raises(remote.InvalidArgumentError) as caught:
        condition.signal(payload)
    assert str(caught.value) == sentence
    assert signals(backend) == []


def test_what_was_answered(client: Client, backend: FakeBackend) -> None:
    serve(backend, INTEGER)
    condition = Condition.get("go", "r1")
    assert condition is not None
    assert condition.value() is None
    answered = details(INTEGER)
    answered.signal_info.output.scalar.primitive.integer = 42
    answered.status.phase = ActionPhase.SUCCEEDED.number  # type: ignore[assignment]
    backend.scripts["GetActionDetails"] = lambda request: service.GetActionDetailsResponse(details=answered)
    assert condition.value() == 42
    assert (condition.phase, condition.done()) == ("succeeded", True)
