from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from flyteidl2.cluster import payload_pb2 as cluster
from flyteidl2.common import identifier_pb2
from flyteidl2.dataproxy import dataproxy_service_pb2 as data
from flyteidl2.secret import payload_pb2 as secret

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, background, connect, methods
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._cluster import _question
from tests.unit.remote.fake_backend import FakeBackend, StatusError, fake_backend

ACTION = identifier_pb2.ActionIdentifier(
    run=identifier_pb2.RunIdentifier(org="o", project="p", domain="d", name="r1"), name="a0"
)
DATA = data.GetActionDataRequest(action_id=ACTION)


@pytest.fixture(scope="module")
def shared_data_plane() -> Iterator[FakeBackend]:
    with fake_backend() as backend:
        yield backend


@pytest.fixture
def data_plane(shared_data_plane: FakeBackend) -> Iterator[FakeBackend]:
    yield shared_data_plane
    shared_data_plane.reset()


@pytest.fixture(params=["grpc", "connect"])
def wire(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def client(backend: FakeBackend, wire: Any) -> Iterator[Client]:
    client = connect(f"localhost:{port(backend, wire)}", transport=wire)
    yield client
    client.close()


def port(backend: FakeBackend, wire: str) -> int:
    return backend.grpc_port if wire == "grpc" else backend.connect_port


def answers(backend: FakeBackend, endpoint: str) -> None:
    backend.scripts["SelectCluster"] = lambda _: cluster.SelectClusterResponse(cluster_endpoint=endpoint, cluster="c1")
    backend.scripts["GetActionData"] = lambda _: data.GetActionDataResponse()


def ask(client: Client, request: Any = DATA) -> Any:
    return background().run(client.unary(methods.GET_ACTION_DATA, request))


def test_calls_for_data_go_to_their_cluster(
    client: Client, backend: FakeBackend, data_plane: FakeBackend, wire: str
) -> None:
    answers(backend, f"http://localhost:{port(data_plane, wire)}")
    answers(data_plane, "")

    async def lines(request: Any) -> Any:
        yield data.TailLogsResponse()

    data_plane.scripts["TailLogs"] = lines
    ask(client)
    ask(client)

    async def tail() -> int:
        request = data.TailLogsRequest(action_id=ACTION, attempt=1)
        return len([message async for message in client.stream(methods.TAIL_LOGS, request)])

    assert background().run(tail()) == 1
    assert [rpc for rpc, _ in data_plane.calls] == ["GetActionData", "GetActionData", "TailLogs"]
    assert [rpc for rpc, _ in backend.calls] == ["SelectCluster", "SelectCluster"], "once for each operation"
    question = backend.calls[0][1]
    assert question.action_id == ACTION
    assert question.operation == cluster.SelectClusterRequest.OPERATION_GET_ACTION_DATA


def test_at_the_same_time_it_is_asked_once(
    client: Client, backend: FakeBackend, data_plane: FakeBackend, wire: str
) -> None:
    answers(backend, f"localhost:{port(data_plane, wire)}")
    answers(data_plane, "")

    async def many() -> None:
        await asyncio.gather(*(client.unary(methods.GET_ACTION_DATA, DATA) for _ in range(20)))

    background().run(many())
    assert backend.count("SelectCluster") == 1
    assert data_plane.count("GetActionData") == 20


@pytest.mark.parametrize("echo", ["", "http://localhost:{}", "https://localhost:{}", "dns:///localhost:{}", "::: no"])
def test_its_own_name_or_none_means_itself(client: Client, backend: FakeBackend, wire: str, echo: str) -> None:
    answers(backend, echo.format(port(backend, wire)))
    ask(client)
    ask(client)
    assert (backend.count("SelectCluster"), backend.count("GetActionData")) == (1, 2)


def test_a_backend_without_clusters_is_asked_once_for_all(client: Client, backend: FakeBackend) -> None:
    backend.scripts["GetActionData"] = lambda _: data.GetActionDataResponse()
    ask(client)
    other = data.GetActionDataRequest(action_id=ACTION)
    other.action_id.name = "a1"
    ask(client, other)
    assert (backend.count("SelectCluster"), backend.count("GetActionData")) == (1, 2)


@pytest.mark.parametrize("code", ["NOT_FOUND", "INVALID_ARGUMENT", "PERMISSION_DENIED", "INTERNAL"])
def test_where_the_choice_fails_the_control_plane_answers(client: Client, backend: FakeBackend, code: str) -> None:
    def refuse(_: Any) -> Any:
        raise StatusError(code, "no")

    answers(backend, "")
    backend.scripts["SelectCluster"] = refuse
    ask(client)
    assert backend.count("GetActionData") == 1


def test_while_the_choice_is_unavailable_so_is_the_call(client: Client, backend: FakeBackend) -> None:
    answers(backend, "")
    choose = backend.scripts["SelectCluster"]

    def starting(request: Any) -> Any:
        if backend.count("SelectCluster") == 1:
            raise StatusError("UNAVAILABLE", "starting")
        return choose(request)

    backend.scripts["SelectCluster"] = starting
    ask(client)
    assert (backend.count("SelectCluster"), backend.count("GetActionData")) == (2, 1), "tried again, as the call is"


def test_the_clusters_get_our_credentials(backend: FakeBackend, data_plane: FakeBackend, wire: Any) -> None:
    answers(backend, f"localhost:{port(data_plane, wire)}")
    answers(data_plane, "")
    client = connect(f"localhost:{port(backend, wire)}", transport=wire, command=["echo", "mine"])
    ask(client)
    client.close()
    assert data_plane.metadata[-1]["authorization"] == "Bearer mine"


def test_a_call_to_the_control_plane_asks_nothing(client: Client, backend: FakeBackend) -> None:
    with pytest.raises(remote.UnimplementedError):
        background().run(client.unary(methods.LIST_RUNS, pb.ListRunsRequest()))
    assert backend.count("SelectCluster") == 0


def question(method: methods.Method, request: Any) -> tuple[str, str, str]:
    asked = _question(method, request)
    place = asked.WhichOneof("resource")
    operation = cluster.SelectClusterRequest.Operation.Name(asked.operation).removeprefix("OPERATION_")
    return operation, place, str(getattr(asked, place)).replace("\n", " ").strip()


def test_what_is_asked_for_each_call() -> None:
    upload = data.CreateUploadLocationRequest(org="o", project="p", domain="d")
    ordered = str(identifier_pb2.ProjectIdentifier(organization="o", name="p", domain="d")).replace("\n", " ").strip()
    whole = ("project_id", ordered)
    assert question(methods.CREATE_UPLOAD_LOCATION, upload) == ("CREATE_UPLOAD_LOCATION", *whole)
    inputs = data.UploadInputsRequest(run_id=ACTION.run)
    assert question(methods.UPLOAD_INPUTS, inputs) == ("UPLOAD_INPUTS", *whole)
    inputs = data.UploadInputsRequest(
        project_id=identifier_pb2.ProjectIdentifier(organization="o", name="p", domain="d")
    )
    assert question(methods.UPLOAD_INPUTS, inputs) == ("UPLOAD_INPUTS", *whole)
    link = data.CreateDownloadLinkRequest(
        action_attempt_id=identifier_pb2.ActionAttemptIdentifier(action_id=ACTION, attempt=1)
    )
    assert question(methods.CREATE_DOWNLOAD_LINK, link)[:2] == ("CREATE_DOWNLOAD_LINK", "action_id")
    link = data.CreateDownloadLinkRequest()
    link.task_id.org, link.task_id.project, link.task_id.domain = "o", "p", "d"
    assert question(methods.CREATE_DOWNLOAD_LINK, link) == ("CREATE_DOWNLOAD_LINK", *whole)
    listed = secret.ListSecretsRequest(organization="o", project="p", domain="d")
    assert question(methods.LIST_SECRETS, listed) == ("USE_SECRETS", *whole)
    listed = secret.ListSecretsRequest(organization="o", domain="d")
    assert question(methods.LIST_SECRETS, listed)[1] == "domain_id"
    got = secret.GetSecretRequest()
    got.id.organization = "o"
    assert question(methods.GET_SECRET, got) == ("USE_SECRETS", "org_id", 'name: "o"')
