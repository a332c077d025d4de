"""RPCs over gRPC, with flyteidl2's stubs on a grpc.aio channel."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator
from typing import Any

import grpc
import grpc.aio

from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._methods import MODULES, Method
from flyte_jupyter.remote._transport import MAX_MESSAGE_BYTES, WireError

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A stream may be silent for hours: only pings notice that its peer is gone.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # grpcio waits up to two minutes before it tries again to reach a backend that was down.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Connections of one client end with it, and their failures are not another's.
    ("grpc.use_local_subchannel_pool", 1),
)

# What grpcio says when the peer speaks HTTP but not gRPC: an ingress, or a web server.
_NOT_GRPC = ("Received http2 header with status", "Failed parsing HTTP/2", "missing selected ALPN")
# What it says of a connection that broke, under codes that are otherwise a backend's own.
_BROKEN = ("RST_STREAM", "Stream removed", "GOAWAY", "Socket closed", "Connection reset")


class GrpcTransport:
    """One channel to one backend."""

    name = "grpc"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._metadata: tuple[tuple[str, str], ...] = (
            (("authorization", f"Bearer {endpoint.token}"),) if endpoint.token else ()
        )
        self._channel: grpc.aio.Channel | None = None
        self._stubs: dict[str, Any] = {}

    async def unary(self, method: Method, request: Any, timeout: float | None) -> Any:
        """See `Transport`."""
        try:
            return await self._rpc(method)(request, timeout=timeout, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            raise self._wire_error(error) from None

    async def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        """See `Transport`."""
        call = self._rpc(method)(request, metadata=self._metadata)
        try:
            async for message in call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise self._wire_error(error) from None
        finally:
            call.cancel()

    async def close(self) -> None:
        """See `Transport`."""
        channel, self._channel = self._channel, None
        self._stubs.clear()
        if channel is not None:
            await channel.close()

    def _rpc(self, method: Method) -> Any:
        stub = self._stubs.get(method.service)
        if stub is None:
            module = importlib.import_module(MODULES[method.service] + "_pb2_grpc")
            stub = getattr(module, method.service.rpartition(".")[2] + "Stub")(self._open())
            self._stubs[method.service] = stub
        return getattr(stub, method.rpc)

    def _open(self) -> grpc.aio.Channel:
        # grpc.aio binds a channel to the loop that runs when it is made, so not before the first call.
        if self._channel is None:
            target, options = self._endpoint.grpc_target, list(_OPTIONS)
            if self._endpoint.is_loopback:
                options.append(("grpc.enable_http_proxy", 0))
            self._channel = (
                grpc.aio.insecure_channel(target, options=options)
                if self._endpoint.insecure
                else grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
            )
        return self._channel

    def _wire_error(self, error: grpc.aio.AioRpcError) -> WireError:
        code, text = error.code().name, self._endpoint.redact(error.details() or "")
        foreign = any(symptom in text for symptom in _NOT_GRPC)
        broken = any(symptom in text for symptom in _BROKEN)
        if broken and code in ("INTERNAL", "UNKNOWN"):
            code = "UNAVAILABLE"
        return WireError(code, text, answered=not foreign and code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"))
