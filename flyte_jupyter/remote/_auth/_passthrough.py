"""Passthrough: whoever calls brings the headers along."""

from __future__ import annotations

import contextlib
import contextvars
import re
from collections.abc import Generator

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._errors import InvalidArgumentError

_KEY = re.compile(r"[a-z0-9_.-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")

_pairs: contextvars.ContextVar[Headers] = contextvars.ContextVar("flyte_jupyter_auth_metadata", default=())


@contextlib.contextmanager
def auth_metadata(*pairs: tuple[str, str]) -> Generator[None]:
    """Sends these headers with every call that is made inside, on a connection with auth_type "Passthrough".

    What counts is where a call is made, also where it is awaited or runs in the background. Streams that several
    views share keep the headers of whoever opened them.

    Args:
        *pairs: Names and values of headers.

    Raises:
        InvalidArgumentError: There are none, or no header can look like that.

    Example:
        >>> with auth_metadata(("authorization", "Bearer 0123")):
        ...     runs = list(Run.listall(limit=1))
    """
    if not pairs:
        raise InvalidArgumentError(
            "auth_metadata needs at least one header.", 'Write auth_metadata(("authorization", "Bearer ...")).'
        )
    headers: list[tuple[str, str]] = []
    for pair in pairs:
        try:
            key, value = pair
            fits = bool(_KEY.fullmatch(key.lower()) and _VALUE.fullmatch(value))
        except (TypeError, ValueError, AttributeError):
            key, value, fits = "", "", False
        if not fits:
            # The value may be a secret.
            raise InvalidArgumentError(
                f"{key!r} with its value is no header." if key else "A header is a pair of texts, name and value.",
                "Names are letters, digits and hyphens; values printable ASCII in one line.",
            )
        headers.append((key.lower(), value))
    token = _pairs.set(tuple(headers))
    try:
        yield
    finally:
        _pairs.reset(token)


class PassthroughAuthenticator:
    """See `Authenticator`. Sends what `auth_metadata` holds around the call."""

    async def headers(self) -> Headers:
        """See `Authenticator`."""
        return _pairs.get()

    async def renew(self, rejected: Headers) -> bool:
        """See `Authenticator`: only the caller knows better."""
        return False

    async def close(self) -> None:
        """See `Authenticator`."""
