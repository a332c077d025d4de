"""Connections as their settings say, on both wires."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.auth import auth_service_pb2
from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Run, background, connect, methods
from flyte_jupyter.remote._config_api_key import ApiKey
from tests.unit.remote.auth.fake_identity_provider import fake_identity_provider
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details
from tests.unit.remote.http1_proxy import http1_proxy


@pytest.fixture(params=["grpc", "connect"])
def wire(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def port(backend: FakeBackend, wire: str) -> int:
    backend.scripts["GetRunDetails"] = lambda _: service.GetRunDetailsResponse(
        details=definition.RunDetails(action=action_details())
    )
    return backend.grpc_port if wire == "grpc" else backend.connect_port


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home and a folder without any configuration."""
    for name in os.environ:
        if name.startswith(("FLYTE_", "_U_", "UCTL")):
            monkeypatch.delenv(name)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    remote.set_current_client(None)


def get(client: Client, name: str = "r1") -> str:
    request = service.GetRunDetailsRequest(run_id=identifier_pb2.RunIdentifier(name=name))
    return background().run(client.unary(methods.GET_RUN_DETAILS, request)).details.action.id.name


def used(client: Client) -> bool:
    """Whether the connection works; closes it."""
    try:
        return get(client) == "a0"
    finally:
        client.close()


@pytest.mark.parametrize("form", ["localhost:{}", "127.0.0.1:{}", "dns:///localhost:{}", "http://localhost:{}/"])
def test_every_form_of_an_endpoint_reaches_it(port: int, wire: Any, form: str) -> None:
    assert used(connect(form.format(port), transport=wire))


def test_nothing_given_is_what_the_environment_says(port: int, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYTE_ADMIN_ENDPOINT", f"localhost:{port}")
    monkeypatch.setenv("FLYTE_ADMIN_INSECURE", "true")
    monkeypatch.setenv("FLYTE_TASK_PROJECT", "p")
    client = connect(transport=wire, domain="d")
    assert (client.project, client.domain) == ("p", "d")
    assert used(client)


def test_nothing_given_is_what_a_file_says(port: int, wire: Any, nowhere: Path) -> None:
    (nowhere / ".flyte").mkdir()
    file = nowhere / ".flyte" / "config.yaml"
    file.write_text(
        f"admin: {{endpoint: 'dns:///localhost:{port}', insecure: true}}\n"
        "console: {endpoint: 'https://console.example.com/'}\ntask: {domain: d, org: o}\n"
    )
    client = connect(transport=wire)
    assert (client.project, client.domain, client.org) == ("flytesnacks", "d", "o")
    assert client.console_url("r1") == "https://console.example.com/v2/domain/d/project/flytesnacks/runs/r1"
    assert used(client)
    assert used(connect(config=file, transport=wire))


def test_a_configuration_that_is_wrong_is_one_sentence(nowhere: Path) -> None:
    (nowhere / "config.yaml").write_text("admin: {endpoint: [}\n")
    with pytest.raises(remote.InvalidArgumentError, match=r"'config.yaml' is not YAML in line 1"):
        connect()


def test_a_command_gives_the_token(backend: FakeBackend, port: int, wire: Any) -> None:
    assert used(connect(f"localhost:{port}", transport=wire, command=["echo", "my-token"]))
    assert backend.metadata[-1]["authorization"] == "Bearer my-token"


def test_a_login_before_the_first_call_goes_over_the_wire_that_gets_through(
    backend: FakeBackend, port: int, wire: Any
) -> None:
    def details(request: Any) -> Any:
        token = backend.metadata[-1].get("authorization", "").removeprefix("Bearer ")
        if token not in idp.valid:
            raise StatusError("UNAUTHENTICATED", "no token")
        return service.GetRunDetailsResponse(details=definition.RunDetails(action=action_details()))

    backend.scripts["GetRunDetails"] = details
    with fake_identity_provider() as idp, http1_proxy(port, forward_all=wire == "grpc") as ingress:
        backend.scripts["GetOAuth2Metadata"] = lambda _: auth_service_pb2.GetOAuth2MetadataResponse(**idp.metadata())
        backend.scripts["GetPublicClientConfig"] = lambda _: auth_service_pb2.GetPublicClientConfigResponse()
        client = connect(f"localhost:{ingress.port}", client_id="robot", client_secret=idp.secrets["robot"])
        assert client.transport == wire
        assert used(client)


def test_a_proxy_gets_a_token_of_its_own(backend: FakeBackend, port: int, wire: Any) -> None:
    async def watch(request: Any) -> Any:
        yield service.WatchActionDetailsResponse(details=action_details())

    backend.scripts["WatchActionDetails"] = watch
    client = connect(
        f"localhost:{port}",
        transport=wire,
        command="echo mine",
        proxy_command=["echo", "for-the-proxy"],
    )

    async def watched() -> None:
        async for _ in client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest()):
            pass

    background().run(watched())
    assert used(client)
    for metadata in backend.metadata[-2:]:
        assert metadata["proxy-authorization"] == "Bearer for-the-proxy"
        assert metadata["authorization"] == "Bearer mine"


