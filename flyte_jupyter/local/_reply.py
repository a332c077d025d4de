"""Refusing a request in the protocol in which it was made."""

from __future__ import annotations

import json
import struct
from typing import Any
from urllib.parse import quote

from connectrpc.code import Code

from flyte_jupyter.local._files import Receive, Send, drain, respond

_GRPC = {Code.UNAUTHENTICATED: 16, Code.UNIMPLEMENTED: 12, Code.UNAVAILABLE: 14}
_HTTP = {Code.UNAUTHENTICATED: 401, Code.UNIMPLEMENTED: 501, Code.UNAVAILABLE: 503}
_END_OF_STREAM = 0x02
_WEB_TRAILERS = 0x80


async def refuse(scope: Any, receive: Receive, send: Send, code: Code, message: str) -> None:
    """End a request with an error: as gRPC, gRPC-Web, Connect stream or Connect unary (and everything else) have it."""
    await drain(receive)
    content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if content_type.startswith(b"application/grpc-web"):
        trailers = f"grpc-status: {_GRPC[code]}\r\ngrpc-message: {quote(message)}\r\n".encode()
        await _start(send, 200, content_type)
        await _body(send, _envelope(_WEB_TRAILERS, trailers))
    elif content_type.startswith(b"application/grpc"):
        await _start(send, 200, content_type, trailers=True)
        await _body(send, b"")
        status = [(b"grpc-status", str(_GRPC[code]).encode()), (b"grpc-message", quote(message).encode())]
        await send({"type": "http.response.trailers", "headers": status, "more_trailers": False})
    elif content_type.startswith(b"application/connect+"):
        error = json.dumps({"error": {"code": code.value, "message": message}}).encode()
        await _start(send, 200, content_type)
        await _body(send, _envelope(_END_OF_STREAM, error))
    else:
        error = json.dumps({"code": code.value, "message": message}).encode()
        await respond(send, _HTTP[code], error, b"application/json")


def _envelope(flag: int, data: bytes) -> bytes:
    return struct.pack(">BI", flag, len(data)) + data


async def _start(send: Send, status: int, content_type: bytes, *, trailers: bool = False) -> None:
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": trailers})


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": False})
