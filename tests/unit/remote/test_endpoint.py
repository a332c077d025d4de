from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyte_jupyter.remote import Endpoint, InvalidArgumentError

TOKEN = "aB3-_" * 8


@pytest.mark.parametrize(
    ("text", "authority", "insecure", "prefix"),
    [
        ("localhost:30080", "localhost:30080", True, ""),
        ("localhost", "localhost:80", True, ""),
        ("127.0.0.1:8090", "127.0.0.1:8090", True, ""),
        ("[::1]:8090", "[::1]:8090", True, ""),
        ("flyte.example.com", "flyte.example.com:443", False, ""),
        ("flyte.example.com:8443", "flyte.example.com:8443", False, ""),
        ("10.0.0.1:30080", "10.0.0.1:30080", False, ""),
        ("dns:///flyte.example.com", "flyte.example.com:443", False, ""),
        ("dns:///localhost:8090", "localhost:8090", True, ""),
        ("dns:///flyte.example.com:443/", "flyte.example.com:443", False, ""),
        ("http://flyte.example.com", "flyte.example.com:80", True, ""),
        ("https://flyte.example.com/", "flyte.example.com:443", False, ""),
        ("https://localhost:8443", "localhost:8443", False, ""),
        ("https://example.com/flyte/", "example.com:443", False, "/flyte"),
        ("  HOST.example.com ", "host.example.com:443", False, ""),
    ],
)
def test_forms(text: str, authority: str, insecure: bool, prefix: str) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.authority, endpoint.insecure, endpoint.prefix, endpoint.token) == (authority, insecure, prefix, "")


def test_insecure_can_be_said() -> None:
    assert Endpoint.parse("flyte.example.com", insecure=True).port == 80
    assert Endpoint.parse("localhost:8443", insecure=False).insecure is False


def test_a_local_backend_s_token() -> None:
    endpoint = Endpoint.parse(f"http://localhost:4321/{TOKEN}")
    assert endpoint.token == TOKEN
    assert endpoint.connect_address == f"http://localhost:4321/{TOKEN}"
    assert endpoint.grpc_target == "dns:///localhost:4321"
    assert TOKEN not in f"{endpoint} {endpoint!r} {endpoint.authority} {endpoint.console}"
    assert TOKEN not in endpoint.redact(f"http://localhost:4321/{TOKEN}/x failed")


def test_a_long_path_elsewhere_is_a_path() -> None:
    endpoint = Endpoint.parse(f"https://flyte.example.com/{TOKEN}")
    assert (endpoint.token, endpoint.prefix) == ("", f"/{TOKEN}")


@pytest.mark.parametrize(
    "text", ["", "   ", "ftp://host", "http://", "host:notaport", "host:99999", "a b", "user@host", "dns:///", "[::1"]
)
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Endpoint.parse(text)
    assert "host:port" in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("text", "console"),
    [
        ("localhost:8090", "http://localhost:8080"),
        ("localhost:30080", "http://localhost:30080"),
        ("https://flyte.example.com", "https://flyte.example.com"),
        ("flyte.example.com:8443", "https://flyte.example.com:8443"),
        (f"http://localhost:4321/{TOKEN}", ""),
    ],
)
def test_console(text: str, console: str) -> None:
    assert Endpoint.parse(text).console == console


@pytest.mark.parametrize(
    ("console", "url"),
    [
        ("https://console.example.com", "https://console.example.com"),
        ("console.example.com/", "https://console.example.com"),
        ("http://console.example.com:8080/ui/", "http://console.example.com:8080/ui"),
    ],
)
def test_a_console_elsewhere(console: str, url: str) -> None:
    endpoint = Endpoint.parse("flyte.example.com", console=console)
    assert endpoint.console == url
    assert endpoint == Endpoint.parse("flyte.example.com")


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
hosts = (
    st.lists(labels, min_size=1, max_size=4).map(".".join)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
)
ports = st.integers(1, 65535)


@given(hosts, ports, st.sampled_from(["{}", "dns:///{}", "http://{}", "https://{}", " {}\n", "{}/"]))
def test_every_form_names_the_same_backend(host: str, port: int, form: str) -> None:
    endpoint = Endpoint.parse(form.format(f"{host}:{port}"))
    assert (endpoint.authority, endpoint.host) == (f"{host}:{port}", host.strip("[]"))
    assert Endpoint.parse(endpoint.connect_address) == endpoint
    assert Endpoint.parse(endpoint.grpc_target, insecure=endpoint.insecure) == endpoint


@given(st.text())
def test_any_text_is_an_endpoint_or_a_plain_error(text: str) -> None:
    try:
        endpoint = Endpoint.parse(text)
    except InvalidArgumentError:
        return
    assert endpoint.host
    assert 0 < endpoint.port < 65536
    assert Endpoint.parse(endpoint.connect_address).authority == endpoint.authority
