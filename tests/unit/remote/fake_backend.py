"""A backend that only plays what a test scripts: flyteidl2's generated services over gRPC and Connect."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from hypercorn.asyncio import serve
from hypercorn.config import Config

from flyte_jupyter.remote import ActionPhase
from flyte_jupyter.remote._methods import MODULES

Script = Callable[[Any], Any]


class StatusError(Exception):
    """Raised by a script: the backend answers with this status."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class FakeBackend:
    """Answers RPCs by scripts.

    `scripts["GetRunDetails"] = lambda request: response`; a script may be a coroutine function, and for a stream an
    asynchronous generator function. What has no script is UNIMPLEMENTED. `calls` lists (rpc, request) as they came,
    `metadata` their headers, `open_streams` counts streams in progress. `await silence()` in a script lasts until the
    test is over.
    """

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.calls: list[tuple[str, Any]] = []
        self.metadata: list[dict[str, str]] = []
        self.token = ""
        self.open_streams = 0
        self.grpc_port = 0
        self.connect_port = 0
        self.open_calls: Callable[[], int] = lambda: self.open_streams
        self._loop = asyncio.SelectorEventLoop()
        self._silences: set[asyncio.Future[None]] = set()

    async def silence(self) -> None:
        """Says nothing until the test is over."""
        future = asyncio.get_running_loop().create_future()
        self._silences.add(future)
        await future

    def reset(self) -> None:
        """Forgets everything scripted and ends every silence."""

        def end() -> None:
            for future in self._silences:
                if not future.done():
                    future.set_result(None)
            self._silences.clear()

        self._loop.call_soon_threadsafe(end)
        self.scripts, self.calls, self.metadata, self.token = {}, [], [], ""
        self.open_calls = lambda: self.open_streams

    def count(self, rpc: str) -> int:
        """How often an RPC came in."""
        return sum(name == rpc for name, _ in self.calls)

    def note(self, rpc: str, request: Any, metadata: dict[str, str]) -> Script:
        """Writes a call down and finds its script."""
        self.calls.append((rpc, request))
        self.metadata.append(metadata)
        if self.token and metadata.get("authorization") != f"Bearer {self.token}":
            raise StatusError("UNAUTHENTICATED", "wrong token")
        if rpc not in self.scripts:
            raise StatusError("UNIMPLEMENTED", f"{rpc} has no script")
        return self.scripts[rpc]

    async def answer(self, rpc: str, request: Any, metadata: dict[str, str]) -> Any:
        """The answer of a unary RPC."""
        answer = self.note(rpc, request, metadata)(request)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def answers(self, rpc: str, request: Any, metadata: dict[str, str]) -> AsyncIterator[Any]:
        """The answers of a stream."""
        self.open_streams += 1
        try:
            async for message in self.note(rpc, request, metadata)(request):
                yield message
        finally:
            self.open_streams -= 1


