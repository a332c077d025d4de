"""RPCs over gRPC, with flyteidl2's stubs on a grpc.aio channel."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator
from typing import Any

import grpc
import grpc.aio

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._channel_open import open_channel
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._methods import MODULES, Method
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._tls_relay import UncheckedTls
from flyte_jupyter.remote._transport import UNREADABLE, WireError

# What grpcio says when the peer speaks HTTP but not gRPC: an ingress, or a web server.
_NOT_GRPC = ("Received http2 header with status", "Failed parsing HTTP/2", "missing selected ALPN")
# What it says of a connection that broke, under codes that are otherwise a backend's own.
_BROKEN = ("RST_STREAM", "Stream removed", "GOAWAY", "Socket closed", "Connection reset")


class GrpcTransport:
    """One channel to one backend.

    Args:
        endpoint: The backend.
        settings: How it is reached; None for the plain defaults.
        credentials: TLS as somebody else made it, instead of what the settings say.
    """

    name = "grpc"

    def __init__(
        self, endpoint: Endpoint, settings: Settings | None = None, credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings or Settings(endpoint.authority)
        self._credentials = credentials
        self._metadata: tuple[tuple[str, str], ...] = (
            (("authorization", f"Bearer {endpoint.token}"),) if endpoint.token else ()
        )
        self._channel: grpc.aio.Channel | None = None
        self._relay: UncheckedTls | None = None
        self._opening = asyncio.Lock()
        self._stubs: dict[str, Any] = {}

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Headers = ()) -> Any:
        """See `Transport`."""
        rpc = await self._rpc(method)
        try:
            return _readable(await rpc(request, timeout=timeout, metadata=(*self._metadata, *headers)))
        except grpc.aio.AioRpcError as error:
            raise self._wire_error(error) from None

    async def stream(self, method: Method, request: Any, headers: Headers = ()) -> AsyncGenerator[Any, None]:
        """See `Transport`."""
        rpc = await self._rpc(method)
        call = rpc(request, metadata=(*self._metadata, *headers))
        try:
            async for message in call:
                yield _readable(message)
        except grpc.aio.AioRpcError as error:
            raise self._wire_error(error) from None
        finally:
            call.cancel()

    async def close(self) -> None:
        """See `Transport`."""
        channel, self._channel = self._channel, None
        relay, self._relay = self._relay, None
        self._stubs.clear()
        if channel is not None:
            await channel.close()
        if relay is not None:
            await relay.close()

    async def _rpc(self, method: Method) -> Any:
        stub = self._stubs.get(method.service)
        if stub is None:
            module = importlib.import_module(MODULES[method.service] + "_pb2_grpc")
            stub = getattr(module, method.service.rpartition(".")[2] + "Stub")(await self._open())
            self._stubs[method.service] = stub
        return getattr(stub, method.rpc)

    async def _open(self) -> grpc.aio.Channel:
        # grpc.aio binds a channel to the loop that runs when it is made, so not before the first call.
        async with self._opening:
            if self._channel is None:
                self._channel, self._relay = await open_channel(
                    self._endpoint, self._settings, credentials=self._credentials
                )
            return self._channel

    def _wire_error(self, error: grpc.aio.AioRpcError) -> WireError:
        code, text = error.code().name, self._endpoint.redact(error.details() or "")
        foreign = any(symptom in text for symptom in _NOT_GRPC)
        broken = any(symptom in text for symptom in _BROKEN)
        if broken and code in ("INTERNAL", "UNKNOWN"):
            code = "UNAVAILABLE"
        if code == "UNAVAILABLE" and self._relay is not None and self._relay.problem:
            text = self._relay.problem
        return WireError(code, text, answered=not foreign and code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"))


def _readable(message: Any) -> Any:
    # What grpc.aio makes of bytes that are no message.
    if message is None:
        raise WireError("INTERNAL", UNREADABLE)
    return message
