"""The ASGI application: one port for Connect, gRPC, gRPC-Web, uploads and downloads, and the token on every request."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError

from flyte_jupyter.local import _cut
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._files import PREFIX, Files, Receive, Send, respond
from flyte_jupyter.local._reply import refuse

ADMIN = "/flyte-jupyter/"
_PAGE = b"""<!doctype html>
<meta charset="utf-8"><title>Flyte run</title>
<p>This run lives on the embedded backend of flyte-jupyter: look at it in the notebook where it was started.</p>
"""
_NO_TOKEN = "The embedded backend wants its token: use the endpoint that flyte_jupyter.local.start() returned."  # noqa: S105

Admin = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


class Ending(Exception):  # noqa: N818 - it is no error
    """The backend takes no more orders."""


class App:
    """Checks the token, then hands on.

    Args:
        token: What every request has to carry, as first part of its path or as `authorization: Bearer TOKEN`.
        services: ASGI applications by path (`/flyteidl2.workflow.RunService`).
        files: Uploads and downloads.
        admin: Answers what the starting process asks, see `_admin`.
    """

    def __init__(self, token: str, services: Mapping[str, Any], files: Files, admin: Admin) -> None:
        self._token = token.encode()
        self._services = services
        self._files = files
        self._admin = admin
        self.requests = 0
        self.last_used = time.monotonic()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            path = self._authorized(scope)
            if path is None:
                await self._unauthorized(scope, receive, send)
                return
            self.requests += 1
            try:
                await self._dispatch(path, scope, receive, send)
            finally:
                self.requests -= 1
                self.last_used = time.monotonic()

    def _authorized(self, scope: Any) -> str | None:
        """The path without token, or None if the request carries none."""
        first, slash, rest = scope["path"].lstrip("/").partition("/")
        if hmac.compare_digest(first.encode(), self._token):
            return slash + rest
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, credentials = value.partition(b" ")
                if scheme.lower() == b"bearer" and hmac.compare_digest(credentials.strip(), self._token):
                    return scope["path"]
        return None

    async def _unauthorized(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and scope["path"].startswith("/v2/"):
            await respond(send, 200, _PAGE, b"text/html; charset=utf-8")
        else:
            await refuse(scope, receive, send, Code.UNAUTHENTICATED, _NO_TOKEN)

    async def _dispatch(self, path: str, scope: Any, receive: Receive, send: Send) -> None:
        service = self._services.get(path.rpartition("/")[0])
        if path.startswith(PREFIX):
            await self._files(scope, path.removeprefix(PREFIX), receive, send)
        elif path.startswith(ADMIN):
            await self._administer(path.removeprefix(ADMIN), scope, receive, send)
        elif scope["method"] == "GET" and (path == "/" or path.startswith("/v2/")):
            await respond(send, 200, _PAGE, b"text/html; charset=utf-8")
        elif service is None or not service.implements(path):
            name = path.strip("/") or "This"
            message = f"{name} is nothing that the embedded backend of flyte-jupyter offers: it needs a Flyte cluster."
            await refuse(scope, receive, send, Code.UNIMPLEMENTED, message)
        else:
            await _serve(service.application, {**scope, "path": path, "raw_path": path.encode()}, receive, send)

    async def _administer(self, what: str, scope: Any, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        try:
            request = json.loads(body or b"{}")
            answer = await self._admin(what, request)
        except Ending:
            await respond(send, 503, b"The backend is about to end.")
        except LocalBackendError as error:
            await respond(send, 400, error.message.encode())
        except (ValueError, LookupError, TypeError) as error:
            await respond(send, 400, f"This is no request that the backend knows: {error!r}.".encode())
        else:
            await respond(send, 200, json.dumps(answer).encode(), b"application/json")


async def _serve(application: Any, scope: Any, receive: Receive, send: Send) -> None:
    """Run an RPC, and stop it as soon as its client is gone: it may be waiting for something that never comes."""
    _cut.peer.set(scope["client"])

    async def receive_or_stop() -> Any:
        message = await receive()
        if message["type"] == "http.disconnect":
            task.cancel()
        return message

    task = asyncio.ensure_future(application(scope, receive_or_stop, send))
    try:
        with contextlib.suppress(asyncio.CancelledError, ConnectError):
            await asyncio.shield(task)
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(BaseException):
                await task


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
