"""RPCs with credentials, renewed where a backend refuses them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._call_headers import CallHeaders, with_request_id
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._transport import Transport, WireError


class AuthorizedTransport:
    """Sends credentials and a request id with each call over another transport.

    Args:
        inner: The wire; closed with this transport.
        headers: Gives the credentials.
        owner: Whether those are closed with this transport, too.
    """

    def __init__(self, inner: Transport, headers: CallHeaders, *, owner: bool = False) -> None:
        self._inner = inner
        self._headers = headers
        self._owner = owner

    @property
    def name(self) -> str:
        """See `Transport`."""
        return self._inner.name

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Headers = ()) -> Any:
        """See `Transport`. `timeout` counts for each try; the time that a person takes to log in is not limited."""
        headers = with_request_id(headers)
        sent = await self._headers.credentials()
        try:
            return await self._inner.unary(method, request, timeout, (*headers, *sent))
        except WireError as error:
            # A refused call was not executed, so it may be any.
            if not await self._headers.renewed(error.code, error.text, sent):
                raise
        return await self._inner.unary(method, request, timeout, (*headers, *await self._headers.credentials()))

    async def stream(self, method: Method, request: Any, headers: Headers = ()) -> AsyncGenerator[Any, None]:
        """See `Transport`. After the first message a refusal goes to the caller: a repetition would be seen twice."""
        headers = with_request_id(headers)
        first = True
        while True:
            sent = await self._headers.credentials()
            answers, began = self._inner.stream(method, request, (*headers, *sent)), False
            try:
                async for answer in answers:
                    began = True
                    yield answer
            except WireError as error:
                if began or not first or not await self._headers.renewed(error.code, error.text, sent):
                    raise
            else:
                return
            finally:
                await answers.aclose()
            first = False

    async def close(self) -> None:
        """See `Transport`."""
        await self._inner.close()
        if self._owner:
            await self._headers.close()
