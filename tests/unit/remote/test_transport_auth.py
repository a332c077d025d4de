from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Endpoint, Run, background, methods
from flyte_jupyter.remote._auth import Headers
from flyte_jupyter.remote._call_headers import CallHeaders, with_request_id
from flyte_jupyter.remote._connect import _wire
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._transport_auth import AuthorizedTransport
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details


class FakeAuthenticator:
    """Has a token that may be renewed a number of times."""

    def __init__(self, token: str = "old", renewals: int = 1) -> None:
        self.token = token
        self.renewals = renewals
        self.rejected: list[Headers] = []
        self.closed = False

    async def headers(self) -> Headers:
        assert background().is_current
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    async def renew(self, rejected: Headers) -> bool:
        self.rejected.append(rejected)
        if self.renewals == 0:
            return False
        self.renewals -= 1
        self.token = "new"
        return True

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def auth() -> FakeAuthenticator:
    return FakeAuthenticator()


@pytest.fixture(params=["grpc", "connect"])
def client(request: pytest.FixtureRequest, backend: FakeBackend, auth: FakeAuthenticator) -> Iterator[Client]:
    port = backend.grpc_port if request.param == "grpc" else backend.connect_port
    endpoint = Endpoint.parse(f"localhost:{port}")
    inner = _wire(endpoint, Settings(endpoint.authority), request.param)
    client = Client(endpoint, AuthorizedTransport(inner, CallHeaders(auth), owner=True))
    yield client
    client.close()


def refuse(backend: FakeBackend, code: str, text: str = "") -> None:
    """Has the backend refuse everything but the new token."""

    def details(request: Any) -> Any:
        if backend.metadata[-1].get("authorization") != "Bearer new":
            raise StatusError(code, text)
        return service.GetRunDetailsResponse(details=definition.RunDetails(action=action_details()))

    async def watch(request: Any) -> Any:
        if backend.metadata[-1].get("authorization") != "Bearer new":
            raise StatusError(code, text)
        yield service.WatchActionDetailsResponse(details=action_details())

    def create(request: Any) -> Any:
        if backend.metadata[-1].get("authorization") != "Bearer new":
            raise StatusError(code, text)
        return service.CreateRunResponse()

    backend.scripts |= {"GetRunDetails": details, "WatchActionDetails": watch, "CreateRun": create}


def watched(client: Client) -> int:
    async def watch() -> int:
        stream = client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest())
        return len([message async for message in stream])

    return background().run(watch())


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("UNAUTHENTICATED", "token expired"),
        ("UNKNOWN", "Received http2 header with status: 401"),
        ("UNKNOWN", "Unauthorized"),
    ],
)
def test_a_refused_call_is_asked_once_more(
    client: Client, backend: FakeBackend, auth: FakeAuthenticator, code: str, text: str
) -> None:
    refuse(backend, code, text)
    assert Run.get("r1", client=client).name == "r1"
    assert backend.count("GetRunDetails") == 2
    assert auth.rejected == [(("authorization", "Bearer old"),)]
    auth.token, auth.renewals = "old", 1
    assert watched(client) == 1
    auth.token, auth.renewals = "old", 1
    background().run(client.unary(methods.CREATE_RUN, service.CreateRunRequest()))
    assert backend.count("CreateRun") == 2, "what was refused was not executed"


@pytest.mark.parametrize(
    ("code", "text"), [("PERMISSION_DENIED", "not yours"), ("UNKNOWN", "a bug"), ("INTERNAL", "401")]
)
def test_other_errors_renew_nothing(
    client: Client, backend: FakeBackend, auth: FakeAuthenticator, code: str, text: str
) -> None:
    refuse(backend, code, text)
    with pytest.raises(remote.FlyteError):
        Run.get("r1", client=client)
    with pytest.raises(remote.FlyteError):
        watched(client)
    assert auth.rejected == []


