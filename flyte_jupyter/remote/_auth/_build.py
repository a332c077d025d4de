"""Makes the authenticator that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from flyte_jupyter.remote._auth._base import Authenticator
from flyte_jupyter.remote._auth._discover import LoginServer, discover
from flyte_jupyter.remote._auth._http import Http, open_http
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._renewing import Source, TokenAuthenticator
from flyte_jupyter.remote._auth._secret import SecretSource
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._transport import Transport


async def authenticator(
    settings: Settings,
    endpoint: Endpoint,
    open_plain: Callable[[], Transport],
    tell: Callable[[str], None] | None = None,
    *,
    proxy: Authenticator | None = None,
) -> Authenticator | None:
    """The authenticator for a connection. Nothing is asked of the backend or a person before it is needed.

    Args:
        settings: What the connection is made of; `auth_type` chooses how a token is had.
        endpoint: The backend.
        open_plain: Opens a transport to it without a login, but with the headers of `proxy`.
        tell: Shows a text to the person who logs in; called where they wait. None writes to standard output.
        proxy: Of a proxy in front of the backend (`proxy_authenticator`). It is used for a login at the backend's
            own host; for the RPCs join the two with `together`.

    Returns:
        None for a backend of this machine that has its own token.

    Raises:
        InvalidArgumentError: The settings do not suffice for that way to log in.
    """
    if endpoint.token:
        return None
    person = Person(tell)
    server: LoginServer | None = None

    async def find(http: Http) -> LoginServer | None:
        nonlocal server
        if server is None:
            server = await discover(settings, endpoint, open_plain, http)
        return server

    source: Source
    if settings.auth_type == "ClientSecret":
        source = SecretSource(
            settings.client_id, settings.client_secret, find, lambda: open_http(settings, endpoint, proxy)
        )
    else:
        raise InvalidArgumentError(f"{settings.auth_type!r} is no way to log in.", "See AuthType.")
    return TokenAuthenticator(source, person, endpoint.authority)
