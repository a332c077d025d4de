"""The way to an identity provider: certificates, proxies, and where tokens may go."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from flyte_jupyter.remote import Endpoint, UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._auth._http import check_url, open_http
from flyte_jupyter.remote._settings import Settings
from tests.unit.remote.auth.conftest import run

CA = trustme.CA()


def serving(*, tls: bool) -> Iterator[tuple[str, list[str]]]:
    """A server that gives everybody the same token: its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b'{"access_token": "a"}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who does not trust the certificate leaves."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CA.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def secure() -> Iterator[tuple[str, list[str]]]:
    yield from serving(tls=True)


@pytest.fixture
def plain() -> Iterator[tuple[str, list[str]]]:
    yield from serving(tls=False)


def token_from(url: str, endpoint: str = "https://flyte.example.com", **settings: Any) -> str:
    made = Settings(endpoint, **settings)

    async def go() -> str:
        async with open_http(made, Endpoint.parse(endpoint)) as client:
            return (await client.token(url, "grant_type=x")).access

    return run(go())


def test_a_certificate_of_nobody_is_not_accepted(secure: tuple[str, list[str]]) -> None:
    with pytest.raises(UnavailableError, match=r"CERTIFICATE_VERIFY_FAILED.*as ca_cert_file_path\."):
        token_from(f"{secure[0]}/token")


def test_a_ca_file_is_trusted_beside_the_system_s_roots(secure: tuple[str, list[str]], tmp_path: Path) -> None:
    CA.cert_pem.write_to_path(tmp_path / "ca.pem")
    assert token_from(f"{secure[0]}/token", ca_cert_file_path=str(tmp_path / "ca.pem")) == "a"


@pytest.mark.parametrize("text", [None, "nonsense"])
def test_a_ca_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(UnauthenticatedError, match=r"^The CA file .*ca\.pem cannot be read: .*Check ca_cert_file_path"):
        token_from("https://localhost/token", ca_cert_file_path=str(tmp_path / "ca.pem"))


def test_an_unchecked_certificate_is_accepted_only_from_the_backend_s_own_host(secure: tuple[str, list[str]]) -> None:
    assert token_from(f"{secure[0]}/token", "https://localhost:1", insecure_skip_verify=True) == "a"
    with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        token_from(f"{secure[0]}/token", "https://flyte.example.com", insecure_skip_verify=True)


def test_a_proxy_is_used(plain: tuple[str, list[str]]) -> None:
    proxy, asked = plain
    url = "http://login.example.com/token"
    assert token_from(url, "http://flyte.example.com", http_proxy_url=proxy) == "a"
    assert asked == [url]


@pytest.mark.parametrize(
    ("url", "endpoint", "allowed"),
    [
        ("https://login.example.com/token", "https://flyte.example.com", True),
        ("http://login.example.com/token", "https://flyte.example.com", False),
        ("http://login.example.com/token", "http://flyte.example.com", True),
        ("http://localhost:8080/token", "https://flyte.example.com", True),
        ("http://127.0.0.1:8080/token", "https://flyte.example.com", True),
        ("http://localhost.example.com/token", "https://flyte.example.com", False),
        ("https:///token", "https://flyte.example.com", False),
        ("https://[broken", "https://flyte.example.com", False),
        ("token", "https://flyte.example.com", False),
        ("file:///etc/passwd", "http://flyte.example.com", False),
    ],
)
def test_where_tokens_may_go(url: str, endpoint: str, allowed: bool) -> None:
    if allowed:
        assert check_url(url, Endpoint.parse(endpoint)) == url
    else:
        with pytest.raises(UnauthenticatedError, match=r"flyte\.example\.com:\d+ sends the login to"):
            check_url(url, Endpoint.parse(endpoint))
