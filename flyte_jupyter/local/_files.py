"""Uploads and downloads over HTTP, in files below the state directory."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from flyte_jupyter.local._backend import Backend

PREFIX = "/files/"
_CHUNK = 256 * 1024
_BATCH = 1024 * 1024  # what is worth a change of threads
_TYPES = {".html": b"text/html; charset=utf-8", ".gz": b"application/gzip"}

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Links:
    """URLs of files; the token is in them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def upload(self, path: Path) -> str:
        """Where to PUT the file `path`."""
        return self._url(path)

    def download(self, path: Path) -> str:
        """Where to GET the file `path`."""
        return self._url(path)

    def _url(self, path: Path) -> str:
        relative = path.relative_to(self._backend.paths.data)
        return f"{self._backend.endpoint}{PREFIX}{quote(str(relative))}"

    @staticmethod
    def same(path: Path, md5: bytes) -> bool:
        """Whether the file `path` has this MD5 (which the protocol prescribes; it is no protection here)."""
        with path.open("rb") as file:
            digest = hashlib.md5(usedforsecurity=False)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.digest() == md5


class Files:
    """PUT and GET below one directory."""

    def __init__(self, root: Path, uploads: Path) -> None:
        self._root = root.resolve()
        self._uploads = uploads.resolve()

    async def __call__(self, scope: Any, path: str, receive: Receive, send: Send) -> None:
        """Answer a request for `path`, relative to the root and already without token."""
        target = Path(os.path.normpath(self._root / path))  # noqa: ASYNC240 - text only
        method = scope["method"]
        if method in ("GET", "HEAD") and self._root in target.parents:
            await self._get(target, method == "HEAD", send)
        elif method == "PUT" and self._uploads in target.parents:
            headers = {name.lower(): value for name, value in scope["headers"]}
            await self._put(target, headers, receive, send)
        else:
            await drain(receive)
            await respond(send, 405 if self._root in target.parents else 404, b"There is nothing to be had this way.\n")

    async def _get(self, path: Path, head: bool, send: Send) -> None:
        try:
            file = path.open("rb")
        except OSError:
            await respond(send, 404, b"There is no such file.\n")
            return
        with file:
            headers = [
                (b"content-type", _TYPES.get(path.suffix, b"application/octet-stream")),
                (b"content-length", str(os.fstat(file.fileno()).st_size).encode()),
                # a report is somebody's HTML: opened by itself it may run scripts, but has no origin of ours
                (b"content-security-policy", b"sandbox allow-scripts allow-popups"),
                (b"x-content-type-options", b"nosniff"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while not head and (chunk := file.read(_CHUNK)):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _put(self, path: Path, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with partial.open("wb") as file:

                def keep(pieces: list[bytes]) -> None:
                    nonlocal size
                    for piece in pieces:
                        digest.update(piece)
                        size += len(piece)
                    file.writelines(pieces)

                pieces, more = await _batch(receive)
                while more:
                    # This one is written while the next comes in.
                    writing = asyncio.ensure_future(asyncio.to_thread(keep, pieces))
                    try:
                        pieces, more = await _batch(receive)
                    finally:
                        await writing
                keep(pieces)
            expected = headers.get(b"content-md5")
            if expected is not None and expected != base64.b64encode(digest.digest()):
                await respond(send, 400, b"The content does not have the MD5 that Content-MD5 names.\n")
                return
            length = headers.get(b"content-length")
            if length is not None and length != str(size).encode():
                await respond(send, 400, b"The content does not have the length that Content-Length names.\n")
                return
            partial.replace(path)
        except EOFError:
            return
        finally:
            partial.unlink(missing_ok=True)
        await respond(send, 200, b"")


async def _batch(receive: Receive) -> tuple[list[bytes], bool]:
    """The next pieces of a request's body, and whether there are more after them.

    Raises:
        EOFError: the client is gone.
    """
    pieces: list[bytes] = []
    more, size = True, 0
    while more and size < _BATCH:
        message = await receive()
        if message["type"] != "http.request":
            raise EOFError
        more = message.get("more_body", False)
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
    return pieces, more


async def drain(receive: Receive) -> None:
    """Take in what is left of a request's body.

    Hypercorn drops an HTTP/2 connection on which a body outlasts its response.
    """
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def respond(send: Send, status: int, body: bytes, content_type: bytes = b"text/plain; charset=utf-8") -> None:
    """A whole response."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
