"""A gRPC channel with authentication, for those who use flyteidl2's stubs themselves."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._config import resolve
from flyte_jupyter.remote._connect import call_headers
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._loop import background

if TYPE_CHECKING:
    import grpc
    import grpc.aio
    import httpx

_SETTINGS = ("auth_type", "client_id", "client_secret", "command", "scopes", "audience", "http_proxy_url")
# The SDK documents these and does nothing with them: the backend names its header and its login page.
_WITHOUT_EFFECT = ("header_key", "redirect_uri", "headless", "rpc_retries", "proxy_env", "proxy_timeout")


async def create_channel(
    endpoint: str | None,
    api_key: str | None = None,
    /,
    insecure: bool | None = None,
    insecure_skip_verify: bool | None = False,
    ca_cert_file_path: str | None = None,
    ssl_credentials: grpc.ChannelCredentials | None = None,
    grpc_options: Sequence[tuple[str, Any]] | None = None,
    compression: grpc.Compression | None = None,
    http_session: httpx.AsyncClient | None = None,
    proxy_command: list[str] | None = None,
    **kwargs: Any,
) -> grpc.aio.Channel:
    """Creates a gRPC channel whose calls carry credentials, for flyteidl2's stubs.

    A channel belongs to the event loop that runs when it is made, so this is a coroutine, as in the SDK: await it
    where the channel is used. `create_channel.aio` is the same. Configuration files and variables are not read. gRPC
    needs HTTP/2 all the way; most ingresses of Flyte 2 let only Connect through, which `connect` speaks.

    Args:
        endpoint: "host:port", "dns:///host:port", "http://..." or "https://..."; None takes the API key's.
        api_key: API key, instead of a login.
        insecure: True for plain text, False for TLS; None takes it from the endpoint.
        insecure_skip_verify: Trust whatever certificate the backend shows. Warns.
        ca_cert_file_path: PEM file of the authorities to trust instead of the system's.
        ssl_credentials: TLS credentials of gRPC, instead of the two before.
        grpc_options: Options of gRPC, which go before ours (keep-alive, 256 MiB messages).
        compression: How requests are compressed.
        http_session: HTTP client to log in with, instead of one of our own; used on the loop that runs now.
        proxy_command: Program and arguments that print a token for a proxy in front of the backend.
        kwargs: `auth_type`, `client_id`, `client_secret` (or `client_credentials_secret`), `command`, `scopes`,
            `audience`, `http_proxy_url` and `disable_keyring` as in `connect`, and `options`, which are added to
            `grpc_options`.

    Returns:
        The channel. Close it with `await channel.close()`, or use it with `async with`.

    Raises:
        InvalidArgumentError: An argument cannot be understood.
        NotConnectedError: Neither an endpoint nor an API key was given.

    Example:
        >>> from flyteidl2.workflow.run_service_pb2_grpc import RunServiceStub
        >>> async def details(request):
        ...     async with await create_channel("flyte.example.com", auth_type="DeviceFlow") as channel:
        ...         return await RunServiceStub(channel).GetRunDetails(request)
    """
    from flyte_jupyter.remote._auth._session import Session
    from flyte_jupyter.remote._channel_interceptors import interceptors
    from flyte_jupyter.remote._channel_open import open_channel
    from flyte_jupyter.remote._transport_grpc import GrpcTransport

    options: list[tuple[str, Any]] = [*(kwargs.pop("options", None) or ()), *(grpc_options or ())]
    if (secret := kwargs.pop("client_credentials_secret", None)) is not None:
        kwargs.setdefault("client_secret", secret)
    for name in kwargs:
        if name not in (*_SETTINGS, *_WITHOUT_EFFECT, "disable_keyring"):
            raise InvalidArgumentError(f"create_channel has no parameter {name!r}.", "See its documentation.")
    arguments = {
        "endpoint": endpoint,
        "insecure": insecure,
        "insecure_skip_verify": insecure_skip_verify,
        "ca_cert_file_path": ca_cert_file_path,
        "proxy_command": proxy_command,
        **{name: value for name, value in kwargs.items() if name not in _WITHOUT_EFFECT},
    }
    settings = resolve(arguments, api_key=api_key, search=False)
    address = Endpoint.parse(settings.endpoint, insecure=settings.insecure)

    def plain() -> GrpcTransport:
        return GrpcTransport(address, settings, ssl_credentials)

    session = None if http_session is None else Session(http_session, asyncio.get_running_loop())
    headers = await background().run_from(call_headers(address, settings, plain, session=session))
    channel, relay = await open_channel(
        address,
        settings,
        options=options,
        credentials=ssl_credentials,
        compression=compression,
        interceptors=interceptors(headers, address.token),
    )

    def release() -> None:
        background().finalize(headers.close())
        if relay is not None:
            background().finalize(relay.close())

    # The channel's class has one owner, gRPC; what is ours lives as long as the channel does.
    weakref.finalize(channel, release)
    return channel


setattr(create_channel, "aio", create_channel)  # noqa: B010 - a function has no such attribute of its own
