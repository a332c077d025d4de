"""A connection to a backend, and the one that is used where none is named."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Any, Literal

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest

from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._dual import dual, dual_function
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import (
    ConnectionFailedError,
    FlyteError,
    InvalidArgumentError,
    NotConnectedError,
    status_error,
)
from flyte_jupyter.remote._loop import background
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._transport import Transport, WireError

TransportName = Literal["auto", "grpc", "connect"]

PROJECT = "flytesnacks"
DOMAIN = "development"
"""The project and domain that a fresh Flyte has."""

_ATTEMPTS = 3
_PROBE_SECONDS = 10.0


class Client:
    """A connection to one backend, with the project and domain that are meant where none are named.

    Made by `connect` or `Client.from_sdk`. `unary` and `stream` are for code that runs on the background loop.

    Attributes:
        endpoint: The backend's address.
        project: The default project.
        domain: The default domain.
        org: The organization, "" where there are none.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        project: str = PROJECT,
        domain: str = DOMAIN,
        org: str = "",
    ) -> None:
        self.endpoint = endpoint
        self.project = project
        self.domain = domain
        self.org = org
        self._transport = transport
        self._origin: object = None

    @classmethod
    def from_sdk(cls) -> Client:
        """Wraps the connection that the `flyte` SDK of this process was initialised with.

        Its authenticated Connect clients are used as they are; nothing is imported that is not there.

        Raises:
            NotConnectedError: The SDK is not loaded, or `flyte.init` was not called.
        """
        from flyte_jupyter.remote._transport_sdk import sdk_connection

        origin, endpoint, transport, project, domain, org = sdk_connection()
        client = cls(endpoint, transport, project or PROJECT, domain or DOMAIN, org or "")
        client._origin = origin
        return client

    @property
    def transport(self) -> str:
        """The wire: "grpc", "connect" or "sdk"."""
        return self._transport.name

    async def unary(self, method: Method, request: Any, *, timeout: float | None = 30.0) -> Any:
        """Makes an RPC with one answer. An idempotent one is tried up to three times while the backend is unavailable.

        Args:
            method: The RPC.
            request: Its request message.
            timeout: Seconds for all tries together; None waits for ever.

        Raises:
            FlyteError: The backend answered with an error, or did not answer.
            RuntimeError: Called elsewhere than on the background loop.
        """
        _check_loop()
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        attempt = 1
        while True:
            left = None if deadline is None else max(deadline - loop.time(), 0.001)
            try:
                return await self._transport.unary(method, request, left)
            except WireError as error:
                pause = 0.2 * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
                enough_time = left is None or left > pause
                if error.code != "UNAVAILABLE" or not method.idempotent or attempt == _ATTEMPTS or not enough_time:
                    raise self._error(error) from None
            attempt += 1
            await asyncio.sleep(pause)

    async def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        """Makes an RPC with a stream of answers, without a deadline. Closing the generator ends the call.

        Args:
            method: The RPC.
            request: Its request message.

        Raises:
            FlyteError: The stream ended with an error.
            RuntimeError: Used elsewhere than on the background loop.
        """
        _check_loop()
        answers = self._transport.stream(method, request)
        try:
            async for answer in answers:
                yield answer
        except WireError as error:
            raise self._error(error) from None
        finally:
            await answers.aclose()

    def console_url(self, run_name: str, action: str | None = None) -> str:
        """The page of a run of the default project and domain in the web console, "" if there is none.

        Args:
            run_name: The run.
            action: An action of it to open, or None.
        """
        return self.endpoint.console_url(self.project, self.domain, run_name, action)

    @dual
    async def close(self) -> None:
        """Closes the connection. Streams that are open end with an error."""
        global _current
        if _current is self:
            _current = None
        await self._transport.close()

    def _error(self, error: WireError) -> FlyteError:
        return status_error(error.code, error.text, self.endpoint.authority)

    def __repr__(self) -> str:
        return f"Client({self.endpoint.authority}, {self.project}/{self.domain}, {self.transport})"


_current: Client | None = None
_sdk: Client | None = None
# Which wire got through to which endpoint, so that it is found out once.
_wires: dict[Endpoint, str] = {}


def current_client() -> Client:
    """The connection that is used where none is named: the last one that `connect` made.

    Raises:
        NotConnectedError: There is none.
    """
    if _current is None:
        raise NotConnectedError(
            "There is no connection to a Flyte backend.",
            'Connect with flyte_jupyter.connect("HOST:PORT"), or start a backend on this machine with %flyte_local.',
        )
    return _current


def set_current_client(client: Client | None) -> None:
    """Makes a connection the one that is used where none is named; None forgets it."""
    global _current
    _current = client


def sdk_client() -> Client:
    """The connection to use for objects of the `flyte` SDK: ours if it goes to the same endpoint, else the SDK's.

    Raises:
        NotConnectedError: The SDK is not initialised.
    """
    global _sdk
    client = Client.from_sdk()
    if _current is not None and _current.endpoint == client.endpoint:
        return _current
    if _sdk is None or _sdk._origin is not client._origin:  # pyright: ignore[reportPrivateUsage]
        _sdk = client
    return _sdk


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
    run = RunIdentifier(project=PROJECT, domain=DOMAIN, name="is-anybody-there")
    request = GetRunDetailsRequest(run_id=run)
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


def _check_loop() -> None:
    if not background().is_current:
        raise RuntimeError(
            "Client.unary and Client.stream work on flyte_jupyter's own event loop only. Use the methods of Run and"
            " Action, or submit a coroutine with background().submit()."
        )
