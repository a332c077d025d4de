"""What an authenticator is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Headers = Sequence[tuple[str, str]]


class Authenticator(Protocol):
    """Gives the headers of a request; everything it does happens on the background loop."""

    async def headers(self) -> Headers:
        """What goes with the next request; renewed before it expires. Never starts a login of its own accord.

        Raises:
            FlyteError: There is no token that could be sent, and none to be had just now.
        """
        ...

    async def renew(self, rejected: Headers) -> bool:
        """Called when a backend answered UNAUTHENTICATED to a request with those headers.

        Callers at the same time share one renewal. A login that a person must finish is waited for; it begins only
        where somebody waits for the call, never for a feed in the background.

        Returns:
            Whether it is worth asking once more.

        Raises:
            FlyteError: The login failed; the text says why and what to do.
        """
        ...

    async def close(self) -> None:
        """Lets go of what it holds open."""
        ...


class _Together:
    """Two authenticators as one: a proxy's and the backend's."""

    def __init__(self, proxy: Authenticator, main: Authenticator) -> None:
        self._proxy, self._main = proxy, main

    async def headers(self) -> Headers:
        return (*await self._proxy.headers(), *await self._main.headers())

    async def renew(self, rejected: Headers) -> bool:
        # Nobody tells which of the two was refused: a proxy whose token is no longer the same comes first, so that
        # nobody is asked to log in because of it.
        return await self._proxy.renew(rejected) or await self._main.renew(rejected)

    async def close(self) -> None:
        await self._proxy.close()
        await self._main.close()


def together(proxy: Authenticator | None, main: Authenticator | None) -> Authenticator | None:
    """The two as one, either of which may be missing.

    Args:
        proxy: Of the proxy in front of a backend, see `proxy_authenticator`.
        main: Of the backend, see `authenticator`.
    """
    return _Together(proxy, main) if proxy and main else proxy or main
