"""A small web server on this machine, to which the browser comes back after a login."""

from __future__ import annotations

import asyncio
import contextlib
import html
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from flyte_jupyter.remote._auth._http import RefusalError
from flyte_jupyter.remote._auth._redirect import NotOursError, code_of

_REQUEST_SECONDS = 10.0
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>flyte-jupyter</title>"
    '<body style="font: 16px system-ui; margin: 4em auto; max-width: 36em"><h1>{}</h1><p>{}</p>'
)


class Callback:
    """The place to which a login leads.

    Args:
        redirect_uri: The address as the backend knows it.
        state: What the login was begun with; answers with another are not for us.
        host: Who sends the browser, for errors.

    Attributes:
        redirect_uri: The same with the port that is listened on, if it named none.
        listens: False where nothing of this machine can listen there.
        code: Becomes the authorization code, or the refusal.
    """

    def __init__(self, redirect_uri: str, state: str, host: str) -> None:
        self.redirect_uri = redirect_uri
        self.listens = False
        self.code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # A refusal that nobody waits for any more is no loss.
        self.code.add_done_callback(lambda code: code.cancelled() or code.exception())
        self._path = "/" + redirect_uri.partition("://")[2].partition("?")[0].partition("/")[2]
        self._state, self._host = state, host
        self._requests: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request."""
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_SECONDS)
            verb, target, *_ = head.decode("latin-1").split(" ", 2)
            status, title, text = self._answer(verb, target)
            page = _PAGE.format(html.escape(title), html.escape(text)).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
                "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n".encode()
                + page
            )
            await writer.drain()
        except (OSError, ValueError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            # Browsers open connections in advance, and leave them.
            pass
        finally:
            self._requests.discard(task)
            writer.close()

    def close(self) -> None:
        """Ends requests in progress."""
        for task in self._requests:
            task.cancel()

    def _answer(self, verb: str, target: str) -> tuple[str, str, str]:
        nothing = "404 Not Found", "Nothing is here", "A login of flyte-jupyter waits here for its answer."
        if verb != "GET" or urlsplit(target).path != self._path:
            return nothing
        try:
            code = code_of(target, self._state, self._host)
        except NotOursError as error:
            return "400 Bad Request", "Not this login", f"{error} The one that was begun last is waited for."
        except RefusalError as refusal:
            if not self.code.done():
                self.code.set_exception(refusal)
            return "200 OK", "The login was refused", refusal.message
        if not self.code.done():
            self.code.set_result(code)
        return "200 OK", "You are logged in", "Close this page, and go on where you came from."


@contextlib.asynccontextmanager
async def listening(redirect_uri: str, state: str, host: str) -> AsyncGenerator[Callback]:
    """Listens at an address for the time of a login; on any free port where the address names none.

    Args:
        redirect_uri: The address as the backend knows it.
        state: What the login was begun with.
        host: Who sends the browser, for errors.
    """
    callback = Callback(redirect_uri, state, host)
    servers: list[asyncio.Server] = []
    try:
        try:
            parts = urlsplit(redirect_uri)
            port = parts.port or 0
        except ValueError:
            parts, port = urlsplit(""), 0
        names = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "::1": ("::1",)}
        for address in names.get(parts.hostname or "", ()) if parts.scheme == "http" else ():
            try:
                server = await asyncio.start_server(callback.serve, address, port)
            except OSError:
                if address == "::1" and servers:
                    # A machine without IPv6.
                    continue
                break
            servers.append(server)
            port = int(server.sockets[0].getsockname()[1])
            callback.listens = True
        if callback.listens and parts.port is None:
            shown = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            callback.redirect_uri = parts._replace(netloc=f"{shown}:{port}").geturl()
        yield callback
    finally:
        for server in servers:
            server.close()
        callback.close()
