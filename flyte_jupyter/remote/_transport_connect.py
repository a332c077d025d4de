"""RPCs over Connect, with flyteidl2's clients: our own, or those that the SDK has authenticated."""

from __future__ import annotations

import asyncio
import functools
import importlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pyqwest
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from connectrpc.request import Headers as ConnectHeaders

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._methods import MODULES, Method
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._tls import authorities
from flyte_jupyter.remote._tls_relay import UncheckedTls
from flyte_jupyter.remote._transport import MAX_MESSAGE_BYTES, UNREADABLE, WireError

# What connectrpc says of an HTTP answer that is not Connect's: it goes by the status alone.
_NOT_CONNECT = ("invalid content-type", "Not Found", "Method Not Allowed", "Found", "Moved Permanently")
# What protobuf says of bytes that are no message; connectrpc calls that unavailable.
_UNREADABLE = "Error parsing message"

# Names, and addresses, which the asterisk leaves out.
_EVERYTHING = "*,0.0.0.0/0,::/0"


class ConnectTransport:
    """Calls flyteidl2's Connect clients.

    Args:
        name: "connect" or "sdk".
        client: Gives the client of a service, asked once for each service on the background loop.
        redact: Takes the secrets out of a text.
        connections: Where our own connections are, None where they are somebody else's.
    """

    def __init__(
        self,
        name: str,
        client: Callable[[str], Awaitable[Any]],
        redact: Callable[[str], str],
        connections: _Connections | None = None,
    ) -> None:
        self.name = name
        self._client = client
        self._redact = redact
        self._connections = connections
        self._clients: dict[str, Any] = {}

    @classmethod
    def to(cls, endpoint: Endpoint, settings: Settings | None = None) -> ConnectTransport:
        """A transport with connections of its own.

        Args:
            endpoint: The backend.
            settings: How it is reached; None for the plain defaults.
        """
        connections = _Connections(endpoint, settings or Settings(endpoint.authority))
        return cls("connect", connections.client, endpoint.redact, connections)

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Headers = ()) -> Any:
        """See `Transport`."""
        rpc = await self._rpc(method, headers)
        # Not wait_for: connectrpc makes a status of the cancellation by which that ends a late call.
        call = asyncio.ensure_future(rpc(request))
        try:
            done, _ = await asyncio.wait({call}, timeout=timeout)
            if not done:
                raise WireError("DEADLINE_EXCEEDED", f"No answer within {timeout:g} s", answered=False)
            return call.result()
        except ConnectError as error:
            raise self._wire_error(error) from None
        finally:
            if not call.done():
                call.add_done_callback(_forget)
                call.cancel()

    async def stream(self, method: Method, request: Any, headers: Headers = ()) -> AsyncGenerator[Any, None]:
        """See `Transport`."""
        rpc = await self._rpc(method, headers)
        call = rpc(request)
        try:
            async for message in call:
                yield message
        except ConnectError as error:
            raise self._wire_error(error) from None
        finally:
            await call.aclose()

    async def close(self) -> None:
        """See `Transport`."""
        self._clients.clear()
        if self._connections is not None:
            await self._connections.close()

    async def _rpc(self, method: Method, headers: Headers) -> Any:
        client = self._clients.get(method.service)
        if client is None:
            client = self._clients[method.service] = await self._client(method.service)
        rpc = getattr(client, method.snake)
        if self._connections is not None:
            headers = (*self._connections.headers, *headers)
        # Some of the SDK's own clients take no headers.
        return functools.partial(rpc, headers=ConnectHeaders(list(headers))) if headers else rpc

    def _wire_error(self, error: ConnectError) -> BaseException:
        # connectrpc turns the cancellation of our own task into a status.
        if isinstance(error.__cause__, asyncio.CancelledError):
            return error.__cause__
        code, text = error.code.name, self._redact(error.message)
        code = "CANCELLED" if code == "CANCELED" else code
        if code == "UNAVAILABLE" and self._connections is not None and self._connections.problem:
            text = self._connections.problem
        if text.startswith(_UNREADABLE):
            code, text = "INTERNAL", UNREADABLE
        foreign = any(text.startswith(symptom) for symptom in _NOT_CONNECT)
        return WireError(code, text, answered=not foreign and code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"))


class _Connections:
    """The HTTP connections to one backend, opened with the first client that needs them."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._http: pyqwest.HTTPTransport | None = None
        self._relay: UncheckedTls | None = None
        self._opening = asyncio.Lock()
        self._address = endpoint.connect_address

    @property
    def headers(self) -> Headers:
        """What goes with every request, whatever is asked."""
        return (("host", self._endpoint.authority),) if self._relay is not None else ()

    @property
    def problem(self) -> str:
        """What went wrong on the way that pyqwest does not know of, or ""."""
        return self._relay.problem if self._relay is not None else ""

    async def client(self, service: str) -> Any:
        """A client of a service.

        Raises:
            InvalidArgumentError: The CA file or the proxy cannot be used.
        """
        async with self._opening:
            if self._http is None:
                self._http = await self._open()
        module = importlib.import_module(MODULES[service] + "_connect")
        return getattr(module, service.rpartition(".")[2] + "Client")(
            address=self._address,
            http_client=pyqwest.Client(transport=self._http),
            send_compression=GzipCompression() if self._settings.compression == "gzip" else None,
            read_max_bytes=MAX_MESSAGE_BYTES,
        )

    async def close(self) -> None:
        """Closes them."""
        http, self._http = self._http, None
        relay, self._relay = self._relay, None
        if http is not None:
            await http.aclose()
        if relay is not None:
            await relay.close()

    async def _open(self) -> pyqwest.HTTPTransport:
        endpoint, settings = self._endpoint, self._settings
        proxy: pyqwest.Proxy | str | None = settings.http_proxy_url or None
        roots: bytes | None = None
        if settings.insecure_skip_verify and not endpoint.insecure:
            relay = UncheckedTls(endpoint, "http/1.1", settings.http_proxy_url)
            await relay.start()
            path = endpoint.connect_address.removeprefix(f"https://{endpoint.authority}")
            self._relay, self._address = relay, f"http://127.0.0.1:{relay.port}{path}"
        elif not endpoint.insecure:
            roots = await asyncio.to_thread(authorities, settings)
        if endpoint.is_loopback or self._relay is not None:
            # Nor one that the environment names: it would look for the backend on its own machine.
            proxy = pyqwest.Proxy("http://127.0.0.1:9", no_proxy=_EVERYTHING)
        try:
            return pyqwest.HTTPTransport(
                tls_ca_cert=roots,
                tls_include_system_certs=roots is None,
                proxy=proxy,
                connect_timeout=10.0,
                tcp_keepalive_interval=30.0,
                use_system_dns=True,
                follow_redirects=False,
                enable_otel=False,
            )
        except ValueError:
            # Its address may hold a password.
            raise InvalidArgumentError("What is given as HTTP proxy is none.", "Give http://HOST:PORT.") from None


def _forget(call: asyncio.Future[Any]) -> None:
    # Looks at the outcome that nobody waits for any more, so that asyncio does not report it as lost.
    if not call.cancelled():
        call.exception()
