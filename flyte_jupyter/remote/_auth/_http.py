"""HTTP requests to an identity provider: oauthlib knows the answers, httpx carries them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flyte_jupyter.remote._auth._base import Authenticator
from flyte_jupyter.remote._auth._tokens import Tokens, check_token
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._settings import Settings

if TYPE_CHECKING:
    import ssl

    import httpx

    from flyte_jupyter.remote._auth._session import Session

_SECONDS = 30.0
_LONGEST = 300


class RefusalError(UnauthenticatedError):
    """An identity provider said no.

    Args:
        error: The code of OAuth: "invalid_grant", "access_denied", ...
        description: Its own words, or "".
        host: Who said so.
    """

    def __init__(self, error: str, description: str, host: str) -> None:
        words = _plain(description).rstrip(".")
        said = f"{host} refused the login ({_plain(error)}){': ' if words else ''}{words}."
        super().__init__(said, _hint(error), "UNAUTHENTICATED")
        self.error = error


class Http:
    """Posts forms to an identity provider.

    Args:
        client: An open httpx client, ours or a caller's.
        endpoint: The backend, whose proxy may want a token, too.
        proxy: Gives the headers for that proxy, or None.
    """

    def __init__(self, client: httpx.AsyncClient | Session, endpoint: Endpoint, proxy: Authenticator | None) -> None:
        self._client, self._endpoint, self._proxy = client, endpoint, proxy

    async def token(self, url: str, body: str, headers: Mapping[str, str] | None = None) -> Tokens:
        """Asks a token endpoint.

        Args:
            url: The token endpoint.
            body: The form, as oauthlib prepares it.
            headers: What goes with it.

        Returns:
            Tokens for the usual header, without a client.

        Raises:
            RefusalError: The provider said no; `error` tells why.
            UnavailableError: It could not be reached, or was not well.
            UnauthenticatedError: Its answer makes no sense.
        """
        from oauthlib.oauth2.rfc6749.parameters import parse_token_response

        answer = await self._post(url, body, headers)
        try:
            parsed: dict[str, Any] = parse_token_response(json.dumps(answer))
            lifetime = cast("int | None", parsed.get("expires_in"))
            access, refresh = str(parsed["access_token"]), str(parsed.get("refresh_token") or "")
        except Exception:
            raise _nonsense(url, "an answer without a token") from None
        return Tokens.lasting(check_token(access, _host(url)), refresh, lifetime)

    async def form(self, url: str, body: str) -> dict[str, Any]:
        """Posts a form and gives the JSON object of the answer. Errors are those of `token`."""
        return await self._post(url, body, None)

    def checked(self, url: str) -> str:
        """The address, if a person may be sent there; see `check_url`."""
        return check_url(url, self._endpoint)

    async def metadata(self, url: str) -> dict[str, Any] | None:
        """The JSON object at a well-known place, None where there is none."""
        try:
            response = await self._request("GET", url, {"accept": "application/json"})
        except UnavailableError:
            # A port that speaks only gRPC.
            return None
        return _json_object(response) if response.status_code == 200 else None

    async def _post(self, url: str, body: str, headers: Mapping[str, str] | None) -> dict[str, Any]:
        head = {
            "accept": "application/json",
            "cache-control": "no-cache",
            "content-type": "application/x-www-form-urlencoded",
            **(headers or {}),
        }
        response = await self._request("POST", url, head, body)
        status, answer = response.status_code, _json_object(response)
        error = answer.get("error") if answer else None
        if answer and isinstance(error, str) and status < 500:
            raise RefusalError(error, str(answer.get("error_description") or ""), _host(url))
        if status >= 500 or status == 429:
            raise UnavailableError(
                f"{_host(url)} answered HTTP {status} to the login.", "Try again in a while.", "UNAVAILABLE"
            )
        if answer is None or not response.is_success:
            raise _nonsense(url, f"HTTP {status}" + ("" if answer else " without JSON"))
        return answer

    async def _request(self, verb: str, url: str, headers: dict[str, str], body: str | None = None) -> httpx.Response:
        import httpx

        check_url(url, self._endpoint)
        if self._proxy is not None and urlsplit(url).hostname == self._endpoint.host:
            headers = {**headers, **dict(await self._proxy.headers())}
        try:
            return await self._client.request(verb, url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error).strip().rstrip(".") or type(error).__name__
            hint = (
                "Give the file of its authority as ca_cert_file_path."
                if "CERTIFICATE_VERIFY_FAILED" in reason
                else "Check the network, and http_proxy_url where there is a proxy."
            )
            raise UnavailableError(
                f"{_host(url)} cannot be reached for the login: {reason}.", hint, "UNAVAILABLE"
            ) from None


@contextlib.asynccontextmanager
async def open_http(settings: Settings, endpoint: Endpoint, proxy: Authenticator | None = None) -> AsyncGenerator[Http]:
    """An HTTP client for the time of a login.

    A CA file is trusted besides the system's roots; whatever certificate is shown is accepted only from the
    backend's own host.

    Args:
        settings: What the connection is made of.
        endpoint: The backend.
        proxy: Gives the headers for a proxy in front of it, or None.
    """
    # Loading libraries and certificates takes a while, and the loop has other work.
    context = await asyncio.to_thread(_prepare, settings)
    import httpx

    through = settings.http_proxy_url or None
    mounts: dict[str, httpx.AsyncBaseTransport | None] = {}
    if settings.insecure_skip_verify:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        mounts[f"https://{host}"] = httpx.AsyncHTTPTransport(verify=False, proxy=through)
    async with httpx.AsyncClient(
        verify=context, proxy=through, mounts=mounts, timeout=_SECONDS, follow_redirects=False
    ) as client:
        yield Http(client, endpoint, proxy)


def _prepare(settings: Settings) -> ssl.SSLContext:
    import ssl

    for library in ("httpx", "oauthlib.oauth2"):
        importlib.import_module(library)
    context = ssl.create_default_context()
    if settings.ca_cert_file_path:
        try:
            context.load_verify_locations(settings.ca_cert_file_path)
        except (OSError, ssl.SSLError) as error:
            raise UnauthenticatedError(
                f"The CA file {settings.ca_cert_file_path} cannot be read: {error}.", "Check ca_cert_file_path."
            ) from None
    return context


def check_url(url: str, endpoint: Endpoint) -> str:
    """The address, if a login may go there: https, or http on this machine or beside a backend in plain text.

    Raises:
        UnauthenticatedError: It may not.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and (local or endpoint.insecure))):
        return url
    raise UnauthenticatedError(
        f"{endpoint.authority} sends the login to {url!r}, where tokens must not go.",
        "It has to be an https address. Ask those who run the backend.",
        "UNAUTHENTICATED",
    )


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer: object = response.json()
    except ValueError:
        return None
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else None


def _nonsense(url: str, what: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        f"{_host(url)} gave {what} to the login.", "Is the endpoint right, and set up for logins?", "UNAUTHENTICATED"
    )


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _plain(text: str) -> str:
    """A text from outside as one short line without control characters."""
    return "".join(character if character.isprintable() else " " for character in text).strip()[:_LONGEST]


def _hint(error: str) -> str:
    return {
        "access_denied": "Log in again and allow it, or ask for access.",
        "expired_token": "Log in again, and confirm in time.",
        "invalid_client": "Check the client id and the secret.",
        "unauthorized_client": "This client may not log in in this way: choose another authType.",
        "unsupported_grant_type": "The backend does not know this way to log in: choose another authType.",
        "invalid_scope": "Check the scopes.",
        "invalid_grant": "Log in again.",
    }.get(error, "Log in again, or ask those who run the backend.")
