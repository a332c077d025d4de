"""DeviceFlow: the person confirms on any device, and we ask until they have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from flyte_jupyter.remote._auth._discover import LoginServer
from flyte_jupyter.remote._auth._http import Http, RefusalError
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._errors import UnauthenticatedError, UnavailableError

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5.0
_LEAST = 1.0
_SLOWER = 5.0
_EXPIRES_IN = 600.0


class DeviceFlow:
    """See `Flow`.

    Args:
        authority: "host:port" of the backend.
        sleep: Waits for some seconds.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        authority: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority, self._sleep, self._clock = authority, sleep, clock

    def refresh_form(self, server: LoginServer) -> dict[str, str]:
        """See `Flow`."""
        form = {"scope": " ".join(server.scopes), "audience": server.audience}
        return {key: value for key, value in form.items() if value}

    async def login(self, http: Http, server: LoginServer, person: Person) -> Tokens:
        """See `Flow`."""
        if not server.device_endpoint:
            raise UnauthenticatedError(
                f"{self._authority} offers no login on another device.", 'Use auth_type="Pkce".', "UNAUTHENTICATED"
            )
        form = {"client_id": server.client_id, **self.refresh_form(server)}
        answer = await http.form(server.device_endpoint, urlencode(form))
        began = self._clock()
        try:
            code, url = str(answer["device_code"]), http.checked(_address(answer))
            interval = max(_seconds(answer.get("interval"), _INTERVAL), _LEAST)
            ends = began + _seconds(answer.get("expires_in"), _EXPIRES_IN)
        except (KeyError, ValueError):
            raise UnauthenticatedError(
                f"{urlsplit(server.device_endpoint).netloc} began a login without saying how to go on.",
                'Use auth_type="Pkce", or ask those who run it.',
                "UNAUTHENTICATED",
            ) from None
        await person.tell(
            f"Log in at {self._authority}: open {url}\nand confirm the code {_printable(answer.get('user_code'))}."
        )
        return await self._poll(
            http, server, urlencode({"grant_type": _GRANT, "device_code": code, **form}), interval, ends
        )

    async def _poll(self, http: Http, server: LoginServer, body: str, interval: float, ends: float) -> Tokens:
        while True:
            await self._sleep(interval)
            try:
                return await http.token(server.token_endpoint, body)
            except RefusalError as refusal:
                if refusal.error == "slow_down":
                    interval += _SLOWER
                elif refusal.error != "authorization_pending":
                    raise
            except (UnavailableError, UnauthenticatedError):
                # A gateway that is not well does not end a login that somebody is about to confirm.
                pass
            if self._clock() >= ends:
                raise UnauthenticatedError(
                    f"Nobody confirmed the login at {self._authority} in time.",
                    "Try again, and confirm on the page that is shown.",
                    "UNAUTHENTICATED",
                )


def _address(answer: dict[str, Any]) -> str:
    complete = answer.get("verification_uri_complete")
    if complete:
        return str(complete)
    page = str(answer["verification_uri"])
    query = urlencode({"user_code": str(answer["user_code"])})
    return f"{page}{'&' if urlsplit(page).query else '?'}{query}"


def _seconds(value: Any, default: float) -> float:
    return default if value is None else float(value)


def _printable(text: Any) -> str:
    return "".join(character for character in str(text or "") if character.isprintable())
