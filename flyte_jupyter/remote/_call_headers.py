"""The headers that go with each call, and when a refusal is worth a renewal."""

from __future__ import annotations

import uuid

from flyte_jupyter.remote._auth._base import Authenticator, Headers

REQUEST_ID = "x-request-id"


class CallHeaders:
    """Gives each call its headers. Everything it does happens on the background loop.

    Args:
        auth: Who we are, None where nobody asks.
    """

    def __init__(self, auth: Authenticator | None) -> None:
        self._auth = auth

    async def credentials(self) -> Headers:
        """Who we are, for the next call; renewed before it expires.

        Raises:
            FlyteError: There is nothing that could be sent.
        """
        return await self._auth.headers() if self._auth is not None else ()

    async def renewed(self, code: str, text: str, sent: Headers) -> bool:
        """Whether a call that ended with this status should be asked once more, with new credentials.

        Args:
            code: Status code in capitals.
            text: The status's text.
            sent: The credentials that went with it.

        Raises:
            FlyteError: A login was needed and failed.
        """
        return self._auth is not None and _is_refusal(code, text, sent) and await self._auth.renew(sent)

    async def close(self) -> None:
        """Lets go of what the authenticator holds open."""
        if self._auth is not None:
            await self._auth.close()


def with_request_id(headers: Headers) -> Headers:
    """The headers, with an id by which a call is found in the logs of a backend, if they have none."""
    if any(key.lower() == REQUEST_ID for key, _ in headers):
        return headers
    return (*headers, (REQUEST_ID, str(uuid.uuid4())))


def _is_refusal(code: str, text: str, sent: Headers) -> bool:
    if code == "UNKNOWN":
        # A proxy's HTTP status, where a wire has no better name for it.
        return any(symptom in text.lower() for symptom in ("401", "407", "unauthorized", "unauthenticated"))
    # With credentials it is a decision of the backend, which new ones would not change.
    return code == "UNAUTHENTICATED" or (code == "PERMISSION_DENIED" and not sent)
