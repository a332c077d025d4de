"""The one authenticator for everything that ends in a token: it renews in time, once for all who ask."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._errors import DeadlineExceededError, FlyteError, UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._loop import Caller

_AFTER_REFUSAL = 60.0  # seconds in which the background does not ask again
_AFTER_FAILURE = 2.0  # the same where the network was at fault
_CLOSE_SECONDS = 2.0
_FRESH = 60.0  # seconds in which a login is not repeated because the backend refuses what it gave

_AGAIN = ("Log in with flyte_jupyter.connect().", "UNAUTHENTICATED")


class Source(Protocol):
    """Where tokens come from.

    Attributes:
        eager: They are had before the first request, not only when the backend wants them.
    """

    eager: bool

    def elsewhere(self) -> Tokens | None:
        """Tokens that this process got meanwhile through another connection, if it did."""
        ...

    async def renewed(self, current: Tokens | None) -> Tokens | None:
        """Other tokens than the current ones, without asking anybody; None where a person has to log in.

        Raises:
            FlyteError: They cannot be had just now, or not in this way.
        """
        ...

    async def login(self, person: Person) -> Tokens | None:
        """Tokens for which a person logs in; None where there is no such way.

        Raises:
            FlyteError: The login failed, or nobody is there who could log in.
        """
        ...


class TokenAuthenticator:
    """See `Authenticator`.

    Args:
        source: Where tokens come from.
        person: Who may be asked to log in.
        authority: "host:port" of the backend, for errors.
        tokens: Those that are known already.
    """

    def __init__(self, source: Source, person: Person, authority: str, tokens: Tokens | None = None) -> None:
        self._source, self._person, self._authority, self._tokens = source, person, authority, tokens
        self._lock = asyncio.Lock()
        self._failure: tuple[float, FlyteError] | None = None
        self._logged_in: float | None = None
        self._renewal: asyncio.Task[Tokens | None] | None = None

    async def headers(self) -> Headers:
        """See `Authenticator`."""
        self._adopt()
        if self._is_due(self._tokens):
            async with self._lock:
                if self._is_due(self._tokens):
                    await self._renew_ahead()
        return self._tokens.headers if self._tokens is not None else ()

    async def renew(self, rejected: Headers) -> bool:
        """See `Authenticator`."""
        self._adopt()
        if self._has_other_than(rejected):
            return True
        async with self._lock:
            self._adopt()
            if self._has_other_than(rejected):
                return True
            self._raise_failure()
            try:
                tokens = await self._renewed()
                if tokens is None:
                    tokens = await self._login()
            except FlyteError as error:
                self._failure = time.monotonic(), error
                raise
            self._tokens = tokens
            return self._has_other_than(rejected)

    async def close(self) -> None:
        """See `Authenticator`. Tokens stay where they are kept."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=_CLOSE_SECONDS)
        if self._renewal is not None:
            self._renewal.cancel()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._authority})"

    def _adopt(self) -> None:
        found = self._source.elsewhere()
        if found is not None and found is not self._tokens and not found.expires_within(0):
            self._tokens = found

    def _is_due(self, tokens: Tokens | None) -> bool:
        return self._source.eager if tokens is None else tokens.is_due

    def _has_other_than(self, rejected: Headers) -> bool:
        if self._tokens is None or not self._tokens.access:
            return False
        sent = {(key.lower(), value) for key, value in rejected}
        return not sent.issuperset(self._tokens.headers)

    async def _renewed(self) -> Tokens | None:
        # Goes on when whoever began it leaves: a refresh token that was sent may be spent, and the answer the next one.
        if self._renewal is None:
            self._renewal = asyncio.ensure_future(self._source.renewed(self._tokens))
            self._renewal.add_done_callback(self._on_renewed)
        return await asyncio.shield(self._renewal)

    def _on_renewed(self, renewal: asyncio.Task[Tokens | None]) -> None:
        self._renewal = None
        if not renewal.cancelled() and renewal.exception() is None:
            self._tokens = renewal.result() or self._tokens

    async def _renew_ahead(self) -> None:
        current = self._tokens
        try:
            self._raise_failure()
            try:
                self._tokens = await self._renewed()
            except FlyteError as error:
                self._failure = time.monotonic(), error
                raise
        except FlyteError:
            # One that still holds for a minute is as good as ever.
            if current is None or current.expires_within(0):
                raise

    async def _login(self) -> Tokens | None:
        if self._logged_in is not None and time.monotonic() - self._logged_in < _FRESH:
            raise UnauthenticatedError(
                f"{self._authority} does not accept the token of the login that was just made.",
                "Ask those who run it whether this user may use it, and whether scopes and audience are right.",
                "UNAUTHENTICATED",
            )
        try:
            tokens = await self._source.login(self._person)
        except asyncio.CancelledError:
            # Those who wait behind it hear why, and do not begin the next one.
            interrupted = UnauthenticatedError(f"The login at {self._authority} was interrupted.", *_AGAIN)
            self._failure = time.monotonic(), interrupted
            raise
        self._logged_in = time.monotonic()
        return tokens

    def _raise_failure(self) -> None:
        """Raises what was found out a moment ago, so that not everybody asks in vain."""
        if self._failure is None:
            return
        at, error = self._failure
        caller, ago = Caller.current(), time.monotonic() - at
        if isinstance(error, (UnavailableError, DeadlineExceededError)):
            still = ago < _AFTER_FAILURE
        elif caller is not None:
            # Whoever came afterwards may try again at once; who was there has heard it.
            still = at > caller.since
        else:
            still = ago < _AFTER_REFUSAL
        if still:
            raise _again(error)
        self._failure = None


def _again(error: FlyteError) -> FlyteError:
    # Another object, so that no two callers share a traceback.
    again = type(error).__new__(type(error), *error.args)
    again.__dict__.update(error.__dict__)
    return again
