"""Logging in with an httpx client that is somebody else's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


class Session:
    """A client that belongs to another event loop: it is asked there, wherever the answer is wanted.

    Args:
        client: The client, open.
        loop: The loop, which runs as long as anything is asked.
    """

    def __init__(self, client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    async def request(self, verb: str, url: str, **how: Any) -> httpx.Response:
        """As of the client; redirects are not followed."""
        asked = self._client.request(verb, url, follow_redirects=False, **how)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked, self._loop))
