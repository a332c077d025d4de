"""A connection to a backend, and the one that is used where none is named."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Any

from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import (
    FlyteError,
    NotConnectedError,
    status_error,
)
from flyte_jupyter.remote._loop import background
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._tls import tls_error
from flyte_jupyter.remote._transport import Transport, WireError

PROJECT = "flytesnacks"
DOMAIN = "development"
"""The project and domain that a fresh Flyte has."""


class Client:
    """A connection to one backend, with the project and domain that are meant where none are named.

    Made by `connect` or `Client.from_sdk`. `unary` and `stream` are for code that runs on the background loop.

    Args:
        endpoint: The backend's address.
        transport: What carries the calls.
        project: The default project.
        domain: The default domain.
        org: The organization.
        rpc_retries: How often an RPC that may be repeated is tried while the backend is unavailable.

    Attributes:
        endpoint: The backend's address.
        project: The default project.
        domain: The default domain.
        org: The organization, "" where there are none.

    Example:
        >>> client = current_client()
        >>> client.project, client.domain, client.transport
        ('flytesnacks', 'development', 'grpc')
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        project: str = PROJECT,
        domain: str = DOMAIN,
        org: str = "",
        *,
        rpc_retries: int = 3,
    ) -> None:
        self.endpoint = endpoint
        self.project = project
        self.domain = domain
        self.org = org
        self._transport = transport
        self._rpc_retries = rpc_retries
        self._origin: object = None

    @classmethod
    def from_sdk(cls) -> Client:
        """Wraps the connection that the `flyte` SDK of this process was initialised with.

        Its authenticated Connect clients are used as they are; nothing is imported that is not there.

        Raises:
            NotConnectedError: The SDK is not loaded, or `flyte.init` was not called.

        Example:
            >>> runs = Run.listall(client=Client.from_sdk())  # doctest: +SKIP
        """
        from flyte_jupyter.remote._transport_sdk import sdk_connection

        origin, endpoint, transport, project, domain, org = sdk_connection()
        client = cls(endpoint, transport, project or PROJECT, domain or DOMAIN, org or "")
        client._origin = origin
        return client

    @property
    def transport(self) -> str:
        """The wire: "grpc", "connect" or "sdk"."""
        return self._transport.name

    async def unary(self, method: Method, request: Any, *, timeout: float | None = 30.0) -> Any:
        """Makes an RPC with one answer. An idempotent one is tried again while the backend is unavailable.

        Args:
            method: The RPC.
            request: Its request message.
            timeout: Seconds for all tries together; None waits for ever.

        Raises:
            FlyteError: The backend answered with an error, or did not answer.
            RuntimeError: Called elsewhere than on the background loop.

        Example:
            >>> from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest
            >>> request = GetRunDetailsRequest(run_id=Run.get("r1").run_id)
            >>> background().run(client.unary(methods.GET_RUN_DETAILS, request)).details.action.id.name
            'a0'
        """
        _check_loop()
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        attempt = 1
        while True:
            left = None if deadline is None else max(deadline - loop.time(), 0.001)
            try:
                return await self._transport.unary(method, request, left)
            except WireError as error:
                pause = min(0.2 * 2 ** (attempt - 1), 10.0) * random.uniform(0.5, 1.5)  # noqa: S311
                enough_time = left is None or left > pause
                if not self._may_pass(error, method) or attempt >= self._rpc_retries or not enough_time:
                    raise self._error(error) from None
            attempt += 1
            await asyncio.sleep(pause)

    async def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        """Makes an RPC with a stream of answers, without a deadline. Closing the generator ends the call.

        Args:
            method: The RPC.
            request: Its request message.

        Raises:
            FlyteError: The stream ended with an error.
            RuntimeError: Used elsewhere than on the background loop.

        Example:
            >>> from contextlib import aclosing
            >>> from flyteidl2.workflow.run_service_pb2 import WatchActionDetailsRequest
            >>> request = WatchActionDetailsRequest(action_id=Run.get("r1").action.action_id)
            >>> async def first():
            ...     async with aclosing(client.stream(methods.WATCH_ACTION_DETAILS, request)) as answers:
            ...         return await anext(answers)
            >>> background().run(first()).details.id.name
            'a0'
        """
        _check_loop()
        answers = self._transport.stream(method, request)
        try:
            async for answer in answers:
                yield answer
        except WireError as error:
            raise self._error(error) from None
        finally:
            await answers.aclose()

    def console_url(self, run_name: str, action: str | None = None) -> str:
        """The page of a run of the default project and domain in the web console, "" if there is none.

        Args:
            run_name: The run.
            action: An action of it to open, or None.

        Example:
            >>> client.console_url("r1")  # a backend on this machine has no console
            ''
        """
        return self.endpoint.console_url(self.project, self.domain, run_name, action)

    @dual
    async def close(self) -> None:
        """Closes the connection. Streams that are open end with an error.

        Example:
            >>> client.close()  # doctest: +SKIP
        """
        global _current
        if _current is self:
            _current = None
        await self._transport.close()

    def _may_pass(self, error: WireError, method: Method) -> bool:
        return error.code == "UNAVAILABLE" and method.idempotent and tls_error(error.text, self.endpoint) is None

    def _error(self, error: WireError) -> FlyteError:
        refused = None if error.answered else tls_error(error.text, self.endpoint)
        return refused or status_error(error.code, error.text, self.endpoint.authority)

    def __repr__(self) -> str:
        return f"Client({self.endpoint.authority}, {self.project}/{self.domain}, {self.transport})"


_current: Client | None = None
_sdk: Client | None = None


def current_client() -> Client:
    """The connection that is used where none is named: the last one that `connect` made.

    Raises:
        NotConnectedError: There is none.
    """
    if _current is None:
        raise NotConnectedError(
            "There is no connection to a Flyte backend.",
            'Connect with flyte_jupyter.connect("HOST:PORT") or %flyte_connect HOST:PORT, or start a backend on this'
            " machine with %flyte_local.",
        )
    return _current


def set_current_client(client: Client | None) -> None:
    """Makes a connection the one that is used where none is named.

    Args:
        client: The connection; None forgets the one there is.

    Example:
        >>> set_current_client(client)
        >>> current_client() is client
        True
    """
    global _current
    _current = client


def sdk_client() -> Client:
    """The connection to use for objects of the `flyte` SDK: ours if it goes to the same endpoint, else the SDK's.

    Raises:
        NotConnectedError: The SDK is not initialised.
    """
    global _sdk
    client = Client.from_sdk()
    if _current is not None and _current.endpoint == client.endpoint:
        return _current
    if _sdk is None or _sdk._origin is not client._origin:  # pyright: ignore[reportPrivateUsage]
        _sdk = client
    return _sdk


def _check_loop() -> None:
    if not background().is_current:
        raise RuntimeError(
            "Client.unary and Client.stream work on flyte_jupyter's own event loop only. Use the methods of Run and"
            " Action, or submit a coroutine with background().submit()."
        )
