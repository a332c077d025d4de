from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from connectrpc.client import ConnectClient
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service
from flyteidl2.workflow.run_service_connect import RunServiceClient

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, Client, Run, _client, connect
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details


@pytest.fixture
def sdk(backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the SDK looks like in `sys.modules` once it is initialised, with real Connect clients."""
    address = f"http://localhost:{backend.connect_port}"
    clients = SimpleNamespace(
        session_config=SimpleNamespace(endpoint=address, insecure=True), run_service=RunServiceClient(address)
    )
    config = SimpleNamespace(client=clients, project="p", domain="d", org=None)
    module = ModuleType("flyte._initialize")
    module._get_init_config = lambda: config  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flyte._initialize", module)
    monkeypatch.setattr(_client, "_sdk", None)
    assert isinstance(clients.run_service, ConnectClient)

    def run(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        if request.run_id.name != "r1":
            raise StatusError("NOT_FOUND", "no")
        return service.GetRunDetailsResponse(details=definition.RunDetails(action=action_details()))

    backend.scripts["GetRunDetails"] = run
    yield config
    remote.set_current_client(None)


def sdk_run() -> Any:
    details = action_details()
    action = definition.Action(id=details.id, status=details.status)
    return SimpleNamespace(pb2=definition.Run(action=action))


def test_from_sdk(sdk: Any) -> None:
    client = Client.from_sdk()
    assert (client.transport, client.project, client.domain, client.org) == ("sdk", "p", "d", "")
    assert Run.get("r1", client=client).name == "r1"
    with pytest.raises(remote.NotFoundError):
        Run.get("r2", client=client)


def test_connect_without_endpoint_takes_the_sdk_s(sdk: Any) -> None:
    client = connect(project="other")
    assert (client.transport, client.project, client.domain) == ("sdk", "other", "d")
    assert remote.current_client() is client


def test_objects_of_the_sdk_share_its_connection(sdk: Any) -> None:
    run = Run.from_sdk(sdk_run())
    assert (run.name, run.phase) == ("r1", "running")
    assert run.details().name == "r1"
    again = Run.from_sdk(sdk_run())
    assert run._client is again._client
    assert run._client.transport == "sdk"
    action = Action.from_sdk(SimpleNamespace(pb2=sdk_run().pb2.action))
    assert action._client is run._client


def test_objects_of_the_sdk_take_our_connection_to_the_same_endpoint(sdk: Any, backend: FakeBackend) -> None:
    client = connect(f"http://localhost:{backend.connect_port}", transport="connect")
    assert Run.from_sdk(sdk_run())._client is client
    client.close()


def test_a_new_init_of_the_sdk_is_a_new_connection(sdk: Any) -> None:
    before = Run.from_sdk(sdk_run())._client
    address = sdk.client.session_config.endpoint
    sdk.client = SimpleNamespace(session_config=sdk.client.session_config, run_service=RunServiceClient(address))
    assert Run.from_sdk(sdk_run())._client is not before


def test_an_sdk_that_is_not_initialised(sdk: Any) -> None:
    sdk.client = None
    with pytest.raises(remote.NotConnectedError, match=r"flyte\.init"):
        connect()
