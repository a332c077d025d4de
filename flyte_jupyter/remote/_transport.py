"""What carries an RPC: the seam over which gRPC, Connect and the SDK's own clients are used alike."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._methods import Method

MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""What we accept in one message. grpcio's own 4 MiB is less than the inputs and outputs of an action may be."""

UNREADABLE = "The answer is not a message that can be read"
"""What is said of bytes that are no message of the kind that was asked for."""


class WireError(Exception):
    """A status that is not OK, as it came over a wire.

    Args:
        code: Status code in capitals, spelled as gRPC does.
        text: The status's text, free of secrets.
        answered: False where nothing that speaks this wire's protocol gave the answer.
    """

    def __init__(self, code: str, text: str, *, answered: bool = True) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.answered = answered


class Transport(Protocol):
    """One wire to one backend; everything it does happens on the background loop.

    A status that is not OK is raised as a `WireError`; a cancellation stays one.
    """

    @property
    def name(self) -> str:
        """The wire: "grpc", "connect" or "sdk"."""
        ...

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Headers = ()) -> Any:
        """One request with these headers, one answer, within `timeout` seconds."""
        ...

    def stream(self, method: Method, request: Any, headers: Headers = ()) -> AsyncGenerator[Any, None]:
        """One request with these headers, many answers, without a deadline. Closing the generator ends the call."""
        ...

    async def close(self) -> None:
        """Lets go of every connection."""
        ...
