from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from flyte_jupyter.remote import Endpoint, UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._auth._discover import LoginServer, clean_scopes, discover
from flyte_jupyter.remote._auth._http import open_http
from flyte_jupyter.remote._auth._tokens import check_header_key
from flyte_jupyter.remote._settings import Settings
from tests.unit.remote.auth.conftest import Protected, run
from tests.unit.remote.auth.wires import BareGrpc
from tests.unit.remote.fake_backend import StatusError


def found(protected: Protected, **settings: Any) -> LoginServer | None:
    made = protected.settings("Pkce", **settings)

    async def go() -> LoginServer | None:
        async with open_http(made, protected.endpoint) as client:
            return await discover(made, protected.endpoint, protected.plain, client)

    return run(go())


def test_what_the_backend_says(protected: Protected) -> None:
    protected.config["authorization_metadata_key"] = "Flyte-Authorization"
    address = protected.idp.address
    assert found(protected) == LoginServer(
        header_key="flyte-authorization",
        authorization_endpoint=f"{address}/authorize",
        token_endpoint=f"{address}/token",
        device_endpoint=f"{address}/device",
        redirect_uri="http://localhost/callback",
        client_id="flyte",
        scopes=("all", "offline"),
        audience="flyte-api",
    )


def test_the_settings_go_first(protected: Protected) -> None:
    server = found(protected, client_id="own", scopes=("one",), audience="mine")
    assert server is not None
    assert (server.client_id, server.scopes, server.audience) == ("own", ("one",), "mine")


def test_a_backend_that_says_little_gets_defaults(protected: Protected) -> None:
    del protected.backend.scripts["GetPublicClientConfig"]
    server = found(protected)
    assert server is not None
    assert (server.header_key, server.redirect_uri, server.client_id) == (
        "authorization",
        "http://localhost:53593/callback",
        "",
    )


@pytest.mark.parametrize("code", ["UNIMPLEMENTED", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "INTERNAL"])
def test_a_backend_that_does_not_tell_has_no_oauth(protected: Protected, code: str) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError(code, "no")

    protected.backend.scripts["GetOAuth2Metadata"] = refuse
    assert found(protected) is None


@pytest.mark.parametrize("rpc", ["GetOAuth2Metadata", "GetPublicClientConfig"])
def test_a_backend_that_cannot_be_reached_is_not_one_without_oauth(protected: Protected, rpc: str) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError("UNAVAILABLE", "later")

    protected.backend.scripts[rpc] = refuse
    with pytest.raises(UnavailableError):
        found(protected)


def test_tokens_must_come_from_somewhere(protected: Protected) -> None:
    del protected.metadata["token_endpoint"]
    with pytest.raises(UnauthenticatedError, match="does not say where tokens come from"):
        found(protected)


@pytest.mark.parametrize("key", ["two words", "x\r\ny", "token-bin", "ünicode", ":path"])
def test_a_header_that_cannot_be_is_refused(protected: Protected, key: str) -> None:
    protected.config["authorization_metadata_key"] = key
    with pytest.raises(UnauthenticatedError, match="which cannot be"):
        found(protected)


def test_header_keys_are_lower_case() -> None:
    assert check_header_key(" Flyte-Authorization ", "h") == "flyte-authorization"
    assert check_header_key("", "h") == "authorization"


def test_scopes_that_were_once_printed_as_a_list_are_read() -> None:
    assert clean_scopes(["['all'", " 'offline']", '"x"', "", "[]"]) == ("all", "offline", "x")


@pytest.fixture
def well_known() -> Iterator[tuple[int, dict[str, Any]]]:
    """A web server with the well-known place, and what it says."""
    pages: dict[str, Any] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, page = pages.get(self.path, (404, "<html>"))
            body = (page if isinstance(page, str) else json.dumps(page)).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_address[1], pages
    server.shutdown()
    server.server_close()
    thread.join(10)


def at_well_known(protected: Protected, port: int, prefix: str) -> LoginServer | None:
    # The RPCs go to the fake backend, the web page to the other port, as behind an ingress.
    endpoint = Endpoint("127.0.0.1", port, insecure=True, prefix=prefix)
    made = Settings("x", insecure=True)

    async def go() -> LoginServer | None:
        async with open_http(made, endpoint) as client:
            return await discover(made, endpoint, lambda: BareGrpc(protected.backend.grpc_port), client)

    return run(go())


@pytest.mark.parametrize("prefix", ["", "/flyte"])
def test_the_well_known_place_tells_where_the_service_does_not(
    protected: Protected, well_known: tuple[int, dict[str, Any]], prefix: str
) -> None:
    port, pages = well_known
    del protected.backend.scripts["GetOAuth2Metadata"]
    pages[f"{prefix}/.well-known/oauth-authorization-server"] = (
        200,
        {
            **protected.idp.metadata(),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        },
    )
    server = at_well_known(protected, port, prefix)
    assert server is not None
    assert server.token_endpoint == f"{protected.idp.address}/token"
    assert server.secret_in_body
    assert server.client_id == "flyte"


@pytest.mark.parametrize("page", [(200, "<html>a web page</html>"), (200, "[]"), (302, ""), (500, "{}")])
def test_a_web_page_there_tells_nothing(
    protected: Protected, well_known: tuple[int, dict[str, Any]], page: tuple[int, str]
) -> None:
    port, pages = well_known
    del protected.backend.scripts["GetOAuth2Metadata"]
    pages["/.well-known/oauth-authorization-server"] = page
    assert at_well_known(protected, port, "") is None
