from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, background, connect, methods
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details
from tests.unit.remote.http1_proxy import http1_proxy

TOKEN = "t" * 40


def run_details(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
    if request.run_id.name != "r1":
        raise StatusError("NOT_FOUND", f"run {request.run_id.name} not found")
    return service.GetRunDetailsResponse(details=definition.RunDetails(action=action_details()))


def get(client: Client, name: str = "r1", **options: float) -> service.GetRunDetailsResponse:
    request = service.GetRunDetailsRequest(run_id=identifier_pb2.RunIdentifier(name=name))
    return background().run(client.unary(methods.GET_RUN_DETAILS, request, **options))


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_unary(client: Client, backend: FakeBackend) -> None:
    backend.scripts["GetRunDetails"] = run_details
    assert get(client).details.action.id.name == "a0"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NOT_FOUND", remote.NotFoundError),
        ("INVALID_ARGUMENT", remote.InvalidArgumentError),
        ("ALREADY_EXISTS", remote.AlreadyExistsError),
        ("UNAUTHENTICATED", remote.UnauthenticatedError),
        ("PERMISSION_DENIED", remote.PermissionDeniedError),
        ("UNAVAILABLE", remote.UnavailableError),
        ("UNIMPLEMENTED", remote.UnimplementedError),
        ("DEADLINE_EXCEEDED", remote.DeadlineExceededError),
        ("INTERNAL", remote.ServerError),
        ("UNKNOWN", remote.ServerError),
        ("FAILED_PRECONDITION", remote.ServerError),
    ],
)
def test_statuses_become_errors(
    client: Client, backend: FakeBackend, code: str, error: type[remote.FlyteError]
) -> None:
    def script(request: object) -> None:
        raise StatusError(code, "because of that")

    backend.scripts["AbortRun"] = script
    request = service.AbortRunRequest(reason="x")
    with pytest.raises(error, match="because of that") as caught:
        background().run(client.unary(methods.ABORT_RUN, request))
    assert type(caught.value) is error
    assert caught.value.code == code
    assert str(caught.value).count("\n") == 0


def test_idempotent_calls_are_tried_again_while_unavailable(client: Client, backend: FakeBackend) -> None:
    def script(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        if backend.count("GetRunDetails") < 3:
            raise StatusError("UNAVAILABLE", "starting")
        return run_details(request)

    backend.scripts["GetRunDetails"] = script
    assert get(client).details.action.id.name == "a0"
    assert backend.count("GetRunDetails") == 3


def test_other_calls_are_not_tried_again(client: Client, backend: FakeBackend) -> None:
    def script(request: object) -> None:
        raise StatusError("UNAVAILABLE", "starting")

    backend.scripts["AbortRun"] = script
    with pytest.raises(remote.UnavailableError):
        background().run(client.unary(methods.ABORT_RUN, service.AbortRunRequest()))
    assert backend.count("AbortRun") == 1


def test_timeout(client: Client, backend: FakeBackend) -> None:
    async def script(request: object) -> None:
        await backend.silence()

    backend.scripts["GetRunDetails"] = script
    with pytest.raises(remote.DeadlineExceededError) as caught:
        get(client, timeout=0.3)
    assert isinstance(caught.value, TimeoutError)


def test_big_messages(client: Client, backend: FakeBackend) -> None:
    def script(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        answer = run_details(request)
        answer.details.action.error_info.message = "x" * (70 * 1024 * 1024)
        return answer

    backend.scripts["GetRunDetails"] = script
    assert len(get(client).details.action.error_info.message) == 70 * 1024 * 1024


def test_stream_and_its_end(client: Client, backend: FakeBackend) -> None:
    async def script(request: object):
        for number in (1, 2, 3):
            details = action_details()
            details.status.attempts = number
            yield service.WatchActionDetailsResponse(details=details)

    backend.scripts["WatchActionDetails"] = script

    async def collect() -> list[int]:
        stream = client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest())
        return [message.details.status.attempts async for message in stream]

    assert background().run(collect()) == [1, 2, 3]


def test_closing_a_stream_ends_the_call(client: Client, backend: FakeBackend) -> None:
    async def script(request: object):
        yield service.WatchActionDetailsResponse(details=action_details())
        await backend.silence()

    backend.scripts["WatchActionDetails"] = script

    async def first() -> None:
        stream = client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest())
        await stream.__anext__()
        assert backend.open_calls() == 1
        await stream.aclose()

    background().run(first())
    until(lambda: backend.open_calls() == 0)


def test_cancelling_a_silent_stream_ends_the_call_and_stays_a_cancellation(
    client: Client, backend: FakeBackend
) -> None:
    async def script(request: object):
        await backend.silence()
        yield None

    backend.scripts["WatchActionDetails"] = script

    async def cancelled() -> bool:
        async def read() -> None:
            async for _ in client.stream(methods.WATCH_ACTION_DETAILS, service.WatchActionDetailsRequest()):
                pass

        task = asyncio.ensure_future(read())
        await asyncio.to_thread(until, lambda: backend.open_calls() == 1)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True
        return False

    assert background().run(cancelled())
    until(lambda: backend.open_calls() == 0)


