"""The two wires, bare: what sends headers and knows nothing of logins."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator
from typing import Any

import grpc.aio
import pyqwest
from connectrpc.errors import ConnectError

from flyte_jupyter.remote._methods import MODULES, Method
from flyte_jupyter.remote._transport import WireError


class BareGrpc:
    """A transport over grpc.aio."""

    name = "grpc"

    def __init__(self, port: int) -> None:
        self._channel = grpc.aio.insecure_channel(f"localhost:{port}")

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Any = ()) -> Any:
        module = importlib.import_module(MODULES[method.service] + "_pb2_grpc")
        stub = getattr(module, method.service.rpartition(".")[2] + "Stub")(self._channel)
        try:
            return await getattr(stub, method.rpc)(request, timeout=timeout, metadata=tuple(headers))
        except grpc.aio.AioRpcError as error:
            raise WireError(error.code().name, error.details() or "") from None

    def stream(self, method: Method, request: Any, headers: Any = ()) -> AsyncGenerator[Any, None]:
        raise NotImplementedError

    async def close(self) -> None:
        await self._channel.close()


class BareConnect:
    """A transport over flyteidl2's Connect clients."""

    name = "connect"

    def __init__(self, port: int) -> None:
        self._address = f"http://localhost:{port}"
        self._http = pyqwest.HTTPTransport()

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Any = ()) -> Any:
        module = importlib.import_module(MODULES[method.service] + "_connect")
        client = getattr(module, method.service.rpartition(".")[2] + "Client")(
            address=self._address, http_client=pyqwest.Client(transport=self._http), send_compression=None
        )
        try:
            return await getattr(client, method.snake)(request, headers=dict(headers))
        except ConnectError as error:
            raise WireError(error.code.name, error.message) from None

    def stream(self, method: Method, request: Any, headers: Any = ()) -> AsyncGenerator[Any, None]:
        raise NotImplementedError

    async def close(self) -> None:
        await self._http.aclose()