def test_a_proxy_s_token_is_renewed(backend: FakeBackend, port: int, wire: Any, nowhere: Path) -> None:
    (nowhere / "token").write_text("old")

    def details(request: Any) -> Any:
        if backend.metadata[-1]["proxy-authorization"] != "Bearer new":
            (nowhere / "token").write_text("new")
            raise StatusError("UNAUTHENTICATED", "of the proxy")
        return service.GetRunDetailsResponse(details=definition.RunDetails(action=action_details()))

    backend.scripts["GetRunDetails"] = details
    assert used(connect(f"localhost:{port}", transport=wire, proxy_command=["cat", str(nowhere / "token")]))


@pytest.mark.parametrize("command", [["false"], ["/nowhere/program"], [sys.executable, "-c", ""]])
def test_a_proxy_command_that_fails_is_one_sentence(port: int, wire: Any, command: list[str]) -> None:
    client = connect(f"localhost:{port}", transport=wire, proxy_command=command)
    with pytest.raises(remote.FlyteError) as caught:
        get(client)
    client.close()
    assert "\n" not in str(caught.value)
    assert "proxy" in str(caught.value).lower()


def test_compression(backend: FakeBackend, port: int, wire: Any) -> None:
    sent: list[int] = []
    for compression in ("", "gzip"):
        with http1_proxy(port, forward_all=True) as proxy:
            client = connect(f"localhost:{proxy.port}", transport=wire, compression=compression)  # type: ignore[arg-type]
            get(client, "n" * 100_000)
            client.close()
            sent.append(proxy.received)
    assert sent[1] < 10_000 < 100_000 < sent[0]


def test_a_request_of_20_mb(backend: FakeBackend, port: int, wire: Any) -> None:
    client = connect(f"localhost:{port}", transport=wire)
    get(client, "n" * 20_000_000)
    client.close()
    assert len(backend.calls[-1][1].run_id.name) == 20_000_000


@pytest.mark.parametrize("tries", [1, 2])
def test_retries_are_as_many_as_wanted(backend: FakeBackend, port: int, wire: Any, tries: int) -> None:
    def starting(request: Any) -> Any:
        raise StatusError("UNAVAILABLE", "starting")

    backend.scripts |= {"GetRunDetails": starting, "CreateRun": starting}
    client = connect(f"localhost:{port}", transport=wire, rpc_retries=tries)
    with pytest.raises(remote.UnavailableError):
        Run.get("r1", client=client)
    with pytest.raises(remote.UnavailableError):
        background().run(client.unary(methods.CREATE_RUN, service.CreateRunRequest()))
    client.close()
    assert (backend.count("GetRunDetails"), backend.count("CreateRun")) == (tries, 1)


def test_a_proxy_of_the_environment_is_not_for_this_machine(
    port: int, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for host in ("localhost", "127.0.0.1"):
        assert used(connect(f"http://{host}:{port}", transport=wire))


def test_an_http_proxy_is_asked_for_other_machines(port: int, wire: Any) -> None:
    with http1_proxy(port, forward_all=True) as proxy:
        host = "flyte.example.invalid"
        client = connect(f"http://{host}", transport=wire, http_proxy_url=f"http://localhost:{proxy.port}")
        assert used(client)
        expected = f"CONNECT {host}:80 " if wire == "grpc" else f"POST http://{host}/flyteidl2."
        assert proxy.firsts[0].startswith(expected.encode())


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.filterwarnings("ignore:The certificate of")
def test_a_proxy_that_is_none_is_one_sentence_without_its_password(wire: Any, skip: bool) -> None:
    url = "http://me:s3cret@" if wire == "connect" else "gopher://me:s3cret@proxy.example.invalid"
    client = connect(
        "https://flyte.example.invalid", transport=wire, http_proxy_url=url, insecure_skip_verify=skip, rpc_retries=1
    )
    with pytest.raises(remote.FlyteError) as caught:
        get(client)
    client.close()
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_api_key_says_where(port: int, wire: Any) -> None:
    key = ApiKey(f"localhost:{port}", "me", "s3cret", "acme").encode()
    client = connect(api_key=key, transport=wire)
    assert (client.endpoint.port, client.org) == (port, "acme")
    assert "s3cret" not in repr(client)
    client.close()


def test_a_key_that_is_none() -> None:
    with pytest.raises(remote.InvalidArgumentError, match="not base64") as caught:
        connect(api_key="not a key at all!")
    assert "not a key at all" not in str(caught.value)


def test_an_error_shows_no_secret(port: int, wire: Any) -> None:
    client = connect(f"localhost:{port}", transport=wire, client_id="me", client_secret="s3cret")
    with pytest.raises(remote.FlyteError) as caught:
        background().run(client.unary(methods.ABORT_RUN, service.AbortRunRequest()))
    client.close()
    assert "s3cret" not in f"{caught.value} {caught.value!r} {client!r}"
