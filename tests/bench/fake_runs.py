"""A scripted gRPC server of runs as large and as lively as a benchmark wants, in a process of its own.

Each has a log of a million lines. A run's name says what it is: "r-ROWS-RATE" and "r-ROWS-RATE-ANYTHING" have so many
actions, of which so many change each second; "r-ROWS-0-marks" has changes of which it is known when they were written.
"""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
from flyteidl2.dataproxy import dataproxy_service_pb2 as data
from flyteidl2.logs.dataplane import payload_pb2 as payload
from flyteidl2.workflow import run_service_pb2 as pb
from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from tests.unit.live.messages import INITIALIZING, QUEUED, RUNNING, START, SUCCEEDED, action, message

_PAGE = 1000  # entries of a message: the root again, and so many others less one
LINES = 1_000_000
_TICK = 0.05  # seconds between two messages of changes
_IN_SIGHT = 200  # actions that change more often than others
MARKS = 200
_MARK_EVERY = 0.1  # seconds between two marked changes, about


def leaf(number: int, phase: int, attempts: int = 1) -> Any:
    """Action `number` of a run: groups of a hundred below the root, leaves below those."""
    parent = "a0" if number % 100 == 1 else f"n{number - (number - 1) % 100:019d}"
    ended = START + number if phase == SUCCEEDED else None
    one = action(f"n{number:019d}", phase, parent, task="env.work", short="work", ended=ended, attempts=attempts)
    one.metadata.funtion_name = "env.work"
    return one


def snapshot(rows: int) -> Iterator[bytes]:
    """The pages a backend begins with; every other action is queued, the others have succeeded."""
    root = action("a0", RUNNING, short="main")
    for first in range(1, rows, _PAGE - 1):
        numbers = range(first, min(first + _PAGE - 1, rows))
        yield message(root, *(leaf(one, QUEUED if one % 2 else SUCCEEDED) for one in numbers)).SerializeToString()


def changes(rows: int, rate: int) -> Iterator[bytes]:
    """Messages that change actions, so many each second, for ever: half of them among the first, which are in sight."""
    spots = [0, 0]
    due = time.monotonic()
    for turn in itertools.count():
        batch: list[Any] = []
        for each in range(int(rate * _TICK)):
            which = (turn + each) % 2
            among = min(rows, (rows, _IN_SIGHT)[which]) // 2  # only odd numbers change
            round_, spot = divmod(spots[which], among)
            spots[which] += 1
            phase = (INITIALIZING, RUNNING)[min(round_, 1)]
            batch.append(leaf(1 + 2 * spot, phase, attempts=1 + max(0, round_ - 1)))
        yield message(*batch).SerializeToString()
        due += _TICK
        time.sleep(max(0.0, due - time.monotonic()))


def marks(rows: int, written: list[float]) -> Iterator[bytes]:
    """A message every now and then, each with one action whose number of attempts counts the messages."""
    for number in range(MARKS):
        time.sleep(_MARK_EVERY * (0.5 + number % 11 / 11))  # in step with no one's ticks
        data = message(leaf(1 + number % (rows - 1), RUNNING, attempts=2 + number)).SerializeToString()
        written.append(time.time())
        yield data


def log() -> Iterator[bytes]:
    """The lines of a log, some of them with a word to search for."""
    for first in range(0, LINES, _PAGE):
        lines = [
            payload.LogLine(message=f"line {number} of the log: {'needle' if number % 1000 == 0 else 'hay'}\n")
            for number in range(first, first + _PAGE)
        ]
        yield data.TailLogsResponse(logs=[data.TailLogsResponse.Logs(lines=lines)]).SerializeToString()


def serve(port: multiprocessing.connection.Connection) -> None:
    """Serve until the other end speaks."""
    pages: dict[int, list[bytes]] = {}
    written: list[float] = []
    lines = list(log())

    def watch(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        rows, rate = map(int, request.run_id.name.split("-")[1:3])
        if rows not in pages:
            pages[rows] = list(snapshot(rows))
        yield from pages[rows]
        if request.run_id.name.endswith("-marks"):
            yield from marks(rows, written)
        elif rate:
            yield from changes(rows, rate)
        stop = futures.Future[None]()
        context.add_callback(lambda: stop.set_result(None))
        stop.result()

    def details(request: Any, context: grpc.ServicerContext) -> pb.GetRunDetailsResponse:
        root = action("a0", RUNNING, short="main")
        response = pb.GetRunDetailsResponse()
        response.details.action.CopyFrom(ActionDetails(id=root.id, metadata=root.metadata, status=root.status))
        response.details.action.id.run.name = request.run_id.name
        if not request.run_id.name.startswith("r-"):
            context.abort(grpc.StatusCode.NOT_FOUND, "no such run")
        return response

    def tail(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from lines

    def ended(request: Any) -> ActionDetails:
        root = action("a0", SUCCEEDED, short="main", ended=START + 1)
        made = ActionDetails(id=request.action_id, metadata=root.metadata, status=root.status)
        made.attempts.add(attempt=1, phase=SUCCEEDED, logs_available=True)  # pyright: ignore[reportArgumentType]
        return made

    def get_action(request: Any, context: grpc.ServicerContext) -> pb.GetActionDetailsResponse:
        return pb.GetActionDetailsResponse(details=ended(request))

    def watch_action(request: Any, context: grpc.ServicerContext) -> Iterator[pb.WatchActionDetailsResponse]:
        yield pb.WatchActionDetailsResponse(details=ended(request))

    handlers = {
        "GetActionDetails": grpc.unary_unary_rpc_method_handler(
            get_action, pb.GetActionDetailsRequest.FromString, pb.GetActionDetailsResponse.SerializeToString
        ),
        "WatchActionDetails": grpc.unary_stream_rpc_method_handler(
            watch_action, pb.WatchActionDetailsRequest.FromString, pb.WatchActionDetailsResponse.SerializeToString
        ),
        "WatchActions": grpc.unary_stream_rpc_method_handler(watch, pb.WatchActionsRequest.FromString),
        "GetRunDetails": grpc.unary_unary_rpc_method_handler(
            details, pb.GetRunDetailsRequest.FromString, pb.GetRunDetailsResponse.SerializeToString
        ),
    }
    logs = {"TailLogs": grpc.unary_stream_rpc_method_handler(tail, data.TailLogsRequest.FromString)}
    server = grpc.server(futures.ThreadPoolExecutor(80))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("flyteidl2.workflow.RunService", handlers),
            grpc.method_handlers_generic_handler("flyteidl2.dataproxy.DataProxyService", logs),
        )
    )
    port.send(server.add_insecure_port("localhost:0"))
    server.start()
    while port.recv() == "written":
        port.send(written)
    server.stop(None)


class FakeRuns:
    """Such a server.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, connection: multiprocessing.connection.Connection) -> None:
        self._connection = connection
        self.port: int = connection.recv()

    def written(self) -> list[float]:
        """When each marked change was written, in seconds since 1970."""
        self._connection.send("written")
        return self._connection.recv()


@contextmanager
def fake_runs() -> Iterator[FakeRuns]:
    """The server, for as long as it is wanted."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        yield FakeRuns(ours)
    finally:
        ours.send(None)
        server.join(5)
        server.kill()
