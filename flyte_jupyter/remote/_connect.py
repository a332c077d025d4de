"""Connecting: which wire gets through to a backend is found out by trying."""

from __future__ import annotations

from typing import Literal

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import DOMAIN, PROJECT, Client, set_current_client
from flyte_jupyter.remote._dual import dual_function
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import ConnectionFailedError, InvalidArgumentError, status_error
from flyte_jupyter.remote._transport import Transport, WireError

TransportName = Literal["auto", "grpc", "connect"]

_PROBE_SECONDS = 10.0

# Which wire got through to which endpoint, so that it is found out once.
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
) -> Client:
    """Connects to a Flyte 2 backend and makes that the current connection.

    Args:
        endpoint: "host:port", "dns:///host:port", "http://..." or "https://...". None takes the connection of the
            `flyte` SDK, if that was initialised.
        project: Project that is meant where none is named; "flytesnacks" if not given.
        domain: Domain likewise; "development" if not given.
        org: Organization, for backends that have them.
        insecure: True for plain text, False for TLS; None takes it from the endpoint.
        transport: "grpc" or "connect" to insist on a wire; "auto" asks over gRPC and, where that does not get through
            (most ingresses forward HTTP/1.1 only), over Connect. Only "auto" makes a call here.

    Returns:
        The connection.

    Raises:
        ConnectionFailedError: Nothing that speaks Flyte 2 answers.
        UnauthenticatedError: The backend does not accept the token.
        InvalidArgumentError: The endpoint cannot be read.
        NotConnectedError: No endpoint was given and the SDK has none either.

    Example:
        >>> client = connect("localhost:30080", project="flytesnacks")  # doctest: +SKIP
    """
    if endpoint is None:
        client = Client.from_sdk()
        client.project, client.domain, client.org = (
            project or client.project,
            domain or client.domain,
            org or client.org,
        )
    else:
        address = Endpoint.parse(endpoint, insecure=insecure)
        wire = await _open(address, transport)
        client = Client(address, wire, project or PROJECT, domain or DOMAIN, org or "")
    set_current_client(client)
    return client


async def _open(endpoint: Endpoint, name: str) -> Transport:
    if name == "auto":
        name = _wires.get(endpoint, "auto")
    if name != "auto":
        return _transport(endpoint, name)
    reasons: list[WireError] = []
    for wire in ("grpc", "connect"):
        transport = _transport(endpoint, wire)
        try:
            await _probe(transport)
        except WireError as error:
            await transport.close()
            reasons.append(error)
            if error.answered:
                raise status_error(error.code, error.text, endpoint.authority) from None
        except BaseException:
            await transport.close()
            raise
        else:
            _wires[endpoint] = wire
            return transport
    raise _unreachable(endpoint, reasons)


async def _probe(transport: Transport) -> None:
    """Asks for a run that does not exist: every Flyte 2 backend can say so, and it costs one look-up."""
    run = pb.RunIdentifier(project=PROJECT, domain=DOMAIN, name="is-anybody-there")
    request = pb.GetRunDetailsRequest(run_id=run)
    try:
        await transport.unary(methods.GET_RUN_DETAILS, request, _PROBE_SECONDS)
    except WireError as error:
        if not error.answered or error.code == "UNAUTHENTICATED":
            raise


def _unreachable(endpoint: Endpoint, reasons: list[WireError]) -> ConnectionFailedError:
    texts = " ".join(error.text for error in reasons)
    if "refused" in texts.lower():
        return ConnectionFailedError(
            f"Nothing listens at {endpoint.authority}.", "Is the backend running, and is the port right?"
        )
    if all(error.code == "DEADLINE_EXCEEDED" for error in reasons):
        return ConnectionFailedError(f"{endpoint.authority} does not answer.", "Is the endpoint right?")
    reason = reasons[-1].text.strip().rstrip(".")
    return ConnectionFailedError(
        f"No Flyte 2 backend answers at {endpoint.authority}: {reason}.",
        "Is the endpoint right, and plain text or TLS as the backend expects (insecure=True or False)?",
    )


def _transport(endpoint: Endpoint, name: str) -> Transport:
    # Each pulls in its own libraries; most processes need one of them.
    if name == "grpc":
        from flyte_jupyter.remote._transport_grpc import GrpcTransport

        return GrpcTransport(endpoint)
    if name == "connect":
        from flyte_jupyter.remote._transport_connect import ConnectTransport

        return ConnectTransport.to(endpoint)
    raise InvalidArgumentError(f"{name!r} is not a transport.", 'Give "auto", "grpc" or "connect".')
