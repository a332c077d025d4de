"""Cutting the connection under a stream, for the fault `reset`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from contextvars import ContextVar
from typing import NoReturn

peer: ContextVar[tuple[str, int] | None] = ContextVar("peer", default=None)
"""The client of the request that is being served."""


async def cut() -> NoReturn:
    """Shut the connection of the request that is being served down, with all that is on it; never returns.

    The server has no say over a connection that an application could use, so it is looked for among the open files.
    """
    client = peer.get()
    for entry in os.listdir("/dev/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(int(entry))) as connection:
            if client is not None and connection.getpeername()[:2] == tuple(client):
                connection.shutdown(socket.SHUT_RDWR)
    await asyncio.Event().wait()  # until the server notices and cancels this
    raise AssertionError
