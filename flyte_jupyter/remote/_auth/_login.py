"""Logins that a person makes, and what keeps them alive afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from flyte_jupyter.remote._auth._discover import LoginServer
from flyte_jupyter.remote._auth._http import Http, RefusalError
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._store import TokenStore
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._errors import UnauthenticatedError
from flyte_jupyter.remote._loop import Caller

OpenHttp = Callable[[], AbstractAsyncContextManager[Http]]
FindServer = Callable[[Http], Awaitable[LoginServer | None]]


class Flow(Protocol):
    """A way in which a person logs in."""

    async def login(self, http: Http, server: LoginServer, person: Person) -> Tokens:
        """Tokens for which the person logged in.

        Raises:
            FlyteError: They did not.
        """
        ...

    def refresh_form(self, server: LoginServer) -> dict[str, str]:
        """What goes with a refresh token besides the client id."""
        ...


class PersonSource:
    """Tokens for which a person logs in once; then they are refreshed as long as the provider lets us.

    Args:
        flow: How the person logs in.
        find: Finds out where.
        open_http: Opens an HTTP client.
        store: Keeps the tokens.
        authority: "host:port" of the backend, for errors.
    """

    eager = False

    def __init__(self, flow: Flow, find: FindServer, open_http: OpenHttp, store: TokenStore, authority: str) -> None:
        self._flow, self._find, self._open_http, self._store = flow, find, open_http, store
        self._authority = authority

    def elsewhere(self) -> Tokens | None:
        """See `Source`."""
        return self._store.here()

    async def kept(self, sdk_service: str) -> Tokens | None:
        """What an earlier process kept: ours, or the SDK's.

        Args:
            sdk_service: The SDK's name for the backend.
        """
        tokens = await self._store.load()
        if tokens is not None or not (access := await self._store.of_sdk(sdk_service)):
            return tokens
        async with self._open_http() as http:
            server = await self._find(http)
        return None if server is None else Tokens(access, header_key=server.header_key, client_id=server.client_id)

    async def renewed(self, current: Tokens | None) -> Tokens | None:
        """See `Source`."""
        known = await self._store.load() or current
        if known is None:
            return None
        if known.access and (current is None or known.access != current.access) and not known.expires_within(0):
            return known
        if not known.refresh:
            return None
        async with self._open_http() as http:
            server = await self._find(http)
            if server is None:
                return None
            try:
                tokens = await self._refresh(http, server, known)
            except RefusalError as refusal:
                if refusal.error != "invalid_grant":
                    return None
                latest = await self._store.load()
                if latest is not None and latest.refresh != known.refresh and not latest.expires_within(0):
                    return latest
                await self._store.forget(known)
                return None
        return await self._keep(tokens, server, known.client_id or server.client_id)

    async def login(self, person: Person) -> Tokens | None:
        """See `Source`."""
        async with self._open_http() as http:
            server = await self._find(http)
            if server is None:
                return None
            if not server.client_id:
                raise UnauthenticatedError(
                    f"{self._authority} names no OAuth client to log in with.",
                    "Give client_id, or ask those who run it.",
                    "UNAUTHENTICATED",
                )
            if Caller.current() is None:
                raise UnauthenticatedError(
                    f"There is no valid login at {self._authority}.",
                    "Log in with flyte_jupyter.connect().",
                    "UNAUTHENTICATED",
                )
            tokens = await self._flow.login(http, server, person)
        return await self._keep(tokens, server, server.client_id)

    async def _refresh(self, http: Http, server: LoginServer, known: Tokens) -> Tokens:
        from oauthlib.oauth2 import Client

        client: Any = Client(known.client_id or server.client_id)
        body: str = client.prepare_refresh_body(
            refresh_token=known.refresh, client_id=client.client_id, **self._flow.refresh_form(server)
        )
        tokens = await http.token(server.token_endpoint, body)
        return tokens if tokens.refresh else dataclasses.replace(tokens, refresh=known.refresh)

    async def _keep(self, tokens: Tokens, server: LoginServer, client_id: str) -> Tokens:
        tokens = dataclasses.replace(tokens, header_key=server.header_key, client_id=client_id)
        await self._store.save(tokens)
        return tokens

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._authority})"
