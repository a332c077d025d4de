"""Connecting: where to, who we are there, and which wire gets through is found out by trying."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._auth import authenticator, proxy_authenticator, together
from flyte_jupyter.remote._call_headers import CallHeaders
from flyte_jupyter.remote._client import DOMAIN, PROJECT, Client, set_current_client
from flyte_jupyter.remote._cluster import ClusterTransport
from flyte_jupyter.remote._config import resolve
from flyte_jupyter.remote._dual import dual_function
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import (
    ConnectionFailedError,
    FlyteError,
    InvalidArgumentError,
    NotConnectedError,
    status_error,
)
from flyte_jupyter.remote._settings import AuthType, Compression, Settings
from flyte_jupyter.remote._tls import tls_error
from flyte_jupyter.remote._transport import Transport, WireError
from flyte_jupyter.remote._transport_auth import AuthorizedTransport

if TYPE_CHECKING:
    from flyte_jupyter.remote._auth._session import Session

TransportName = Literal["auto", "grpc", "connect"]

_PROBE_SECONDS = 10.0

# Which wire got through to which endpoint: it is tried first the next time, and a login that is over is made there.
_wires: dict[Endpoint, str] = {}


@dual_function
async def connect(
    endpoint: str | None = None,
    project: str | None = None,
    domain: str | None = None,
    org: str | None = None,
    *,
    insecure: bool | None = None,
    transport: TransportName = "auto",
    insecure_skip_verify: bool | None = None,
    ca_cert_file_path: str | Path | None = None,
    auth_type: AuthType | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    command: str | Sequence[str] | None = None,
    proxy_command: str | Sequence[str] | None = None,
    scopes: str | Sequence[str] | None = None,
    audience: str | None = None,
    api_key: str | None = None,
    config: str | Path | None = None,
    http_proxy_url: str | None = None,
    disable_keyring: bool | None = None,
    compression: Compression | None = None,
    rpc_retries: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Client:
    """Connects to a Flyte 2 backend and makes that the current connection.

    Without an endpoint it takes the connection of the `flyte` SDK, if that was initialised and nothing but project,
    domain and organization is given; else what FLYTE_API_KEY, the FLYTE_* variables and the SDK's configuration files
    say. What an argument leaves out is taken from there, too, where they describe the same backend.

    Args:
        endpoint: "host:port", "dns:///host:port", "http://..." or "https://...".
        project: Project that is meant where none is named; "flytesnacks" if none is configured.
        domain: Domain likewise; "development" if none is configured.
        org: Organization, for backends that have them.
        insecure: True for plain text, False for TLS; None takes it from the endpoint.
        transport: "grpc" or "connect" to insist on a wire; "auto" asks over gRPC and, where that does not get through
            (most ingresses forward HTTP/1.1 only), over Connect. Only "auto" makes a call here.
        insecure_skip_verify: Trust whatever certificate the backend shows. Warns.
        ca_cert_file_path: PEM file of the authorities to trust instead of the system's.
        auth_type: How to log in where the backend wants it: "Pkce" (in the browser), "DeviceFlow" (on another
            device), "ClientSecret", "ExternalCommand" or "Passthrough".
        client_id: OAuth client, if not the one that the backend names.
        client_secret: Its secret; means "ClientSecret".
        command: Program and arguments that print a token; means "ExternalCommand".
        proxy_command: Program and arguments that print a token for a proxy in front of the backend.
        scopes: OAuth scopes, if not those that the backend names.
        audience: OAuth audience, if not the one that the backend names.
        api_key: API key: endpoint, client, secret and organization in one.
        config: Configuration file to use instead of the one that would be found.
        http_proxy_url: HTTP proxy on the way to the backend and the identity provider.
        disable_keyring: Keep tokens in memory only.
        compression: "gzip" to compress requests.
        rpc_retries: How often an RPC that may be repeated is tried while the backend is unavailable; 3 if not given.
        tell: Shows the text of a login to the person who waits; None prints it.

    Returns:
        The connection.

    Raises:
        ConnectionFailedError: Nothing that speaks Flyte 2 answers, or its certificate is not trusted.
        UnauthenticatedError: The backend does not accept who we are, or the login failed.
        InvalidArgumentError: An argument, variable or file cannot be understood.
        NotConnectedError: No endpoint was given, and there is none anywhere.

    Example:
        >>> client = connect("localhost:30080", project="flytesnacks")  # doctest: +SKIP
        >>> client = connect("flyte.example.com", auth_type="DeviceFlow")  # doctest: +SKIP
        >>> client = connect()  # as the SDK, the environment or its configuration file say  # doctest: +SKIP
    """
    reach = {
        "endpoint": endpoint,
        "insecure": insecure,
        "insecure_skip_verify": insecure_skip_verify,
        "ca_cert_file_path": None if ca_cert_file_path is None else str(ca_cert_file_path),
        "auth_type": auth_type,
        "client_id": client_id,
        "client_secret": client_secret,
        "command": command,
        "proxy_command": proxy_command,
        "scopes": scopes,
        "audience": audience,
        "http_proxy_url": http_proxy_url,
        "disable_keyring": disable_keyring,
        "compression": compression,
        "rpc_retries": rpc_retries,
    }
    _check(transport)
    client = None
    if transport == "auto" and api_key is None and config is None and not any(v is not None for v in reach.values()):
        client = _of_the_sdk(project, domain, org)
    if client is None:
        arguments = {**reach, "project": project, "domain": domain, "org": org}
        settings = await asyncio.to_thread(resolve, arguments, api_key=api_key, config=config)
        client = await _connect(settings, transport, tell)
    set_current_client(client)
    return client


def _of_the_sdk(project: str | None, domain: str | None, org: str | None) -> Client | None:
    try:
        client = Client.from_sdk()
    except NotConnectedError:
        return None
    client.project, client.domain, client.org = project or client.project, domain or client.domain, org or client.org
    return client


async def _connect(settings: Settings, wire: str, tell: Callable[[str], None] | None) -> Client:
    address = Endpoint.parse(settings.endpoint, insecure=settings.insecure, console=settings.console_endpoint)
    line = await open_line(address, settings, wire, tell)
    return Client(
        address,
        line,
        settings.project or PROJECT,
        settings.domain or DOMAIN,
        settings.org,
        rpc_retries=settings.rpc_retries,
    )


async def call_headers(
    endpoint: Endpoint,
    settings: Settings,
    open_wire: Callable[[], Transport],
    tell: Callable[[str], None] | None = None,
    session: Session | None = None,
) -> CallHeaders:
    """The credentials for a backend, and for a proxy in front of it.

    Args:
        endpoint: The backend.
        settings: How to log in.
        open_wire: Opens a transport to it, to ask how one logs in.
        tell: Shows the text of a login; None prints it.
        session: A caller's HTTP client to log in with, or None.

    Raises:
        InvalidArgumentError: The settings do not suffice for that way to log in.
    """
    proxy = proxy_authenticator(settings)
    before_login = CallHeaders(proxy)

    def open_plain() -> Transport:
        return AuthorizedTransport(open_wire(), before_login)

    auth = together(proxy, await authenticator(settings, endpoint, open_plain, tell, proxy=proxy, session=session))
    return CallHeaders(auth)


async def open_line(
    endpoint: Endpoint, settings: Settings, name: str, tell: Callable[[str], None] | None = None
) -> Transport:
    """A transport to a backend with everything that belongs to it: credentials, and the clusters behind it.

    Args:
        endpoint: The backend.
        settings: How it is reached and who we are there.
        name: "grpc", "connect", or "auto" to try which one gets through.
        tell: Shows the text of a login; None prints it.

    Raises:
        FlyteError: See `connect`.
    """
    wires = ("grpc", "connect") if name == "auto" else (name,)
    if name == "auto" and _wires.get(endpoint) == "connect":
        wires = wires[::-1]
    reasons: list[WireError | FlyteError] = []
    for wire in wires:
        opened = functools.partial(_wire, endpoint, settings, wire)
        # Anew for each wire: what failed over the one is not to be remembered for the other.
        headers = await call_headers(endpoint, settings, opened, tell)
        own = AuthorizedTransport(opened(), headers, owner=True)
        if len(wires) == 1 or await _gets_through(own, endpoint, reasons):
            break
    else:
        raise _unreachable(endpoint, reasons)
    if name == "auto":
        _wires[endpoint] = wire
    # What is on this machine has no clusters behind it.
    if endpoint.token:
        return own
    return ClusterTransport(own, endpoint, lambda at: AuthorizedTransport(_wire(at, settings, wire), headers))


async def _gets_through(transport: Transport, endpoint: Endpoint, reasons: list[WireError | FlyteError]) -> bool:
    try:
        await _probe(transport)
    except WireError as error:
        await transport.close()
        reasons.append(error)
        if error.answered:
            raise status_error(error.code, error.text, endpoint.authority) from None
        return False
    except FlyteError as error:
        # Credentials that come before the first call may have been asked for over the same wire.
        await transport.close()
        reasons.append(error)
        if error.code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            raise
        return False
    except BaseException:
        await transport.close()
        raise
    return True


async def _probe(transport: Transport) -> None:
    """Asks for a run that does not exist: every Flyte 2 backend can say so, and it costs one look-up."""
    run = pb.RunIdentifier(project=PROJECT, domain=DOMAIN, name="is-anybody-there")
    request = pb.GetRunDetailsRequest(run_id=run)
    try:
        await transport.unary(methods.GET_RUN_DETAILS, request, _PROBE_SECONDS)
    except WireError as error:
        if not error.answered or error.code == "UNAUTHENTICATED":
            raise


def _unreachable(endpoint: Endpoint, reasons: list[WireError | FlyteError]) -> FlyteError:
    last = reasons[-1]
    texts = " ".join(str(error) for error in reasons)
    refused = tls_error(texts, endpoint)
    if refused is not None:
        return refused
    if isinstance(last, FlyteError):
        return last
    if "refused" in texts.lower():
        return ConnectionFailedError(
            f"Nothing listens at {endpoint.authority}.", "Is the backend running, and is the port right?"
        )
    if all(error.code == "DEADLINE_EXCEEDED" for error in reasons):
        return ConnectionFailedError(f"{endpoint.authority} does not answer.", "Is the endpoint right?")
    reason = last.text.strip().rstrip(".")
    return ConnectionFailedError(
        f"No Flyte 2 backend answers at {endpoint.authority}: {reason}.",
        "Is the endpoint right, and plain text or TLS as the backend expects (insecure=True or False)?",
    )


def _check(name: str) -> None:
    if name not in ("auto", "grpc", "connect"):
        raise InvalidArgumentError(f"{name!r} is not a transport.", 'Give "auto", "grpc" or "connect".')


def _wire(endpoint: Endpoint, settings: Settings, name: str) -> Transport:
    # Each pulls in its own libraries; most processes need one of them.
    if name == "grpc":
        from flyte_jupyter.remote._transport_grpc import GrpcTransport

        return GrpcTransport(endpoint, settings)
    from flyte_jupyter.remote._transport_connect import ConnectTransport

    return ConnectTransport.to(endpoint, settings)