def test_calls_elsewhere_than_on_the_loop_are_refused(client: Client) -> None:
    with pytest.raises(RuntimeError, match="own event loop"):
        asyncio.run(client.unary(methods.GET_RUN_DETAILS, service.GetRunDetailsRequest()))


def test_auto_takes_grpc_where_it_gets_through(backend: FakeBackend) -> None:
    backend.scripts["GetRunDetails"] = run_details
    client = connect(f"localhost:{backend.grpc_port}")
    assert client.transport == "grpc"
    assert remote.current_client() is client
    client.close()
    calls = len(backend.calls)
    connect(f"localhost:{backend.grpc_port}").close()
    assert len(backend.calls) == calls + 1, "connecting again makes sure that the backend answers and the login holds"


def test_auto_takes_connect_behind_an_http1_ingress(backend: FakeBackend) -> None:
    backend.scripts["GetRunDetails"] = run_details
    with http1_proxy(backend.connect_port) as proxy:
        client = connect(f"http://localhost:{proxy.port}")
        assert proxy.refused == 1
        assert client.transport == "connect"
        assert get(client).details.action.id.name == "a0"
        client.close()


def test_auto_takes_a_backend_without_the_call_it_asks(backend: FakeBackend) -> None:
    with http1_proxy(backend.connect_port) as proxy:
        client = connect(f"localhost:{proxy.port}")
        assert client.transport == "connect"
        client.close()
    client = connect(f"127.0.0.1:{backend.grpc_port}")
    assert client.transport == "grpc"
    client.close()


def test_insisting_makes_no_call(backend: FakeBackend) -> None:
    connect(f"localhost:{backend.grpc_port}", transport="grpc").close()
    assert backend.calls == []


def test_a_dead_port_is_one_sentence() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(remote.ConnectionFailedError, match=f"Nothing listens at localhost:{port}."):
        connect(f"localhost:{port}")


def test_a_web_server_is_not_a_backend() -> None:
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(remote.ConnectionFailedError, match="No Flyte 2 backend answers"):
            connect(f"localhost:{server.server_address[1]}")
        server.shutdown()


@pytest.mark.parametrize("wire", ["grpc", "connect"])
def test_the_token_goes_along_and_is_never_shown(backend: FakeBackend, wire: str) -> None:
    backend.token = TOKEN
    backend.scripts["GetRunDetails"] = run_details
    port = backend.grpc_port if wire == "grpc" else backend.connect_port
    client = connect(f"http://localhost:{port}/{TOKEN}", transport=wire)  # type: ignore[arg-type]
    assert get(client).details.action.id.name == "a0"
    assert TOKEN not in repr(client) + repr(client.endpoint) + str(client.endpoint)
    client.close()


@pytest.mark.parametrize("wire", ["grpc", "connect"])
def test_a_wrong_token_is_refused_at_once(backend: FakeBackend, wire: str) -> None:
    backend.token = TOKEN
    port = backend.grpc_port if wire == "grpc" else backend.connect_port
    with http1_proxy(port) as proxy:
        endpoint = f"http://localhost:{port if wire == 'grpc' else proxy.port}/{'w' * 40}"
        with pytest.raises(remote.UnauthenticatedError) as caught:
            connect(endpoint)
    assert "w" * 40 not in str(caught.value)
    with pytest.raises(remote.NotConnectedError):
        remote.current_client()


def test_errors_do_not_show_the_token() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    client = connect(f"http://localhost:{port}/{TOKEN}", transport="connect")
    with pytest.raises(remote.UnavailableError) as caught:
        get(client)
    assert TOKEN not in str(caught.value)
    client.close()


def test_unknown_transport() -> None:
    with pytest.raises(remote.InvalidArgumentError, match="not a transport"):
        connect("localhost:1", transport="carrier pigeon")  # type: ignore[arg-type]


def test_not_connected() -> None:
    remote.set_current_client(None)
    with pytest.raises(remote.NotConnectedError, match="connect"):
        remote.Run.get("r1")


def test_connect_without_endpoint_explains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(remote.NotConnectedError, match="none was given"):
        connect()


def test_console_urls() -> None:
    client = connect("https://flyte.example.com", "p", "d", transport="grpc")
    assert client.console_url("r 1", "a/1") == ("https://flyte.example.com/v2/domain/d/project/p/runs/r%201?i=a%2F1")
    client.close()
    local = connect(f"http://localhost:1234/{TOKEN}", transport="grpc")
    assert local.console_url("r1") == ""
    local.close()
