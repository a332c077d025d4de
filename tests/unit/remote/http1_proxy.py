"""A reverse proxy that forwards HTTP/1.1 and nothing else, as most ingresses in front of Flyte 2 do."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Iterator

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Http1Proxy:
    """Listens on a free port of this machine.

    `open` counts the connections that are open just now, `received` the bytes that came from clients, `refused` the
    connections that began with HTTP/2. With `forward_all` those are forwarded, too. It is a proxy for clients as well:
    whatever host they ask it for, it is the upstream; `firsts` holds what connections began with.
    """

    def __init__(self, upstream_port: int, forward_all: bool = False) -> None:
        self._upstream_port = upstream_port
        self._forward_all = forward_all
        self.port = 0
        self.open = 0
        self.refused = 0
        self.received = 0
        self.firsts: list[bytes] = []

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        upstream: asyncio.StreamWriter | None = None
        try:
            first = await reader.read(65536)
            if first.startswith(b"PRI * HTTP/2") and not self._forward_all:
                self.refused += 1
                writer.write(_REFUSAL)
                await writer.drain()
                return
            back, upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
            self.firsts.append(first)
            if first.startswith(b"CONNECT "):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                first = b""
            upstream.write(re.sub(rb"^(\w+) http://[^/]+", rb"\1 ", first))
            self.received += len(first)
            pumps = {
                asyncio.ensure_future(_pump(reader, upstream, self._count)),
                asyncio.ensure_future(_pump(back, writer)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
        except OSError:
            pass
        finally:
            self.open -= 1
            for each in (writer, upstream):
                if each is not None:
                    each.close()

    def _count(self, data: bytes) -> None:
        self.received += len(data)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None] = lambda _: None
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            see(data)
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def http1_proxy(upstream_port: int, *, forward_all: bool = False) -> Iterator[Http1Proxy]:
    """Runs such a proxy on a thread of its own."""
    proxy = Http1Proxy(upstream_port, forward_all)
    loop = asyncio.SelectorEventLoop()
    ready = threading.Event()

    async def serve() -> None:
        server = await proxy.start()
        ready.set()
        async with server:
            await server.serve_forever()

    task: asyncio.Task[None] | None = None

    def run() -> None:
        nonlocal task
        task = loop.create_task(serve())
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        leftover = asyncio.all_tasks(loop)
        for each in leftover:
            each.cancel()
        if leftover:
            loop.run_until_complete(asyncio.wait(leftover))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        assert task is not None
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
