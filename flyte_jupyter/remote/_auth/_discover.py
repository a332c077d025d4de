"""What a backend says about logging in: AuthMetadataService, or the well-known place on the web."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, cast

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._auth._http import Http, check_url
from flyte_jupyter.remote._auth._tokens import check_header_key
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import UnauthenticatedError, status_error
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._transport import Transport, WireError

_SECONDS = 15.0
_REDIRECT = "http://localhost:53593/callback"


@dataclasses.dataclass(frozen=True)
class LoginServer:
    """Where and how a token is had. What the settings say goes before what the backend says.

    Attributes:
        header_key: The header that carries the token, lower case.
        authorization_endpoint: The page where a person logs in, or "".
        token_endpoint: Where tokens come from, or "".
        device_endpoint: Where a login on another device begins, or "".
        redirect_uri: Where the page sends the browser afterwards.
        client_id: The OAuth client that we are.
        scopes: What is asked for.
        audience: Whom the token is for, or "".
        secret_in_body: The token endpoint takes a client secret in the form only.
    """

    header_key: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    device_endpoint: str = ""
    redirect_uri: str = _REDIRECT
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    audience: str = ""
    secret_in_body: bool = False


async def discover(
    settings: Settings, endpoint: Endpoint, open_plain: Callable[[], Transport], http: Http
) -> LoginServer | None:
    """Asks a backend how one logs in.

    Args:
        settings: What the connection is made of.
        endpoint: The backend.
        open_plain: Opens a transport to it without authentication.
        http: For the well-known place, where AuthMetadataService is not served.

    Returns:
        None where the backend has no OAuth.

    Raises:
        FlyteError: The backend cannot be reached, or sends the login to where it must not go.
    """
    transport = open_plain()
    try:
        metadata, config = await asyncio.gather(
            _ask(transport, methods.GET_OAUTH2_METADATA, pb.GetOAuth2MetadataRequest(), endpoint),
            _ask(transport, methods.GET_PUBLIC_CLIENT_CONFIG, pb.GetPublicClientConfigRequest(), endpoint),
        )
    finally:
        await transport.close()
    if metadata is None:
        scheme = "http" if endpoint.insecure else "https"
        well_known = f"{scheme}://{endpoint.authority}{endpoint.prefix}/.well-known/oauth-authorization-server"
        metadata = await http.metadata(well_known)
    if metadata is None:
        return None

    def of(source: Any, name: str) -> Any:
        found = cast("dict[str, Any]", source).get(name) if isinstance(source, dict) else getattr(source, name, "")
        return found or ""

    def address(name: str) -> str:
        url = str(of(metadata, name))
        return check_url(url, endpoint) if url else ""

    ways = {str(way) for way in cast("Iterable[object]", of(metadata, "token_endpoint_auth_methods_supported"))}
    return LoginServer(
        header_key=check_header_key(str(of(config, "authorization_metadata_key")), endpoint.authority),
        authorization_endpoint=address("authorization_endpoint"),
        token_endpoint=_required(address("token_endpoint"), endpoint),
        device_endpoint=address("device_authorization_endpoint"),
        redirect_uri=str(of(config, "redirect_uri")) or _REDIRECT,
        client_id=settings.client_id or str(of(config, "client_id")),
        scopes=clean_scopes(settings.scopes or of(config, "scopes") or ()),
        audience=settings.audience or str(of(config, "audience")),
        secret_in_body="client_secret_post" in ways and "client_secret_basic" not in ways,
    )


async def header_key(endpoint: Endpoint, open_plain: Callable[[], Transport]) -> str:
    """The header that a backend wants the token in; the usual one where it does not say.

    Raises:
        FlyteError: The backend cannot be reached.
    """
    transport = open_plain()
    try:
        config = await _ask(transport, methods.GET_PUBLIC_CLIENT_CONFIG, pb.GetPublicClientConfigRequest(), endpoint)
    finally:
        await transport.close()
    return check_header_key(config.authorization_metadata_key if config is not None else "", endpoint.authority)


def clean_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes, also out of files that hold a list that was once printed."""
    cleaned = (scope.strip("[]'\" ,") for scope in scopes)
    return tuple(scope for scope in cleaned if scope)


async def _ask(transport: Transport, method: methods.Method, request: Any, endpoint: Endpoint) -> Any:
    try:
        return await transport.unary(method, request, _SECONDS)
    except WireError as error:
        if error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            raise status_error(error.code, error.text, endpoint.authority) from None
        # Not served, or not without a token: either way it tells nothing.
        return None


def _required(token_endpoint: str, endpoint: Endpoint) -> str:
    if token_endpoint:
        return token_endpoint
    raise UnauthenticatedError(
        f"{endpoint.authority} does not say where tokens come from.",
        "Ask those who run it to set up its token endpoint, or use the authType ExternalCommand.",
        "UNAUTHENTICATED",
    )
