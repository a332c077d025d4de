from types import SimpleNamespace

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter.remote import (
    Action,
    Client,
    Endpoint,
    InvalidArgumentError,
    NotConnectedError,
    Run,
    RunDetails,
    set_current_client,
)
from flyte_jupyter.view._target import is_on_backend, target_of
from tests.unit.live.messages import action


@pytest.fixture
def client():
    client = Client(Endpoint.parse("localhost:8090"), None, "p", "d")  # type: ignore[arg-type]
    set_current_client(client)
    yield client
    set_current_client(None)


@pytest.fixture
def other():
    return Client(Endpoint.parse("localhost:9"), None, "q", "e")  # type: ignore[arg-type]


def test_a_name_is_of_the_current_connection(client):
    target = target_of(" r1 ")
    assert target.client is client
    assert target.key == "localhost:8090|p/d/r1"


def test_a_connection_can_be_given(client, other):
    assert target_of("r1", other).key == "localhost:9|q/e/r1"


def test_a_run_of_ours_brings_its_project_and_its_connection(client, other):
    run = Run(definition.Run(action=action("a0")), client=other)
    target = target_of(run)
    assert target.client is other
    assert target.key == "localhost:9|p/development/r1"
    assert target_of(Run(definition.Run(action=action("a0")))).client is client


def test_actions_and_details_stand_for_their_run(client):
    one = action("b", parent="a0")
    details = definition.ActionDetails(id=one.id)
    for item in (Action(one), RunDetails(definition.RunDetails(action=details))):
        assert target_of(item).name == "r1"


def test_without_a_connection_the_sentence_says_how_to_connect():
    set_current_client(None)
    with pytest.raises(NotConnectedError, match=r"flyte_jupyter\.connect"):
        target_of("r1")


@pytest.mark.parametrize("wrong", [5, None, SimpleNamespace(pb2=5), " "])
def test_what_is_no_run_is_one_sentence(client, wrong):
    with pytest.raises(InvalidArgumentError, match=r"is not a run\.|is empty\."):
        target_of(wrong)


def test_a_run_of_this_process_alone_is_on_no_backend(client):
    local = definition.Run()
    local.action.id.name, local.action.id.run.name = "a0", "dry-run"
    run = SimpleNamespace(pb2=local)
    assert not is_on_backend(run)
    assert is_on_backend(Run(definition.Run(action=action("a0"))))
    with pytest.raises(InvalidArgumentError, match="is on no backend"):
        target_of(run)


def test_an_object_of_the_sdk_goes_over_the_connection_to_the_same_endpoint(client, monkeypatch):
    made = type("Run", (), {"__module__": "flyte.remote._run"})()
    made.pb2 = definition.Run(action=action("a0"))  # type: ignore[attr-defined]
    monkeypatch.setattr("flyte_jupyter.remote._client.Client.from_sdk", lambda: Client(client.endpoint, None))  # type: ignore[arg-type]
    assert target_of(made).client is client
