"""Opening gRPC channels: TLS, proxies, keep-alive and sizes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._loop import background
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._tls import authorities, system_authorities
from flyte_jupyter.remote._tls_relay import UncheckedTls
from flyte_jupyter.remote._transport import MAX_MESSAGE_BYTES

Options = Sequence[tuple[str, Any]]

_OPTIONS: Options = (
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


async def open_channel(
    endpoint: Endpoint,
    settings: Settings,
    *,
    options: Options = (),
    credentials: grpc.ChannelCredentials | None = None,
    compression: grpc.Compression | None = None,
    interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> tuple[grpc.aio.Channel, UncheckedTls | None]:
    """Opens a channel on the loop that runs.

    Args:
        endpoint: The backend.
        settings: How it is reached.
        options: Options of gRPC, which go before ours.
        credentials: TLS as the caller wants it, instead of what the settings say.
        compression: How requests are compressed, instead of what the settings say.
        interceptors: What every call goes through.

    Returns:
        The channel, and what has to be closed after it, if anything.

    Raises:
        InvalidArgumentError: The CA file cannot be used.
    """
    merged: dict[str, Any] = {**dict(_OPTIONS), **dict(options)}
    if endpoint.is_loopback:
        merged.setdefault("grpc.enable_http_proxy", 0)
    elif settings.http_proxy_url:
        merged.setdefault("grpc.http_proxy", settings.http_proxy_url)
    if compression is None and settings.compression == "gzip":
        compression = grpc.Compression.Gzip
    more: dict[str, Any] = {"compression": compression, "interceptors": list(interceptors)}
    if endpoint.insecure:
        return grpc.aio.insecure_channel(endpoint.grpc_target, options=list(merged.items()), **more), None
    if credentials is None and settings.insecure_skip_verify:
        relay = UncheckedTls(endpoint, "h2", settings.http_proxy_url)
        await background().run_from(relay.start())
        merged |= {"grpc.default_authority": endpoint.authority, "grpc.enable_http_proxy": 0}
        merged.pop("grpc.http_proxy", None)
        target = f"dns:///127.0.0.1:{relay.port}"
        return grpc.aio.insecure_channel(target, options=list(merged.items()), **more), relay
    if credentials is None:
        roots = await asyncio.to_thread(authorities, settings) or await asyncio.to_thread(system_authorities)
        credentials = grpc.ssl_channel_credentials(roots)
    return grpc.aio.secure_channel(endpoint.grpc_target, credentials, options=list(merged.items()), **more), None
