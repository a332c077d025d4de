from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Run, connect
from flyte_jupyter.remote._tls_relay import _warned
from tests.unit.remote.fake_backend import FakeBackend, action_details
from tests.unit.remote.http1_proxy import http1_proxy
from tests.unit.remote.tls import Authority, authority

WIRES = ["grpc", "connect"]


@pytest.fixture(scope="module")
def ca(shared_backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    ports = {"grpc": shared_backend.grpc_port, "connect": shared_backend.connect_port}
    with authority(ports, tmp_path_factory.mktemp("ca")) as made:
        yield made


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest, backend: FakeBackend) -> Any:
    backend.scripts["GetRunDetails"] = lambda _: service.GetRunDetailsResponse(
        details=definition.RunDetails(action=action_details())
    )
    return request.param


def works(client: Client) -> bool:
    try:
        return Run.get("r1", client=client).name == "r1"
    finally:
        client.close()


def test_a_ca_file(ca: Authority, wire: Any) -> None:
    assert works(connect(ca.endpoint(wire), transport=wire, ca_cert_file_path=ca.ca_file))


def test_the_system_s_authorities(ca: Authority, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.ca_file))
    assert works(connect(ca.endpoint(wire), transport=wire))


@pytest.mark.parametrize(
    ("certificate", "trusted", "sentence"),
    [
        ("good", False, "was signed by nobody that is trusted here"),
        ("wrong", True, "was made for another name"),
        ("expired", True, "has expired"),
        ("future", True, "is not valid yet"),
    ],
)
def test_a_certificate_that_is_not_accepted(
    ca: Authority, wire: Any, certificate: str, trusted: bool, sentence: str
) -> None:
    file = ca.ca_file if trusted else None
    client = connect(ca.endpoint(wire, certificate), transport=wire, ca_cert_file_path=file)
    with pytest.raises(remote.ConnectionFailedError, match=sentence) as caught:
        Run.get("r1", client=client)
    client.close()
    assert f"localhost:{ca.ports[wire, certificate]}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_trying_both_wires_tells_of_the_certificate(ca: Authority, wire: Any) -> None:
    with pytest.raises(remote.ConnectionFailedError, match="nobody that is trusted"):
        connect(ca.endpoint(wire))


def test_trying_finds_the_wire_behind_tls(ca: Authority, wire: Any) -> None:
    client = connect(ca.endpoint(wire), ca_cert_file_path=ca.ca_file)
    assert client.transport == wire
    assert works(client)


@pytest.mark.parametrize("certificate", ["good", "wrong", "expired", "future"])
def test_unchecked_it_works_whatever_is_shown(ca: Authority, wire: Any, backend: FakeBackend, certificate: str) -> None:
    authority = ca.endpoint(wire, certificate).removeprefix("https://")
    _warned.discard(authority)
    with pytest.warns(UserWarning, match=f"{authority} is not checked"):
        assert works(connect(authority, transport=wire, insecure=False, insecure_skip_verify=True))
    if wire == "connect":
        assert backend.metadata[-1]["host"] == authority
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert works(connect(authority, transport=wire, insecure=False, insecure_skip_verify=True))


@pytest.mark.filterwarnings("ignore:The certificate of")
def test_unchecked_and_by_address(ca: Authority, wire: Any) -> None:
    client = connect(f"https://127.0.0.1:{ca.ports[wire, 'wrong']}", transport=wire, insecure_skip_verify=True)
    assert works(client)


@pytest.mark.filterwarnings("ignore:The certificate of")
def test_unchecked_and_nothing_listens(wire: Any) -> None:
    client = connect("https://localhost:1", transport=wire, insecure_skip_verify=True)
    with pytest.raises(remote.UnavailableError, match="localhost:1 cannot be reached: connection refused"):
        Run.get("r1", client=client)
    client.close()


@pytest.mark.parametrize("said", ["argument", "environment"])
@pytest.mark.filterwarnings("ignore:The certificate of")
def test_unchecked_and_through_a_proxy(ca: Authority, wire: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with http1_proxy(ca.ports[wire, "expired"], forward_all=True) as proxy:
        url = f"http://me:s3cret@localhost:{proxy.port}"
        if said == "environment":
            monkeypatch.setenv("https_proxy", url)
        client = connect(
            "flyte.example.invalid:8443",
            transport=wire,
            insecure_skip_verify=True,
            http_proxy_url=url if said == "argument" else None,
        )
        assert works(client)
        assert proxy.firsts[0].startswith(b"CONNECT flyte.example.invalid:8443 HTTP/1.1")
        assert b"Proxy-Authorization: Basic bWU6czNjcmV0" in proxy.firsts[0]


def test_plain_text_is_not_tls(backend: FakeBackend, wire: Any) -> None:
    with http1_proxy(backend.connect_port) as proxy:
        client = connect(f"https://localhost:{proxy.port}", transport=wire)
        with pytest.raises(remote.FlyteError) as caught:
            Run.get("r1", client=client)
        client.close()
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_that_is_none(wire: Any, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    client = connect("https://localhost:1", transport=wire, ca_cert_file_path=file)
    with pytest.raises(remote.InvalidArgumentError, match=r"ca.pem' cannot be used"):
        Run.get("r1", client=client)
    client.close()
