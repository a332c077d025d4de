"""Who we are to a backend: the headers that go with every request, and how they are renewed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Headers = Sequence[tuple[str, str]]


class Authenticator(Protocol):
    """Gives the headers of a request; everything it does happens on the background loop."""

    async def headers(self) -> Headers:
        """What goes with the next request; renewed before it expires. Never starts a login of its own accord."""
        ...

    async def renew(self, rejected: Headers) -> bool:
        """Called when a backend answered UNAUTHENTICATED to a request with those headers.

        Callers at the same time share one renewal. A login that a person must finish is waited for.

        Returns:
            Whether it is worth asking once more.

        Raises:
            FlyteError: The login failed; the text says why and what to do.
        """
        ...

    async def close(self) -> None:
        """Lets go of what it holds open."""
        ...