def test_without_credentials_a_denial_is_a_refusal(
    client: Client, backend: FakeBackend, auth: FakeAuthenticator
) -> None:
    auth.token = ""
    refuse(backend, "PERMISSION_DENIED")
    assert Run.get("r1", client=client).name == "r1"
    assert auth.rejected == [()]


def test_a_second_refusal_is_final(client: Client, backend: FakeBackend, auth: FakeAuthenticator) -> None:
    def refused(request: Any) -> Any:
        raise StatusError("UNAUTHENTICATED", "no")

    backend.scripts["GetRunDetails"] = refused
    auth.renewals = 5
    with pytest.raises(remote.UnauthenticatedError):
        Run.get("r1", client=client)
    assert backend.count("GetRunDetails") == 2


def test_where_nothing_can_be_renewed_the_refusal_stays(
    client: Client, backend: FakeBackend, auth: FakeAuthenticator
) -> None:
    refuse(backend, "UNAUTHENTICATED", "token expired")
    auth.renewals = 0
    with pytest.raises(remote.UnauthenticatedError, match="token expired"):
        Run.get("r1", client=client)
    with pytest.raises(remote.UnauthenticatedError):
        watched(client)


def test_a_stream_is_not_repeated_after_its_first_message(
    client: Client, backend: FakeBackend, auth: FakeAuthenticator
) -> None:
    async def watch(request: Any) -> Any:
        yield service.WatchActionDetailsResponse(details=action_details())
        raise StatusError("UNAUTHENTICATED", "expired meanwhile")

    backend.scripts["WatchActionDetails"] = watch
    with pytest.raises(remote.UnauthenticatedError):
        watched(client)
    assert backend.count("WatchActionDetails") == 1
    assert auth.rejected == []


def test_each_call_has_an_id_of_its_own(client: Client, backend: FakeBackend) -> None:
    refuse(backend, "UNAUTHENTICATED")
    Run.get("r1", client=client)
    watched(client)
    ids = [metadata["x-request-id"] for metadata in backend.metadata]
    assert ids[0] == ids[1], "asked once more it is the same request"
    assert len(set(ids)) == 2


def test_an_id_that_is_there_is_kept() -> None:
    given = (("X-Request-Id", "mine"), ("k", "v"))
    assert with_request_id(given) == given


def test_closing_lets_go_of_the_credentials(client: Client, auth: FakeAuthenticator) -> None:
    client.close()
    assert auth.closed


def test_the_caller_s_context_reaches_the_credentials(
    backend: FakeBackend, client: Client, auth: FakeAuthenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextvars

    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

    async def headers() -> Headers:
        return (("x-who", who.get()),)

    monkeypatch.setattr(auth, "headers", headers)
    backend.scripts["GetRunDetails"] = lambda _: service.GetRunDetailsResponse(
        details=definition.RunDetails(action=action_details())
    )
    backend.scripts["ListRuns"] = lambda request: service.ListRunsResponse(
        runs=[definition.Run(action=definition.Action(id=action_details().id))] * 2,
        token="" if request.request.token else "more",
    )

    def said(call: Any) -> set[str]:
        backend.metadata.clear()
        call()
        return {metadata["x-who"] for metadata in backend.metadata}

    assert said(lambda: Run.get("r1", client=client)) == {"nobody"}
    who.set("me")
    assert said(lambda: Run.get("r1", client=client)) == {"me"}
    assert said(lambda: asyncio.run(Run.get.aio("r1", client=client))) == {"me"}
    found: list[set[str]] = []
    thread = threading.Thread(target=lambda: found.append(said(lambda: Run.get("r1", client=client))))
    thread.start()
    thread.join()
    assert found == [{"nobody"}], "a thread has a context of its own"
    runs = Run.listall(limit=4, client=client)
    who.set("somebody else")
    assert said(lambda: list(runs)) == {"me"}, "an iteration keeps the context of its call"

    async def listed() -> None:
        who.set("async")
        runs = Run.listall.aio(limit=4, client=client)
        who.set("later")
        assert len([run async for run in runs]) == 4

    assert said(lambda: asyncio.run(listed())) == {"async"}
