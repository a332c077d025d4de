"""RPCs over Connect, with flyteidl2's clients: our own, or those that the SDK has authenticated."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pyqwest
from connectrpc.errors import ConnectError

from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._methods import MODULES, Method
from flyte_jupyter.remote._transport import MAX_MESSAGE_BYTES, WireError

# What connectrpc says of an HTTP answer that is not Connect's: it goes by the status alone.
_NOT_CONNECT = ("invalid content-type", "Not Found", "Method Not Allowed", "Found", "Moved Permanently")


class ConnectTransport:
    """Calls flyteidl2's Connect clients.

    Args:
        name: "connect" or "sdk".
        client: Gives the client of a service, asked once for each service on the background loop.
        redact: Takes the secrets out of a text.
        http: What to close with the transport, or None where the connections are somebody else's.
    """

    def __init__(
        self,
        name: str,
        client: Callable[[str], Any],
        redact: Callable[[str], str],
        http: pyqwest.HTTPTransport | None = None,
    ) -> None:
        self.name = name
        self._client = client
        self._redact = redact
        self._http = http
        self._clients: dict[str, Any] = {}

    @classmethod
    def to(cls, endpoint: Endpoint) -> ConnectTransport:
        """A transport with connections of its own."""
        http = pyqwest.HTTPTransport(
            tls_include_system_certs=True,
            connect_timeout=10.0,
            tcp_keepalive_interval=30.0,
            use_system_dns=True,
            follow_redirects=False,
            enable_otel=False,
        )

        def client(service: str) -> Any:
            module = importlib.import_module(MODULES[service] + "_connect")
            return getattr(module, service.rpartition(".")[2] + "Client")(
                address=endpoint.connect_address,
                http_client=pyqwest.Client(transport=http),
                send_compression=None,
                read_max_bytes=MAX_MESSAGE_BYTES,
            )

        return cls("connect", client, endpoint.redact, http)

    async def unary(self, method: Method, request: Any, timeout: float | None) -> Any:
        """See `Transport`."""
        # Not wait_for: connectrpc makes a status of the cancellation by which that ends a late call.
        call = asyncio.ensure_future(self._rpc(method)(request))
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

    async def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        """See `Transport`."""
        call = self._rpc(method)(request)
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
        if self._http is not None:
            await self._http.aclose()

    def _rpc(self, method: Method) -> Any:
        client = self._clients.get(method.service)
        if client is None:
            client = self._clients[method.service] = self._client(method.service)
        return getattr(client, method.snake)

    def _wire_error(self, error: ConnectError) -> BaseException:
        # connectrpc turns the cancellation of our own task into a status.
        if isinstance(error.__cause__, asyncio.CancelledError):
            return error.__cause__
        code, text = error.code.name, self._redact(error.message)
        code = "CANCELLED" if code == "CANCELED" else code
        foreign = any(text.startswith(symptom) for symptom in _NOT_CONNECT)
        return WireError(code, text, answered=not foreign and code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"))


def _forget(call: asyncio.Future[Any]) -> None:
    # Looks at the outcome that nobody waits for any more, so that asyncio does not report it as lost.
    if not call.cancelled():
        call.exception()
