"""Putting one file where a backend says, again and again if need be."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import os
import random
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flyte_jupyter.remote._errors import (
    FlyteError,
    InvalidArgumentError,
    PermissionDeniedError,
    ServerError,
    UnavailableError,
)

if TYPE_CHECKING:
    import httpx

    from flyte_jupyter.remote._upload_progress import UploadProgress

CHUNK = 1024 * 1024
_BLOCK = 4 * CHUNK  # what is worth a change of threads
_RETRIES = 3
_STALL_SECONDS = 600.0
_CONNECT_SECONDS = 30.0
_LONGEST_PAUSE = 30.0
_LONGEST_RETRY_AFTER = 60.0
_BODY_SHOWN = 200
_AGAIN = (408, 429)
# How stores say that a signed URL is too old, in answers that otherwise mean "you may not".
_TOO_OLD = ("request has expired", "expiredtoken", "signature not valid in the specified time frame")
# What S3 says, with a status that otherwise means "wrong request", when it waited too long for the rest of a body.
_STALLED = "<code>requesttimeout</code>"


@dataclasses.dataclass(frozen=True)
class Source:
    """A file as it was when it was measured.

    Attributes:
        path: The file.
        size: Bytes.
        md5: MD5 of its content, which is what the storage checks it by.
        modified: When it was last changed, in nanoseconds.
        data: Its content, if it is short.
    """

    path: Path
    size: int
    md5: bytes
    modified: int
    data: bytes | None = None


@dataclasses.dataclass(frozen=True)
class Location:
    """Where to put a file.

    Attributes:
        signed_url: Where to put it; who has it can write there, so it is never shown.
        native_url: What to call it by afterwards.
        headers: What has to be sent along.
    """

    signed_url: str = dataclasses.field(repr=False)
    native_url: str
    headers: dict[str, str] = dataclasses.field(default_factory=dict[str, str], repr=False)


class Storage:
    """HTTP connections to wherever a backend keeps files. Used, and closed, on one event loop.

    Args:
        verify: Whether to check certificates.
        at_once: How many connections at most.
    """

    def __init__(self, verify: bool, at_once: int) -> None:
        self._verify = verify
        self._at_once = at_once
        self._clients: dict[tuple[bool, bool], httpx.AsyncClient] = {}

    def http(self, url: str) -> httpx.AsyncClient:
        """What to send to a URL with."""
        import httpx

        parts = urlsplit(url)
        # Proxies of the environment are not meant for this machine; certificates take long to load.
        key = secure, near = parts.scheme == "https", parts.hostname in ("localhost", "127.0.0.1", "::1")
        if key not in self._clients:
            self._clients[key] = httpx.AsyncClient(
                verify=self._verify and secure,
                trust_env=not near,
                timeout=httpx.Timeout(_STALL_SECONDS, connect=_CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=self._at_once),
            )
        return self._clients[key]

    async def aclose(self) -> None:
        """Closes all connections."""
        for client in self._clients.values():
            await client.aclose()


async def measure(path: Path) -> Source:
    """Reads a file through once.

    Raises:
        InvalidArgumentError: It cannot be read.
    """
    left = threading.Event()
    try:
        return await asyncio.to_thread(_measure, path, left)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        left.set()


def _measure(path: Path, left: threading.Event) -> Source:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        modified = os.fstat(file.fileno()).st_mtime_ns
        data = file.read(CHUNK)
        digest.update(data)
        size = len(data)
        short = data if size < CHUNK else None
        while data and not left.is_set():
            data = file.read(CHUNK)
            digest.update(data)
            size += len(data)
    return Source(path, size, digest.digest(), modified, short)


def _unreadable(path: Path, error: OSError) -> InvalidArgumentError:
    return InvalidArgumentError(f"{path} cannot be read: {error.strerror or error}.")


async def put(
    storage: Storage,
    source: Source,
    locate: Callable[[], Awaitable[Location]],
    progress: UploadProgress,
    content_type: str | None = None,
) -> str:
    """Puts a file there, and asks for a new place when the one it has is too old.

    Args:
        storage: What to send with.
        source: The file.
        locate: Asks for a place.
        progress: Whom to tell of every piece.
        content_type: MIME type to keep with it, unless the place prescribes one.

    Returns:
        What to call the file by.

    Raises:
        FlyteError: It cannot be put there, or has changed meanwhile.
    """
    location = await locate()
    for attempt in range(_RETRIES + 1):
        found = await _attempt(storage.http(location.signed_url), source, location, progress, content_type)
        if found is None:
            return location.native_url
        if attempt == _RETRIES:
            raise found.error
        pause = min(0.5 * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311
        await asyncio.sleep(pause if found.after is None else found.after)
        if found.too_old:
            location = await locate()
    raise AssertionError("unreachable")


@dataclasses.dataclass(frozen=True)
class _Setback:
    """A failure after which it is worth trying again."""

    error: FlyteError
    after: float | None = None
    too_old: bool = False


async def _attempt(
    http: httpx.AsyncClient,
    source: Source,
    location: Location,
    progress: UploadProgress,
    content_type: str | None,
) -> _Setback | None:
    """Tries once; None if it went well. What cannot get better is raised."""
    import httpx

    sent = 0

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal sent
        async for piece in _pieces(source):
            yield piece
            sent += len(piece)
            progress.advance(len(piece))

    host = urlsplit(location.signed_url).netloc
    try:
        answer = await http.put(location.signed_url, content=body(), headers=_headers(source, location, content_type))
    except (httpx.TimeoutException, httpx.TransportError) as error:
        # Their texts may hold the URL.
        reason = f"{source.path} cannot be uploaded to {host}: {type(error).__name__}."
        progress.advance(-sent)
        return _Setback(UnavailableError(reason, "Is the storage reachable from here?", "UNAVAILABLE"))
    except BaseException:
        progress.advance(-sent)
        raise
    if answer.status_code in (200, 201, 204):
        return None
    progress.advance(-sent)
    return _setback(source, location, answer)


def _setback(source: Source, location: Location, answer: httpx.Response) -> _Setback:
    status, text = answer.status_code, answer.text[:4000].lower()
    place = redacted(location.signed_url)
    what = f"{source.path} cannot be uploaded to {place}: the storage said {status}"
    if status in _AGAIN or status >= 500 or (status == 400 and _STALLED in text):
        after = _retry_after(answer.headers.get("retry-after")) if status in (429, 503) else None
        return _Setback(UnavailableError(f"{what}, {_RETRIES + 1} times.", "Try later.", "UNAVAILABLE"), after)
    if status in (400, 403) and any(symptom in text for symptom in _TOO_OLD):
        return _Setback(
            ServerError(f"{what}: its links get too old before the file is through.", "Is this machine's clock right?"),
            0.0,
            too_old=True,
        )
    if status in (401, 403):
        raise PermissionDeniedError(f"{what}: it does not allow it.", code="PERMISSION_DENIED")
    detail = "" if _has_secret(location, answer.text) else " ".join(answer.text[:_BODY_SHOWN].split()).rstrip(".")
    raise ServerError(f"{what}{f' ({detail})' if detail else ''}.")


def _has_secret(location: Location, text: str) -> bool:
    """Whether an answer repeats what makes the URL work."""
    query = urlsplit(location.signed_url).query
    return bool(query) and any(part.partition("=")[2] in text for part in query.split("&") if len(part) > 16)


def _retry_after(value: str | None) -> float | None:
    return min(float(value), _LONGEST_RETRY_AFTER) if value is not None and value.strip().isdecimal() else None


def redacted(url: str) -> str:
    """A signed URL without what makes it work."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/..."


def _headers(source: Source, location: Location, content_type: str | None) -> dict[str, str]:
    headers = dict(location.headers)
    if location.native_url.startswith(("abfs://", "abfss://")):
        headers["x-ms-blob-type"] = "BlockBlob"
    headers["Content-Length"] = str(source.size)
    headers["Content-MD5"] = base64.b64encode(source.md5).decode()
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    return headers


async def _pieces(source: Source) -> AsyncGenerator[bytes, None]:
    """The content, if it still is what was measured; the last pieces come when that is known."""
    if source.data is not None:
        if source.data:
            yield source.data
        return
    left = source.size
    try:
        file: Any = await asyncio.to_thread(source.path.open, "rb")
    except OSError as error:
        raise _unreadable(source.path, error) from None
    with file:
        while left:
            block = await asyncio.to_thread(file.read, min(_BLOCK, left))
            left -= len(block)
            # Not the content once more: the storage compares that.
            found = os.fstat(file.fileno())
            if not block or (not left and (found.st_size, found.st_mtime_ns) != (source.size, source.modified)):
                raise InvalidArgumentError(f"{source.path} has changed while it was uploaded.", "Upload it again.")
            for begin in range(0, len(block), CHUNK):
                yield block[begin : begin + CHUNK]
