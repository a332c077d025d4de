"""Makes the authenticator that the settings ask for."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

# The rest is loaded when a connection is made: the transports know what an authenticator is, and it uses them.
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from flyte_jupyter.remote._auth._base import Authenticator
    from flyte_jupyter.remote._auth._discover import LoginServer
    from flyte_jupyter.remote._auth._renewing import Source
    from flyte_jupyter.remote._auth._session import Session
    from flyte_jupyter.remote._endpoint import Endpoint
    from flyte_jupyter.remote._settings import Settings
    from flyte_jupyter.remote._transport import Transport


async def authenticator(
    settings: Settings,
    endpoint: Endpoint,
    open_plain: Callable[[], Transport],
    tell: Callable[[str], None] | None = None,
    *,
    proxy: Authenticator | None = None,
    session: Session | None = None,
) -> Authenticator | None:
    """The authenticator for a connection. Nothing is asked of the backend or a person before it is needed.

    Args:
        settings: What the connection is made of; `auth_type` chooses how a token is had.
        endpoint: The backend.
        open_plain: Opens a transport to it without a login, but with the headers of `proxy`.
        tell: Shows a text to the person who logs in; called where they wait. None writes to standard output.
        proxy: Of a proxy in front of the backend (`proxy_authenticator`). It is used for a login at the backend's
            own host; for the RPCs join the two with `together`.
        session: A caller's HTTP client to log in with; None opens one for each login.

    Returns:
        None for a backend of this machine that has its own token.

    Raises:
        InvalidArgumentError: The settings do not suffice for that way to log in.
    """
    from flyte_jupyter.remote._auth._discover import discover, header_key
    from flyte_jupyter.remote._auth._http import Http, open_http
    from flyte_jupyter.remote._auth._passthrough import PassthroughAuthenticator
    from flyte_jupyter.remote._auth._person import Person
    from flyte_jupyter.remote._auth._renewing import TokenAuthenticator

    if endpoint.token:
        return None
    person = Person(tell)
    server: LoginServer | None = None

    async def find(http: Http) -> LoginServer | None:
        nonlocal server
        if server is None:
            server = await discover(settings, endpoint, open_plain, http)
        return server

    async def key() -> str:
        return server.header_key if server is not None else await header_key(endpoint, open_plain)

    def opened() -> AbstractAsyncContextManager[Http]:
        if session is not None:
            return nullcontext(Http(session, endpoint, proxy))
        return open_http(settings, endpoint, proxy)

    authority, how = endpoint.authority, settings.auth_type
    if how == "Passthrough":
        return PassthroughAuthenticator()
    source: Source
    if how == "ClientSecret":
        from flyte_jupyter.remote._auth._secret import SecretSource

        source = SecretSource(settings.client_id, settings.client_secret, find, opened)
    elif how == "ExternalCommand":
        from flyte_jupyter.remote._auth._command import CommandSource

        source = CommandSource(settings.command, key, "command")
    else:
        from flyte_jupyter.remote._auth._device import DeviceFlow
        from flyte_jupyter.remote._auth._login import PersonSource
        from flyte_jupyter.remote._auth._pkce import Pkce
        from flyte_jupyter.remote._auth._store import TokenStore

        flow = DeviceFlow(authority) if how == "DeviceFlow" else Pkce(authority)
        store = TokenStore(
            authority + endpoint.prefix, keyring=not settings.disable_keyring, client_id=settings.client_id
        )
        source = PersonSource(flow, find, opened, store, authority)
        # In plain text there is seldom a login at all: the keyring is asked when the backend wants one.
        kept = None if endpoint.insecure else await source.kept(_sdk_service(settings.endpoint))
        return TokenAuthenticator(source, person, authority, kept)
    return TokenAuthenticator(source, person, authority)


def proxy_authenticator(settings: Settings) -> Authenticator | None:
    """The authenticator for a proxy in front of the backend: `proxy_command` prints its token.

    Args:
        settings: What the connection is made of.

    Returns:
        None where there is no such proxy.
    """
    if not settings.proxy_command:
        return None
    from flyte_jupyter.remote._auth._command import CommandSource
    from flyte_jupyter.remote._auth._person import Person
    from flyte_jupyter.remote._auth._renewing import TokenAuthenticator

    async def key() -> str:
        return "proxy-authorization"

    source = CommandSource(settings.proxy_command, key, "proxyCommand")
    return TokenAuthenticator(source, Person(), "the proxy")


def _sdk_service(endpoint: str) -> str:
    return endpoint.partition("://")[2].strip("/") or endpoint
