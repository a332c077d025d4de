"""Logins from end to end: `connect` and what is done with it, over both wires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter.remote import (
    Client,
    NotConnectedError,
    Run,
    UnauthenticatedError,
    background,
    connect,
    current_client,
    methods,
    set_current_client,
)
from flyte_jupyter.remote._auth import auth_metadata
from flyte_jupyter.remote._auth._device import DeviceFlow
from tests.unit.remote.auth.conftest import FakeBrowser, FakeKeyring, Protected
from tests.unit.remote.auth.fake_identity_provider import DEVICE_GRANT
from tests.unit.remote.fake_backend import StatusError, action_details

WIRES = ["grpc", "connect"]


@pytest.fixture
def connected(protected: Protected, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """`connect` to the protected backend over its wire, with nothing set in the environment."""
    for name in ("FLYTE_API_KEY", "FLYTECTL_CONFIG", "UCTL_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run_details(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        protected.answer(request)
        if request.run_id.name != "r1":
            raise StatusError("NOT_FOUND", "no such run")
        answer = service.GetRunDetailsResponse()
        answer.details.action.CopyFrom(action_details())
        return answer

    async def watch(request: Any) -> AsyncIterator[service.WatchActionDetailsResponse]:
        protected.answer(request)
        yield service.WatchActionDetailsResponse(details=action_details())

    protected.backend.scripts |= {"GetRunDetails": run_details, "WatchActionDetails": watch}
    made: list[Client] = []

    def to(**fields: Any) -> Client:
        wire = "grpc" if protected.endpoint.port == protected.backend.grpc_port else "connect"
        arguments = {"insecure": True, "transport": wire, "tell": protected.told.append, **fields}
        made.append(connect(f"dns:///{protected.endpoint.authority}", **arguments))
        return made[-1]

    yield to
    for client in made:
        client.close()


def test_a_person_logs_in_with_the_first_call(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser, ring: FakeKeyring
) -> None:
    protected.header = "flyte-authorization"
    protected.config["authorization_metadata_key"] = "Flyte-Authorization"
    connected()
    assert Run.get("r1").name == "r1"
    assert Run.get("r1").name == "r1"
    assert len(browser.opened) == 1
    assert len(ring.items) == 1
    assert "login" not in repr(current_client())


def test_trying_the_wires_is_a_first_call(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    connected(transport="auto")
    assert len(browser.opened) == 1
    assert Run.get("r1").name == "r1"


def test_a_second_connection_needs_no_login(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    connected(transport="auto")
    connected(transport="auto", disable_keyring=True)
    assert Run.get("r1").name == "r1"
    assert len(browser.opened) == 1


def test_a_refused_login_makes_no_connection(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    set_current_client(None)
    protected.idp.refuse("access_denied", "not you")
    with pytest.raises(UnauthenticatedError, match=r"\(access_denied\): not you"):
        connected(transport="auto")
    with pytest.raises(NotConnectedError):
        current_client()


def test_a_device_login(
    protected: Protected, connected: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        protected.idp.device_confirmed.set()

    monkeypatch.setattr(DeviceFlow.__init__, "__defaults__", (sleep, lambda: 0.0))
    connected(auth_type="DeviceFlow")
    assert Run.get("r1").name == "r1"
    assert len(protected.told) == 1
    assert len(protected.idp.grants(DEVICE_GRANT)) == 1


def test_a_program_with_an_api_key(protected: Protected, connected: Callable[..., Client]) -> None:
    import base64

    key = base64.b64encode(f"{protected.endpoint.authority}:robot:se/c r+et:".encode()).decode()
    protected.idp.secrets["robot"] = "se/c r+et"
    wire = "grpc" if protected.endpoint.port == protected.backend.grpc_port else "connect"
    client = connect(api_key=key, insecure=True, transport=wire)
    assert Run.get("r1").name == "r1"
    client.close()
    assert len(protected.idp.grants("client_credentials")) == 1


def test_a_client_secret(protected: Protected, connected: Callable[..., Client]) -> None:
    connected(auth_type="ClientSecret", client_id="robot", client_secret="se/c r+et:ü")
    assert Run.get("r1").name == "r1"


def test_a_command_and_a_proxy(protected: Protected, connected: Callable[..., Client], tmp_path: Path) -> None:
    protected.idp.valid.add("printed")
    connected(auth_type="ExternalCommand", command=("echo", "printed"), proxy_command=("echo", "for-the-proxy"))
    assert Run.get("r1").name == "r1"
    assert {call.get("proxy-authorization") for call in protected.backend.metadata} == {"Bearer for-the-proxy"}


def test_headers_of_the_caller(protected: Protected, connected: Callable[..., Client]) -> None:
    protected.idp.valid.add("mine")
    connected(auth_type="Passthrough")
    with auth_metadata(("authorization", "Bearer mine")):
        assert Run.get("r1").name == "r1"
    with pytest.raises(UnauthenticatedError, match="no valid token"):
        Run.get("r1")


def test_100_calls_at_once_refresh_once(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    connected()
    Run.get("r1")
    protected.idp.revoke()

    async def all_at_once() -> list[Run]:
        return await asyncio.gather(*(Run.get.aio("r1") for _ in range(100)))

    assert len(asyncio.run(all_at_once())) == 100
    assert len(protected.idp.grants("refresh_token")) == 1
    assert len(browser.opened) == 1


def test_a_stream_is_opened_again_with_new_tokens(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    client = connected()
    Run.get("r1")
    protected.idp.revoke()

    async def first() -> Any:
        answers = client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest())
        try:
            return await answers.__anext__()
        finally:
            await answers.aclose()

    assert background().submit(first()).result(30).details.id.name == "a0"
    assert len(protected.idp.grants("refresh_token")) == 1


def test_a_feed_whose_login_is_over_ends_without_asking_anybody(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    client = connected()

    async def first() -> Any:
        answers = client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest())
        return await answers.__anext__()

    with pytest.raises(UnauthenticatedError, match="There is no valid login at localhost"):
        background().submit(first()).result(30)
    assert browser.opened == []


def test_a_backend_without_oauth_tells_its_own_error(
    protected: Protected, connected: Callable[..., Client], browser: FakeBrowser
) -> None:
    del protected.backend.scripts["GetOAuth2Metadata"]
    connected()
    with pytest.raises(UnauthenticatedError, match="no valid token"):
        Run.get("r1")
    assert browser.opened == []
