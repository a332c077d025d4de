"""A run of 100,000 actions: `python -m tests.bench.bench_live [ROWS]`.

A scripted gRPC server in a process of its own sends the snapshot as a backend does: pages of 1,000 actions, each with
the root again. One client drains it with a bare grpc.aio loop; the other is ours, from opening the stream through
upserts to frames, made at 30 a second as a view in sight is sent them. The best of several rounds of each, in turns,
is compared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import sys
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import grpc.aio
from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.workflow import run_service_pb2 as pb
from flyteidl2.workflow import run_service_pb2_grpc as stubs
from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.live import FrameWriter, Watcher
from flyte_jupyter.remote import Client, Endpoint, background
from flyte_jupyter.remote._transport_grpc import GrpcTransport
from tests.unit.live.messages import RUNNING, START, SUCCEEDED, action, message

BUDGET = 6.0  # times the bare drain, to the painted tree
ROUNDS = 5
_PAGE = 1000
_RUN = RunIdentifier(project="p", domain="development", name="r1")


def pages(rows: int) -> list[bytes]:
    """The snapshot, encoded: a root, groups of a hundred below it, leaves below those."""
    root = action("a0", RUNNING, short="main")
    out: list[bytes] = []
    for first in range(1, rows, _PAGE):
        actions = [root]
        for number in range(first, min(first + _PAGE, rows)):
            parent = "a0" if number % 100 == 1 else f"n{number - (number - 1) % 100:019d}"
            one = action(f"n{number:019d}", SUCCEEDED, parent, task="env.work", short="work", ended=START + number)
            one.metadata.funtion_name = "env.work"
            one.status.duration_ms = number
            actions.append(one)
        page = message(*actions)
        for enriched in page.enriched_actions:
            enriched.children_phase_counts[SUCCEEDED] = 0
        out.append(page.SerializeToString())
    return out


def serve(rows: int, port: multiprocessing.connection.Connection) -> None:
    snapshot = pages(rows)

    def watch(request: Any, context: grpc.ServicerContext) -> Any:
        yield from snapshot
        stop = futures.Future[None]()
        context.add_callback(lambda: stop.set_result(None))
        stop.result()

    def details(request: Any, context: grpc.ServicerContext) -> pb.GetRunDetailsResponse:
        root = action("a0", RUNNING, short="main")
        response = pb.GetRunDetailsResponse()
        response.details.action.CopyFrom(ActionDetails(id=root.id, metadata=root.metadata, status=root.status))
        return response

    handlers = {
        "WatchActions": grpc.unary_stream_rpc_method_handler(watch, pb.WatchActionsRequest.FromString),
        "GetRunDetails": grpc.unary_unary_rpc_method_handler(
            details, pb.GetRunDetailsRequest.FromString, pb.GetRunDetailsResponse.SerializeToString
        ),
    }
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("flyteidl2.workflow.RunService", handlers),))
    port.send(server.add_insecure_port("localhost:0"))
    server.start()
    port.recv()
    server.stop(None)


def look(page: pb.WatchActionsResponse) -> None:
    """Read what a row needs out of each action, and forget it: less than this no client in Python can do."""
    for enriched in page.enriched_actions:
        one = enriched.action
        status, metadata = one.status, one.metadata
        start, end = status.start_time, status.end_time
        _ = (one.id.name, status.phase, status.attempts, status.cache_status, metadata.task.short_name)
        _ = (metadata.parent, metadata.group, start.seconds, start.nanos, end.seconds, end.nanos)


async def drain(
    port: int, rows: int, use: Callable[[pb.WatchActionsResponse], None] | None = None, run: str = "r1"
) -> float:
    """Seconds to read the snapshot of a run and do nothing with it, or `use`."""
    options = [("grpc.max_receive_message_length", 64 * 2**20)]
    async with grpc.aio.insecure_channel(f"localhost:{port}", options=options) as channel:
        stub: Any = stubs.RunServiceStub(channel)
        begin = time.perf_counter()
        run_id = RunIdentifier(project=_RUN.project, domain=_RUN.domain, name=run)
        call = stub.WatchActions(pb.WatchActionsRequest(run_id=run_id))
        read = 1
        async for page in call:
            read += len(page.enriched_actions) - 1
            if use is not None:
                use(page)
            if read == rows:
                break
        took = time.perf_counter() - begin
        call.cancel()
    return took


async def follow(port: int, rows: int) -> tuple[float, float, int]:
    """Seconds from watching to the last row in a frame, the longest hold of the loop by one frame, and frames."""
    client = Client(Endpoint.parse(f"localhost:{port}"), GrpcTransport(Endpoint.parse(f"localhost:{port}")), "p")
    watcher = Watcher()
    begin = time.perf_counter()
    longest, frames = 0.0, 0
    async with await watcher.watch(client, "r1") as run:
        writer = FrameWriter(run.state)
        sent = 0
        while sent < rows:
            await asyncio.sleep(0 if run.state.n == rows else 1 / 30)
            start = time.perf_counter()
            frame = writer.delta()
            longest = max(longest, time.perf_counter() - start)
            if frame is not None:
                frames += 1
                sent = frame.content["rows"]
        took = time.perf_counter() - begin
    await client.close.aio()
    return took, longest, frames


def main(rows: int = 100_000) -> float:
    """Print the figures; returns the ratio."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(rows, theirs), daemon=True)
    server.start()
    try:
        port: int = ours.recv()
        loop = background()
        bare: list[float] = []
        looked: list[float] = []
        full: list[tuple[float, float, int]] = []
        for _ in range(ROUNDS):
            bare.append(loop.run(drain(port, rows)))
            looked.append(loop.run(drain(port, rows, look)))
            full.append(loop.run(follow(port, rows)))
        took, longest, frames = min(full)
        ratio = took / min(bare)
        print(f"{rows:,} actions, best of {ROUNDS} rounds")
        print(f"  bare grpc.aio drain            {min(bare) * 1000:8.1f} ms")
        print(f"  the same, fields looked at     {min(looked) * 1000:8.1f} ms   {min(looked) / min(bare):.2f} x")
        print(
            f"  stream, upserts and frames     {took * 1000:8.1f} ms   {frames} frames, longest {longest * 1000:.1f} ms"
        )
        print(f"  ratio                          {ratio:8.2f}      budget {BUDGET:.0f}, painting included")
        return ratio
    finally:
        ours.send(None)
        server.join(5)
        server.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
