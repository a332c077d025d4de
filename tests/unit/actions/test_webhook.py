from __future__ import annotations

import asyncio
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from flyte_jupyter.actions import ActionsError, InvalidConfigurationError, PassingError
from flyte_jupyter.actions._webhook import _address as resolved
from flyte_jupyter.actions._webhook import check_address, post


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers what the test says."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.received.append((self.path, self.headers["Host"], json.loads(body)))
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hook() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.received, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(url: str, body: Any = None, **allowed: bool) -> str:
    return asyncio.run(post(url, body or {"text": "hi"}, **allowed))


def test_json_is_sent(hook: Any) -> None:
    url = f"http://localhost:{hook.server_port}/services/secret?a=1"
    assert send(url, {"text": "it is \u2713"}, insecure=True, private=True) == "localhost"
    host = f"localhost:{hook.server_port}"
    assert hook.received == [("/services/secret?a=1", host, {"text": "it is \u2713"})]


def test_private_addresses_are_refused_by_what_a_name_points_at(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port = hook.server_port
    here = ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]")
    for host in (*here, "[::127.0.0.1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[fec0::1]", "[2002:a00:1::]"):
        with pytest.raises(InvalidConfigurationError, match="private network"):
            send(f"http://{host}:{port}/", insecure=True)
    for address in ("10.1.2.3", "192.168.0.1", "172.16.5.5", "169.254.169.254", "100.64.0.1", "fd00::1", "224.0.0.1"):
        # A name that anybody may have registered.
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, a=address, **__: [(0, 0, 0, "", (a, 0))])
        with pytest.raises(InvalidConfigurationError, match=r"example\.com is in a private network"):
            send("https://example.com/hook")
    assert hook.received == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 0))])
    assert asyncio.run(resolved("example.com", private=False)) == address


def test_the_address_that_was_checked_is_the_one_that_is_used(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **settings: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "flips.example" else host, *args, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    send(f"http://flips.example:{hook.server_port}/", insecure=True, private=True)
    assert asked.count("flips.example") == 1
    assert hook.received[0][1] == f"flips.example:{hook.server_port}"


def test_tls_is_checked_for_the_name(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(context)
    hook.socket = context.wrap_socket(hook.socket, server_side=True)
    real, trusting = socket.getaddrinfo, ssl.create_default_context

    def trust(*args: Any, **settings: Any) -> ssl.SSLContext:
        client = trusting(*args, **settings)
        authority.configure_trust(client)
        return client

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **s: real("127.0.0.1" if "example" in str(host) else host, *a, **s)
    )
    monkeypatch.setattr(ssl, "create_default_context", trust)
    assert send(f"https://hooks.example:{hook.server_port}/x", private=True) == "hooks.example"
    with pytest.raises(PassingError, match=r"other\.example cannot be reached"):
        send(f"https://other.example:{hook.server_port}/x", private=True)
    assert [path for path, *_ in hook.received] == ["/x"]


def test_a_proxy_of_the_environment_is_not_told(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{hook.server_port}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PassingError, match="cannot be reached"):
            send(f"http://127.0.0.1:{taken.getsockname()[1]}/secret", insecure=True, private=True)
    assert hook.received == []


@pytest.mark.parametrize(
    ("status", "kind"), [(500, PassingError), (429, PassingError), (404, ActionsError), (302, ActionsError)]
)
def test_answers_are_told_without_the_address(hook: Any, status: int, kind: type[Exception]) -> None:
    hook.status = status
    with pytest.raises(kind, match=f"localhost answered {status}") as raised:
        send(f"http://localhost:{hook.server_port}/very-secret", insecure=True, private=True)
    assert type(raised.value) is kind
    assert "very-secret" not in str(raised.value)
    assert len(hook.received) == 1, "a redirect is not followed"


def test_what_cannot_be_reached_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PassingError, match="cannot be reached"):
            send(f"http://127.0.0.1:{taken.getsockname()[1]}/secret", insecure=True, private=True)
    with pytest.raises(PassingError, match="cannot be resolved"):
        send("https://nowhere.invalid/secret")


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example/x", "ftp://hooks.example", "https://", "https://user:pass@hooks.example/", "https://h:x/"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidConfigurationError, match="like https://host/path"):
        check_address(url, insecure=True)


def test_http_is_refused_unless_allowed() -> None:
    with pytest.raises(InvalidConfigurationError, match=r"hooks\.example is not encrypted"):
        check_address("http://hooks.example/x", insecure=False)
    assert check_address("http://hooks.example/x", insecure=True) == "hooks.example"


@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "localhost"])
def test_a_private_host_is_refused_when_it_is_named(host: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=r"private network\. Allow that with private=true"):
        check_address(f"https://{host}/x", insecure=False, private=False)
    assert check_address(f"https://{host}/x", insecure=False, private=True)


def test_names_and_public_hosts_are_looked_up_when_they_are_used() -> None:
    for host in ("hooks.example", "8.8.8.8"):
        assert check_address(f"https://{host}/x", insecure=False, private=False) == host
