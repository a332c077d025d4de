"""A backend behind TLS: certificates of a made-up authority, on both wires."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import trustme

_PAST = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)


@dataclasses.dataclass
class Authority:
    """An authority that nobody trusts yet.

    `ca_file` is its certificate; `port(wire, name)` listens with the certificate "good", "wrong" (made for another
    name), "expired" or "future", in front of the backend's port of that wire.
    """

    ca_file: Path
    ports: dict[tuple[str, str], int]

    def endpoint(self, wire: str, name: str = "good") -> str:
        return f"https://localhost:{self.ports[wire, name]}"


@contextlib.contextmanager
def authority(upstream_ports: dict[str, int], folder: Path) -> Iterator[Authority]:
    """Makes the authority, and ends TLS as an ingress does in front of a backend's port of each wire."""
    ca = trustme.CA()
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    now = dt.datetime.now(dt.timezone.utc)
    certificates = {
        "good": ca.issue_cert("localhost", "127.0.0.1"),
        "wrong": ca.issue_cert("other.example.com"),
        "expired": ca.issue_cert("localhost", not_before=_PAST, not_after=_PAST + dt.timedelta(days=1)),
        "future": ca.issue_cert("localhost", not_before=now + dt.timedelta(days=2), not_after=now + dt.timedelta(99)),
    }
    protocols = {"grpc": "h2", "connect": "http/1.1"}
    made = Authority(ca_file, {})
    loop, ready = asyncio.SelectorEventLoop(), threading.Event()
    stop = asyncio.Event()

    def terminator(port: int) -> object:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            back, forth = await asyncio.open_connection("127.0.0.1", port)
            pumps = {asyncio.ensure_future(_pump(reader, forth)), asyncio.ensure_future(_pump(back, writer))}
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for each in pumps:
                each.cancel()
            forth.close()
            writer.close()

        return serve

    async def main() -> None:
        servers: list[asyncio.Server] = []
        for wire, port in upstream_ports.items():
            for name, certificate in certificates.items():
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.set_alpn_protocols([protocols[wire]])
                certificate.configure_cert(context)
                server = await asyncio.start_server(terminator(port), "127.0.0.1", 0, ssl=context)  # type: ignore[arg-type]
                made.ports[wire, name] = server.sockets[0].getsockname()[1]
                servers.append(server)
        ready.set()
        await stop.wait()
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