@contextlib.contextmanager
def fake_backend() -> Iterator[FakeBackend]:
    """Runs a fake backend on a thread of its own, gRPC on one port and Connect on another."""
    backend = FakeBackend()
    ready, failure = threading.Event(), []
    loop = backend._loop
    stop = asyncio.Event()

    async def main() -> None:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
        _add_grpc(server, backend)
        backend.grpc_port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        config = Config()
        backend.connect_port = _free_port()
        config.bind = [f"127.0.0.1:{backend.connect_port}"]
        config.accesslog = config.errorlog = None
        app = _connect_app(backend)
        serving = asyncio.ensure_future(serve(app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]
        await _listening(backend.connect_port)
        ready.set()
        await stop.wait()
        await server.stop(None)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    def run() -> None:
        try:
            loop.run_until_complete(main())
        except BaseException as error:
            failure.append(error)
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    if failure:
        raise failure[0]
    try:
        yield backend
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def _listening(port: int) -> None:
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing listens on {port}")


def _rpcs(service: str) -> Iterator[tuple[str, bool]]:
    module = importlib.import_module(MODULES[service] + "_pb2")
    for method in module.DESCRIPTOR.services_by_name[service.rpartition(".")[2]].methods:
        yield method.name, method.server_streaming


def _add_grpc(server: grpc.aio.Server, backend: FakeBackend) -> None:
    def unary(rpc: str) -> Any:
        async def handler(self: Any, request: Any, context: grpc.aio.ServicerContext) -> Any:
            try:
                return await backend.answer(rpc, request, _metadata(context))
            except StatusError as status:
                await context.abort(grpc.StatusCode[status.code], status.text)

        return handler

    def stream(rpc: str) -> Any:
        async def handler(self: Any, request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            try:
                async for message in backend.answers(rpc, request, _metadata(context)):
                    yield message
            except StatusError as status:
                await context.abort(grpc.StatusCode[status.code], status.text)

        return handler

    for service in MODULES:
        name = service.rpartition(".")[2]
        module = importlib.import_module(MODULES[service] + "_pb2_grpc")
        methods = {rpc: (stream if streams else unary)(rpc) for rpc, streams in _rpcs(service)}
        servicer = type(name, (getattr(module, name + "Servicer"),), methods)()
        getattr(module, f"add_{name}Servicer_to_server")(servicer, server)


def _metadata(context: grpc.aio.ServicerContext) -> dict[str, str]:
    return {key: str(value) for key, value in context.invocation_metadata() or ()}


def _connect_app(backend: FakeBackend) -> Any:
    def unary(rpc: str) -> Any:
        async def handler(self: Any, request: Any, ctx: Any) -> Any:
            try:
                return await backend.answer(rpc, request, dict(ctx.request_headers()))
            except StatusError as status:
                raise _connect_error(status) from None

        return handler

    def stream(rpc: str) -> Any:
        async def handler(self: Any, request: Any, ctx: Any) -> AsyncIterator[Any]:
            try:
                async for message in backend.answers(rpc, request, dict(ctx.request_headers())):
                    yield message
            except StatusError as status:
                raise _connect_error(status) from None

        return handler

    apps: dict[str, Any] = {}
    for service in MODULES:
        name = service.rpartition(".")[2]
        module = importlib.import_module(MODULES[service] + "_connect")
        methods = {
            re.sub(r"(?<!^)(?=[A-Z])", "_", rpc).lower(): (stream if streams else unary)(rpc)
            for rpc, streams in _rpcs(service)
        }
        servicer = type(name, (getattr(module, name),), methods)()
        apps[service] = getattr(module, name + "ASGIApplication")(servicer)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope["path"]
        if backend.token:
            # As the embedded backend does: the token is the first part of the path, or comes as a header.
            path = path.removeprefix(f"/{backend.token}")
            if path != scope["path"]:
                header = (b"authorization", f"Bearer {backend.token}".encode())
                scope = {**scope, "path": path, "raw_path": path.encode(), "headers": [*scope["headers"], header]}
        service = path.split("/")[1]
        if service in apps:
            await apps[service](scope, receive, send)
            return
        status = 401 if backend.token else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def _connect_error(status: StatusError) -> ConnectError:
    code = "CANCELED" if status.code == "CANCELLED" else status.code
    return ConnectError(Code[code], status.text)


def action_details(
    name: str = "a0", phase: ActionPhase = ActionPhase.RUNNING, *, run: str = "r1", **fields: Any
) -> definition.ActionDetails:
    """An action's details, for scripts."""
    identifier = identifier_pb2.ActionIdentifier(
        run=identifier_pb2.RunIdentifier(project="flytesnacks", domain="development", name=run), name=name
    )
    details = definition.ActionDetails(id=identifier, **fields)
    details.status.phase = phase.number  # type: ignore[assignment]
    details.status.attempts = max(details.status.attempts, 1)
    details.status.start_time.FromSeconds(1_700_000_000)
    return details
