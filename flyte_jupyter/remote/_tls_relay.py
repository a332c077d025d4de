"""TLS to a backend whose certificate nobody checks.

Neither gRPC nor pyqwest can leave the check out: to trust the shown certificate helps with some and not with others
(expired, made for another name, signed by an authority that is not shown). So they talk in plain text to a port of
this machine, and that talks TLS to the backend.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
import urllib.request
import warnings
from base64 import b64encode
from urllib.parse import unquote, urlsplit

from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 10.0

# Which backends somebody was warned about.
_warned: set[str] = set()


class UncheckedTls:
    """Carries connections to a port of this machine over TLS to a backend. Lives on the background loop.

    Args:
        endpoint: The backend.
        protocol: What is spoken inside: "h2" or "http/1.1".
        proxy_url: An HTTP proxy on the way, "" for the environment's. None is used for a backend of this machine.

    Raises:
        InvalidArgumentError: The proxy is no HTTP proxy.
    """

    def __init__(self, endpoint: Endpoint, protocol: str, proxy_url: str = "") -> None:
        self.port = 0
        self.problem = ""
        """What went wrong with the latest connection, "" if nothing did."""
        self._endpoint = endpoint
        proxy_url = "" if endpoint.is_loopback else proxy_url or _proxy_of_the_environment(endpoint.host)
        if proxy_url and (urlsplit(proxy_url).scheme != "http" or not urlsplit(proxy_url).hostname):
            # Its address may hold a password.
            raise InvalidArgumentError("What is given as HTTP proxy is none.", "Give http://HOST:PORT.")
        self._proxy_url = proxy_url
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._context.set_alpn_protocols([protocol])
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to listen, and warns once for each backend."""
        authority = self._endpoint.authority
        if authority not in _warned:
            _warned.add(authority)
            # The line of whoever asked for it is on another thread's stack.
            warnings.warn_explicit(
                f"The certificate of {authority} is not checked (insecure_skip_verify): anybody on the way could read"
                " along, tokens included.",
                UserWarning,
                "flyte_jupyter",
                1,
            )
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops to listen and ends every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        upstream: asyncio.StreamWriter | None = None
        pumps: set[asyncio.Future[None]] = set()
        try:
            back, upstream = await asyncio.wait_for(self._connect(), _CONNECT_SECONDS)
            self.problem = ""
            pumps = {asyncio.ensure_future(_pump(reader, upstream)), asyncio.ensure_future(_pump(back, writer))}
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.TimeoutError:
            self.problem = f"no connection within {_CONNECT_SECONDS:g} s"
        except OSError as error:
            # For a name with several addresses asyncio puts all refusals into one text.
            refused = f"[Errno {errno.ECONNREFUSED}]" in str(error)
            self.problem = "connection refused" if refused else str(error)
        except asyncio.CancelledError:
            # From close(): the callback of a server has nobody to tell.
            pass
        finally:
            self._carrying.discard(task)
            for pump in pumps:
                pump.cancel()
            for each in (writer, upstream):
                if each is not None:
                    each.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._endpoint.host, self._endpoint.port
        name = "" if _is_address(host) else host
        if not self._proxy_url:
            return await asyncio.open_connection(host, port, ssl=self._context, server_hostname=name)
        through = await self._tunnel()
        return await asyncio.open_connection(sock=through, ssl=self._context, server_hostname=name)

    async def _tunnel(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        proxy = urlsplit(self._proxy_url)
        found = await loop.getaddrinfo(proxy.hostname, proxy.port or 80, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        through = socket.socket(family, kind, protocol)
        through.setblocking(False)
        try:
            await loop.sock_connect(through, address)
            request = f"CONNECT {self._endpoint.authority} HTTP/1.1\r\nHost: {self._endpoint.authority}\r\n"
            if proxy.username:
                pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
                request += f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}\r\n"
            await loop.sock_sendall(through, f"{request}\r\n".encode())
            answer = b""
            # Byte by byte: what follows the blank line belongs to the backend.
            while not answer.endswith(b"\r\n\r\n") and len(answer) < _CHUNK:
                byte = await loop.sock_recv(through, 1)
                if not byte:
                    break
                answer += byte
            status = answer.split(b"\r\n")[0].decode("latin-1")
            if " 200" not in status:
                raise OSError(f"the proxy {proxy.hostname} answered {status or 'nothing'}")
        except BaseException:
            through.close()
            raise
        return through


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


def _proxy_of_the_environment(host: str) -> str:
    return "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get("https", "")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
