"""An identity provider on a real socket, which checks what it is sent and fails when a test says so."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

Form = dict[str, str]
Answer = tuple[int, dict[str, Any] | str]


class FakeIdentityProvider:
    """Gives tokens by authorization code with PKCE, device code, client credentials and refresh token.

    `valid` holds the access tokens that a backend accepts; `requests` lists (path, form, headers) as they came;
    `failures[path]` answers that are given before the right ones; `before` is called with each path first.
    """

    def __init__(self) -> None:
        self.address = ""
        self.client_id = "flyte"
        self.secrets = {"robot": "se/c r+et:ü"}
        self.expires_in: int | None = 3600
        self.valid: set[str] = set()
        self.refreshing: set[str] = set()
        self.requests: list[tuple[str, Form, dict[str, str]]] = []
        self.failures: dict[str, deque[Answer]] = defaultdict(deque)
        self.before: Callable[[str], None] = lambda path: None
        self.codes: dict[str, Form] = {}
        self.device_confirmed = threading.Event()
        self.device_answer: dict[str, Any] = {"interval": 0, "expires_in": 600}
        self._count = 0
        self._lock = threading.Lock()

    def metadata(self) -> dict[str, Any]:
        """What AuthMetadataService.GetOAuth2Metadata says of it."""
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "device_authorization_endpoint": f"{self.address}/device",
        }

    def grants(self, grant: str) -> list[Form]:
        """The forms that asked for a token with this grant."""
        return [form for path, form, _ in list(self.requests) if path == "/token" and form.get("grant_type") == grant]

    def refuse(self, error: str, description: str = "", *, path: str = "/token", status: int = 400) -> None:
        """The next request to `path` is refused with this error of OAuth."""
        self.failures[path].append((status, {"error": error, "error_description": description}))

    def revoke(self) -> None:
        """No access token is valid any more; refresh tokens still are."""
        self.valid.clear()

    def answer(self, path: str, form: Form, headers: dict[str, str]) -> Answer:
        """The answer to a POST."""
        self.before(path)
        with self._lock:
            self.requests.append((path, form, headers))
            if self.failures[path]:
                return self.failures[path].popleft()
            if path == "/device":
                if form.get("client_id") != self.client_id:
                    return 401, {"error": "invalid_client"}
                return 200, {
                    "device_code": "device-code",
                    "user_code": "ABCD-EFGH",
                    "verification_uri": f"{self.address}/activate",
                    **self.device_answer,
                }
            grant = {
                "client_credentials": self._client_credentials,
                "authorization_code": self._code,
                "refresh_token": self._refresh,
                DEVICE_GRANT: self._device,
            }.get(form.get("grant_type", ""))
            return grant(form, headers) if grant and path == "/token" else (400, {"error": "unsupported_grant_type"})

    def _client_credentials(self, form: Form, headers: dict[str, str]) -> Answer:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(value).decode().partition(":")
            secret = unquote_plus(secret)
        if not secret or self.secrets.get(name) != secret:
            return 401, {"error": "invalid_client", "error_description": "unknown client"}
        return self._issue(refresh=False)

    def _code(self, form: Form, headers: dict[str, str]) -> Answer:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant", "error_description": "unknown code"}
        # Flyte's own server wants all parameters of the authorization once more.
        if any(form.get(key) != value for key, value in asked.items()):
            return 400, {"error": "invalid_request", "error_description": "other parameters than before"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "wrong verifier"}
        return self._issue()

    def _refresh(self, form: Form, headers: dict[str, str]) -> Answer:
        token = form.get("refresh_token", "")
        if token not in self.refreshing or form.get("client_id") != self.client_id:
            return 400, {"error": "invalid_grant", "error_description": "refresh token is spent"}
        self.refreshing.discard(token)
        return self._issue()

    def _device(self, form: Form, headers: dict[str, str]) -> Answer:
        if form.get("device_code") != "device-code" or form.get("client_id") != self.client_id:
            return 400, {"error": "invalid_grant"}
        return self._issue() if self.device_confirmed.is_set() else (400, {"error": "authorization_pending"})

    def _issue(self, *, refresh: bool = True) -> Answer:
        self._count += 1
        access = f"access-{self._count}"
        self.valid.add(access)
        answer: dict[str, Any] = {"access_token": access, "token_type": "bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if refresh:
            answer["refresh_token"] = f"refresh-{self._count}"
            self.refreshing.add(answer["refresh_token"])
        return 200, answer

    def authorize(self, query: Form) -> tuple[int, str]:
        """The answer to the browser: the status, and where it is sent."""
        self.requests.append(("/authorize", query, {}))
        wanted = {"client_id": self.client_id, "response_type": "code", "code_challenge_method": "S256"}
        if any(query.get(key) != value for key, value in wanted.items()):
            return 400, ""
        with self._lock:
            self._count += 1
            code = f"code-{self._count}"
            self.codes[code] = {key: value for key, value in query.items() if key != "policy"}
        return 302, f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"


@contextlib.contextmanager
def fake_identity_provider() -> Iterator[FakeIdentityProvider]:
    """Serves one on a thread of its own."""
    provider = FakeIdentityProvider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            form = {key: values[0] for key, values in parse_qs(body, keep_blank_values=True).items()}
            self._send(*provider.answer(self.path, form, {key.lower(): value for key, value in self.headers.items()}))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                status, location = provider.authorize(query)
                self.send_response(status)
                self.send_header("location", location)
                self.send_header("content-length", "0")
                self.end_headers()
            else:
                self._send(404, "<html>no such page</html>")

        def _send(self, status: int, answer: dict[str, Any] | str) -> None:
            body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
