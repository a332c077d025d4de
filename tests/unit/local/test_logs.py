from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2, dataproxy_service_pb2_grpc

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._logs import LineSplitter
from tests.unit.local.support import Caller, ScriptedLauncher, action_id


def split(*chunks: bytes) -> list[str]:
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + list(splitter.feed(b"", final=True))


def test_lines_over_several_chunks() -> None:
    assert split(b"one\ntw", b"o\n\nthree\r\n") == ["one\n", "two\n", "\n", "three\n"]


def test_last_line_without_an_end() -> None:
    assert split(b"one\ntwo") == ["one\n", "two\n"]


def test_bytes_that_are_no_text() -> None:
    assert split(b"a\xff\xfeb\n", "ä".encode()[:1], "ä".encode()[1:]) == ["a\ufffd\ufffdb\n", "ä\n"]


def test_line_of_a_megabyte_comes_in_pieces_and_is_not_kept() -> None:
    splitter = LineSplitter()
    pieces = list(splitter.feed(b"x" * (1 << 20)))
    assert len(pieces) == 16
    assert all(piece.endswith("\n") for piece in pieces)
    assert sum(piece.count("x") for piece in pieces) == 1 << 20


def test_lines_of_the_sdk_stand_apart() -> None:
    assert split(b"no end[flyte] WARNING done\n") == ["no end\n", "[flyte] WARNING done\n"]
    assert split(b"see [flyte] there\n") == ["see [flyte] there\n"]
    assert split(b"[r1][a0] [flyte] ERROR bad\n") == ["[r1][a0] [flyte] ERROR bad\n"]
    assert split(b"no end[r1][a0] [flyte] ERROR bad\n") == ["no end\n", "[r1][a0] [flyte] ERROR bad\n"]


class TestTail:
    async def tail(self, caller: Caller, attempt: int = 1) -> grpc.aio.UnaryStreamCall:
        stub = dataproxy_service_pb2_grpc.DataProxyServiceStub(caller.channel)
        request = dataproxy_service_pb2.TailLogsRequest(action_id=action_id("r1"), attempt=attempt)
        return stub.TailLogs(request, metadata=caller.metadata)

    async def lines(self, call: grpc.aio.UnaryStreamCall) -> list[str]:
        message: Any = await asyncio.wait_for(call.read(), 20)
        return [line.message for logs in message.logs for line in logs.lines] if message else []

    async def test_live_until_the_attempt_is_over(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await caller.create()
            process = await launcher.started("a0")
            call = await self.tail(caller)
            with process.spec.log.open("a", buffering=1) as log:
                log.write("one\n")
                assert await self.lines(call) == ["one\n"]
                log.write("two\nthr")
                assert await self.lines(call) == ["two\n"]
                process.end()
                assert await self.lines(call) == ["thr\n"]
                assert await self.lines(call) == []

    async def test_who_reads_it_again_finds_the_same_times(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await caller.create()
            process = await launcher.started("a0")
            messages = aiter(await self.tail(caller))
            live: list[Any] = []
            with process.spec.log.open("a", buffering=1) as log:
                for text in ("one\n", "two\nthr", "ee\nfour"):
                    log.write(text)
                    live.append(await asyncio.wait_for(anext(messages), 20))
                    await asyncio.sleep(0.01)
                process.end()
            live += [message async for message in messages]
            again = [message async for message in await self.tail(caller)]

        def lines(messages: list[Any]) -> list[tuple[int, str]]:
            parts = [line for message in messages for logs in message.logs for line in logs.lines]
            return [(line.timestamp.ToMicroseconds(), line.message) for line in parts]

        assert [text for _, text in lines(live)] == ["one\n", "two\n", "three\n", "four\n"]
        assert len({time for time, _ in lines(live)}) == 3
        assert lines(again) == lines(live)

    async def test_hundred_lines_a_message(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await caller.create()
            process = await launcher.started("a0")
            process.spec.log.write_text("line\n" * 250)
            process.end()
            call = await self.tail(caller)
            assert [len(await self.lines(call)) for _ in range(4)] == [100, 100, 50, 0]

    async def test_no_such_attempt(self, backend: Backend, launcher: ScriptedLauncher) -> None:
        async with Caller(backend) as caller:
            await caller.create()
            await launcher.started("a0")
            call = await self.tail(caller, attempt=2)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call.read()
            assert caught.value.code() == grpc.StatusCode.NOT_FOUND
