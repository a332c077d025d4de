"""Credentials on every call of a gRPC channel that belongs to somebody else's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import grpc.aio

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._call_headers import CallHeaders, with_request_id
from flyte_jupyter.remote._loop import background

# Missing from the types of grpcio.
_EOF: Any = vars(grpc.aio)["EOF"]


class _Credentials:
    """What the four kinds of interceptors share; the credentials themselves live on the background loop."""

    def __init__(self, headers: CallHeaders, token: str) -> None:
        self._headers = headers
        self._always: Headers = (("authorization", f"Bearer {token}"),) if token else ()

    def _with(self, details: Any, sent: Headers) -> grpc.aio.ClientCallDetails:
        # gRPC hands over a tuple, its own Metadata or nothing, whatever the caller gave.
        given = [(str(key), value) for key, value in details.metadata or ()]
        return grpc.aio.ClientCallDetails(
            details.method,
            details.timeout,
            grpc.aio.Metadata(*with_request_id(given), *self._always, *sent),
            details.credentials,
            details.wait_for_ready,
        )

    async def _now(self) -> Headers:
        return await background().run_from(self._headers.credentials())

    async def _renewed(self, call: Any, sent: Headers) -> bool:
        code, text = await call.code(), await call.details()
        if code is None or code is grpc.StatusCode.OK:
            return False
        return await background().run_from(self._headers.renewed(code.name, text or "", sent))


class _UnaryUnary(_Credentials, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        sent = await self._now()
        call = await continuation(self._with(client_call_details, sent), request)
        if await self._renewed(call, sent):
            return await continuation(self._with(client_call_details, await self._now()), request)
        return call


class _UnaryStream(_Credentials, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        sent = await self._now()
        call = await continuation(self._with(client_call_details, sent), request)
        try:
            first = await call.read()
        except grpc.aio.AioRpcError:
            if not await self._renewed(call, sent):
                raise
            return await continuation(self._with(client_call_details, await self._now()), request)
        return _from_the_first(first, call)


# A stream of requests can be read only once: a refusal goes to the caller.
class _StreamUnary(_Credentials, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await continuation(self._with(client_call_details, await self._now()), request_iterator)


class _StreamStream(_Credentials, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await continuation(self._with(client_call_details, await self._now()), request_iterator)


def interceptors(headers: CallHeaders, token: str = "") -> Sequence[grpc.aio.ClientInterceptor]:
    """One interceptor for each kind of call: gRPC takes an object for one kind only.

    Args:
        headers: Gives the credentials.
        token: What a backend on this machine demands.
    """
    return [kind(headers, token) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]


async def _from_the_first(first: Any, call: Any) -> AsyncIterator[Any]:
    message = first
    while message is not _EOF:
        yield message
        message = await call.read()
