"""What watching needs of a connection; `flyte_jupyter.remote.Client` has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from flyte_jupyter.remote import Endpoint, Method


class Client(Protocol):
    """A connection to one backend; see `flyte_jupyter.remote.Client`."""

    endpoint: Endpoint
    project: str
    domain: str
    org: str

    async def unary(self, method: Method, request: Any, *, timeout: float | None = 30.0) -> Any:
        """Makes an RPC with one answer."""
        ...

    def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        """Makes an RPC with a stream of answers; closing the generator ends the call."""
        ...
