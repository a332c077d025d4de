"""Pkce: the person logs in in a browser, which comes back to us, or whose address they paste."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from flyte_jupyter.remote._auth._browser import open_browser, why_elsewhere
from flyte_jupyter.remote._auth._callback import Callback, listening
from flyte_jupyter.remote._auth._discover import LoginServer
from flyte_jupyter.remote._auth._http import Http
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._redirect import NotOursError, code_of
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._errors import UnauthenticatedError

_SECONDS = 300.0
_TRIES = 5


class Pkce:
    """See `Flow`.

    Args:
        authority: "host:port" of the backend.
        seconds: How long a browser is waited for.
    """

    def __init__(self, authority: str, seconds: float = _SECONDS) -> None:
        self._authority, self._seconds = authority, seconds

    def refresh_form(self, server: LoginServer) -> dict[str, str]:
        """See `Flow`."""
        return {}

    async def login(self, http: Http, server: LoginServer, person: Person) -> Tokens:
        """See `Flow`."""
        from oauthlib.oauth2 import WebApplicationClient

        if not server.authorization_endpoint:
            raise UnauthenticatedError(
                f"{self._authority} has no page to log in at.", 'Use auth_type="DeviceFlow".', "UNAUTHENTICATED"
            )
        client: Any = WebApplicationClient(server.client_id)
        verifier: str = client.create_code_verifier(96)
        state = secrets.token_urlsafe(32)
        host = urlsplit(server.authorization_endpoint).netloc
        async with listening(server.redirect_uri, state, host) as callback:
            asked = {
                "client_id": server.client_id,
                "response_type": "code",
                "scope": " ".join(server.scopes),
                "redirect_uri": callback.redirect_uri,
                "state": state,
                "audience": server.audience,
                "code_challenge": client.create_code_challenge(verifier, "S256"),
                "code_challenge_method": "S256",
            }
            asked = {key: value for key, value in asked.items() if value}
            begun = urlsplit(server.authorization_endpoint)
            url = begun._replace(query="&".join(filter(None, (begun.query, urlencode(asked)))), fragment="").geturl()
            code = await self._code(callback, url, state, host, person)
        # Flyte's own server wants the parameters of the page once more.
        form = {**asked, "grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        return await http.token(server.token_endpoint, urlencode(form))

    async def _code(self, callback: Callback, url: str, state: str, host: str, person: Person) -> str:
        why = why_elsewhere(os.environ)
        if not why and not callback.listens:
            why = f"{callback.redirect_uri} cannot be listened on here, its port may be in use"
        if not why and not await open_browser(url):
            why = "no browser could be opened"
        if why:
            return await self._pasted(callback, url, state, host, person, why)
        await person.tell(f"Log in at {self._authority} in the browser. If no page has opened, open\n{url}")
        try:
            return await asyncio.wait_for(callback.code, self._seconds)
        except asyncio.TimeoutError:
            raise UnauthenticatedError(
                f"No browser came back from the login at {host} within {self._seconds:g} s.",
                'Try again; where the browser cannot reach this machine, use auth_type="DeviceFlow".',
                "UNAUTHENTICATED",
            ) from None

    async def _pasted(self, callback: Callback, url: str, state: str, host: str, person: Person, why: str) -> str:
        await person.tell(
            f"Log in at {self._authority}: open\n{url}\n"
            f"Your browser ends at a page that it may not be able to show, for {why}. Copy the address of that page,"
            f" which begins with {callback.redirect_uri}, and paste it here; it is not shown."
            + (" If the page says that you are logged in, press Enter." if callback.listens else "")
        )
        for _ in range(_TRIES):
            text = await person.ask("Address: ")
            if callback.code.done():
                return callback.code.result()
            try:
                return code_of(text, state, host)
            except NotOursError as error:
                await person.tell(f"{error} Paste the one that begins with {callback.redirect_uri}?code=")
        raise UnauthenticatedError(
            f"The login at {self._authority} was given up after {_TRIES} addresses that were not its own.",
            'Try again, or use auth_type="DeviceFlow".',
            "UNAUTHENTICATED",
        )
