from __future__ import annotations

import contextlib
import dataclasses
import http.client
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import keyring
import keyring.backend
import pytest
from flyteidl2.auth import auth_service_pb2
from flyteidl2.workflow import run_service_pb2

from flyte_jupyter.remote import Endpoint, background
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._auth import Authenticator, _pkce, _renewing, _store, authenticator
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._transport import Transport, WireError
from tests.unit.remote.auth.fake_identity_provider import FakeIdentityProvider, fake_identity_provider
from tests.unit.remote.auth.wires import BareConnect, BareGrpc
from tests.unit.remote.fake_backend import FakeBackend, StatusError


@pytest.fixture
def idp() -> Iterator[FakeIdentityProvider]:
    with fake_identity_provider() as provider:
        yield provider


class FakeKeyring(keyring.backend.KeyringBackend):
    """A keyring in memory, which notes what was asked and can be made to fail."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.longest = 1_000_000

    def get_password(self, service: str, username: str) -> str | None:
        self._note("get")
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._note("set")
        if len(password) > self.longest:
            raise ValueError(f"too long: {password}")
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._note("delete")
        del self.items[service, username]

    def _note(self, what: str) -> None:
        assert threading.current_thread().name != "flyte_jupyter", "a keyring blocks"
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure


@pytest.fixture(autouse=True)
def ring() -> Iterator[FakeKeyring]:
    """The keyring of the process for the time of a test; what earlier tests left in memory is forgotten."""
    before, fake = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(fake)
    _store._memory.clear()
    yield fake
    _store._memory.clear()
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as a moment ago does not depend on how fast the machine is."""
    for name in ("_AFTER_REFUSAL", "_AFTER_FAILURE", "_FRESH"):
        monkeypatch.setattr(_renewing, name, 600.0)


class FakeBrowser:
    """Follows the login page's redirect as a browser does, from a thread of its own.

    `before` is called with the page's and the final address before it goes there, which it may change.
    """

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.pages: list[tuple[int, str]] = []
        self.exists = True
        self.before: Callable[[str, str], str | None] = lambda page, final: final
        self._threads: list[threading.Thread] = []

    def open(self, url: str) -> bool:
        self.opened.append(url)
        if self.exists:
            thread = threading.Thread(target=self._log_in, args=(url,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self.exists

    def log_in(self, url: str) -> str:
        """The address where the login page leads."""
        return self._get(url)[2]

    def visit(self, url: str) -> tuple[int, str]:
        """The status and text of a page."""
        return self._get(url)[:2]

    def join(self) -> None:
        for thread in self._threads:
            thread.join(20)

    def _log_in(self, url: str) -> None:
        final = self.before(url, self.log_in(url))
        if final:
            self.pages.append(self.visit(final))

    @staticmethod
    def _get(url: str) -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("location") or ""


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBrowser]:
    """A browser on this machine."""
    fake = FakeBrowser()
    monkeypatch.setattr("webbrowser.open", fake.open)
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "")
    yield fake
    fake.join()


@dataclasses.dataclass
class Protected:
    """A backend that wants tokens of the identity provider, and says where they are had."""

    backend: FakeBackend
    idp: FakeIdentityProvider
    endpoint: Endpoint
    plain: Callable[[], Transport]
    header: str = "authorization"
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    told: list[str] = dataclasses.field(default_factory=list)

    def settings(self, auth_type: Any, **fields: Any) -> Settings:
        return Settings(self.endpoint.authority, insecure=True, auth_type=auth_type, **fields)

    async def authenticator(self, auth_type: Any, **fields: Any) -> Authenticator:
        made = await authenticator(self.settings(auth_type, **fields), self.endpoint, self.plain, self.told.append)
        assert made is not None
        return made

    async def ask(self, auth: Authenticator) -> Any:
        """One RPC, asked once more after a renewal, as the transports do."""
        transport: Any = self.plain()
        try:
            for again in (True, False):
                headers = await auth.headers()
                try:
                    request = run_service_pb2.GetRunDetailsRequest()
                    return await transport.unary(methods.GET_RUN_DETAILS, request, 30, headers)
                except WireError as error:
                    if error.code != "UNAUTHENTICATED" or not again or not await auth.renew(headers):
                        raise
        finally:
            await transport.close()

    def answer(self, request: Any) -> Any:
        """The answer to a protected call."""
        token = self.backend.metadata[-1].get(self.header, "").removeprefix("Bearer ")
        if token not in self.idp.valid:
            raise StatusError("UNAUTHENTICATED", "no valid token")
        return run_service_pb2.GetRunDetailsResponse()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests with a protected backend run over gRPC, those of modules that name WIRES over each of them."""
    if "protected" in metafunc.fixturenames:
        metafunc.parametrize("protected", getattr(metafunc.module, "WIRES", ["grpc"]), indirect=True)


@pytest.fixture
def protected(request: pytest.FixtureRequest, backend: FakeBackend, idp: FakeIdentityProvider) -> Protected:
    """A protected backend."""
    grpc = request.param == "grpc"
    port = backend.grpc_port if grpc else backend.connect_port
    made = Protected(
        backend,
        idp,
        Endpoint.parse(f"localhost:{port}"),
        lambda: BareGrpc(port) if grpc else BareConnect(port),
        metadata=idp.metadata(),
        config={
            "client_id": idp.client_id,
            "redirect_uri": "http://localhost/callback",
            "scopes": ["all", "offline"],
            "audience": "flyte-api",
        },
    )
    backend.scripts |= {
        "GetOAuth2Metadata": lambda _: auth_service_pb2.GetOAuth2MetadataResponse(**made.metadata),
        "GetPublicClientConfig": lambda _: auth_service_pb2.GetPublicClientConfigResponse(**made.config),
        "GetRunDetails": made.answer,
    }
    return made


def run(coro: Any) -> Any:
    """Runs a coroutine as a blocking call does: somebody waits for it."""
    return background().run(coro)


def in_background(coro: Any) -> Any:
    """Runs a coroutine as a feed does: nobody waits for it."""
    return background().submit(coro).result(60)
