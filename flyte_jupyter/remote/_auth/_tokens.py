"""Tokens, and the header that carries them."""

from __future__ import annotations

import dataclasses
import re
import time

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._errors import UnauthenticatedError

_EARLY_SECONDS = 60.0

DEFAULT_HEADER = "authorization"

_TOKEN = re.compile(r"[\x21-\x7e]+")
_HEADER = re.compile(r"[a-z0-9][a-z0-9_.-]*(?<!-bin)")


@dataclasses.dataclass(frozen=True)
class Tokens:
    """What a login gave. Its values are never shown.

    Attributes:
        access: Goes with every request; "" where only the refresh token was kept.
        refresh: Gets the next access token, "" where there is none.
        expires_at: When the access token ends, in seconds since 1970; None where nobody said so.
        header_key: The header that carries the access token, lower case.
        client_id: The OAuth client that it was given to.
        early: How many seconds before its end it is renewed.
    """

    access: str = dataclasses.field(repr=False)
    refresh: str = dataclasses.field(default="", repr=False)
    expires_at: float | None = None
    header_key: str = DEFAULT_HEADER
    client_id: str = ""
    early: float = _EARLY_SECONDS

    @classmethod
    def lasting(cls, access: str, refresh: str, lifetime: float | None) -> Tokens:
        """Tokens that were just given.

        Args:
            access: The access token.
            refresh: The refresh token, or "".
            lifetime: Seconds that the access token lasts, None where nobody says so.
        """
        if lifetime is None or lifetime <= 0:
            return cls(access, refresh)
        # One that lasts a minute is not renewed with every request.
        return cls(access, refresh, time.time() + lifetime, early=min(_EARLY_SECONDS, lifetime / 4))

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew it."""
        return self.expires_within(self.early)

    def expires_within(self, seconds: float) -> bool:
        """Whether it cannot be used any more in so many seconds."""
        return not self.access or (self.expires_at is not None and time.time() + seconds >= self.expires_at)

    @property
    def headers(self) -> Headers:
        """What goes with a request."""
        return ((self.header_key, f"Bearer {self.access}"),) if self.access else ()


def check_token(text: str, source: str) -> str:
    """The text, if a header can carry it as a token.

    Args:
        text: What somebody gave as a token.
        source: Who gave it, for the error.

    Raises:
        UnauthenticatedError: It is empty, or holds blanks, line ends or other than ASCII.
    """
    if not _TOKEN.fullmatch(text):
        what = "something that is no token" if text else "no token"
        raise UnauthenticatedError(f"{source} gave {what}.", "Check what it answers.", "UNAUTHENTICATED")
    return text


def check_header_key(text: str, authority: str) -> str:
    """The name of the header that carries the token, as gRPC wants it.

    Args:
        text: What the backend said, "" for the usual one.
        authority: "host:port" of the backend, for the error.

    Raises:
        UnauthenticatedError: No header can have that name.
    """
    key = text.strip().lower() or DEFAULT_HEADER
    if not _HEADER.fullmatch(key):
        raise UnauthenticatedError(
            f"{authority} wants the token in a header named {text!r}, which cannot be.",
            "Ask those who run it to correct authorizationMetadataKey.",
            "UNAUTHENTICATED",
        )
    return key
