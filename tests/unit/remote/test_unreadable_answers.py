"""A peer that answers as the wire prescribes, with bytes that are no message."""

from __future__ import annotations

import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from flyteidl2.common.identifier_pb2 import ActionIdentifier

from flyte_jupyter.remote import Client, ServerError, background, connect, methods, set_current_client
from flyte_jupyter.remote import _messages as pb

GARBAGE = [b"\xff\xff\x01", b"\x0a\x05ab", b"not a message"]
SERVICE = "flyteidl2.workflow.RunService"


def fake_grpc(answer: bytes) -> tuple[int, Callable[[], object]]:
    handlers = {
        "GetRunDetails": grpc.unary_unary_rpc_method_handler(lambda request, context: answer),
        "WatchActionDetails": grpc.unary_stream_rpc_method_handler(lambda request, context: iter([answer])),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("localhost:0")
    server.start()
    return port, lambda: server.stop(None).wait()


def fake_connect(answer: bytes) -> tuple[int, Callable[[], object]]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kind, body = self.headers["content-type"], answer
            if kind == "application/connect+proto":
                body = struct.pack(">BI", 0, len(answer)) + answer + struct.pack(">BI", 2, 2) + b"{}"
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            pass

    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return server.server_port, stop


@pytest.fixture(params=["grpc", "connect"])
def garbled(request: pytest.FixtureRequest) -> Iterator[Callable[[bytes], Client]]:
    """Makes a client of a peer that answers with these bytes."""
    ends: list[Callable[[], object]] = []

    def make(answer: bytes) -> Client:
        port, stop = (fake_grpc if request.param == "grpc" else fake_connect)(answer)
        client = connect(f"http://localhost:{port}", transport=request.param)
        ends.extend([client.close, stop])
        return client

    yield make
    for end in ends:
        end()
    set_current_client(None)


@pytest.mark.parametrize("answer", GARBAGE)
def test_an_answer_that_is_no_message(garbled: Callable[[bytes], Client], answer: bytes) -> None:
    client = garbled(answer)
    with pytest.raises(ServerError, match="not a message that can be read") as caught:
        background().run(client.unary(methods.GET_RUN_DETAILS, pb.GetRunDetailsRequest()))
    assert caught.value.code == "INTERNAL"


@pytest.mark.parametrize("answer", GARBAGE)
def test_a_stream_of_what_is_no_message(garbled: Callable[[bytes], Client], answer: bytes) -> None:
    client = garbled(answer)

    async def read() -> list[Any]:
        request = pb.WatchActionDetailsRequest(action_id=ActionIdentifier(name="a0"))
        return [message async for message in client.stream(methods.WATCH_ACTION_DETAILS, request)]

    with pytest.raises(ServerError, match="not a message that can be read") as caught:
        background().run(read())
    assert caught.value.code == "INTERNAL"
