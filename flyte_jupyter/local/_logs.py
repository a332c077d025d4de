"""Following the log file of an attempt.

The process writes to the file by itself; somebody who tails reads what was appended. A file grows in chunks, not in
lines: a very long line is sent in pieces, and bytes that are no UTF-8 are replaced.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

from flyteidl2.dataproxy import dataproxy_service_pb2 as pb2
from flyteidl2.logs.dataplane import payload_pb2 as log_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import TERMINAL, Action, now_us, timestamp, to_us
from flyte_jupyter.local._status import not_found

_POLL = 0.1
_CHUNK = 256 * 1024
_LINES = 100
_LONGEST = 64 * 1024
_MARK = "[flyte]"
# The SDK's own lines may follow a line of the task that has no end yet.
_GLUED = re.compile(r"(?<=.)(?=\[flyte\] [A-Z]+ )")


class LineSplitter:
    """Bytes in, lines out, each with its newline.

    A line longer than 64 Ki characters comes in pieces, as lines of their own.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes, *, final: bool = False) -> Iterator[str]:
        """The lines that `data` completes; with `final` also the last one that has no newline."""
        text = self._rest + self._decoder.decode(data, final)
        start = 0
        while (end := text.find("\n", start)) >= 0:
            yield from self._pieces(text[start:end])
            start = end + 1
        self._rest = text[start:]
        if final and self._rest:
            yield from self._pieces(self._rest)
            self._rest = ""
        elif len(self._rest) >= _LONGEST:
            cut = len(self._rest) // _LONGEST * _LONGEST
            yield from self._pieces(self._rest[:cut])
            self._rest = self._rest[cut:]

    @staticmethod
    def _pieces(line: str) -> Iterator[str]:
        for part in _GLUED.split(line.removesuffix("\r")):
            for start in range(0, max(1, len(part)), _LONGEST):
                yield part[start : start + _LONGEST] + "\n"


async def follow(backend: Backend, action: Action, number: int) -> AsyncIterator[pb2.TailLogsResponse]:
    """The log of attempt `number`, from its beginning until the attempt is over.

    Raises:
        ConnectError: NOT_FOUND, the attempt has not begun.
    """
    attempt = next((attempt for attempt in action.details.attempts if attempt.attempt == number), None)
    path = backend.engine.site.log(action, number)
    if attempt is None or (attempt.phase not in TERMINAL and not path.exists()):
        raise not_found(f"Attempt {number} of action {action.name!r} has no log yet.")
    splitter = LineSplitter()
    # What was written before somebody looked is dated with the file's last change.
    floor = to_us(attempt.start_time)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file, action.run.topic.subscribe(lambda name: name == action.name) as changes:
        while True:
            over = attempt.phase in TERMINAL and not backend.engine.writing(action, number)
            async for message in _drain(file, splitter, floor):
                yield message
            if over:
                break
            await changes.take(_POLL)
        for message in _messages(list(splitter.feed(b"", final=True)), timestamp(now_us())):
            yield message


async def _drain(file: BinaryIO, splitter: LineSplitter, floor: int) -> AsyncIterator[pb2.TailLogsResponse]:
    while data := file.read(_CHUNK):
        stamp = timestamp(max(floor, _modified(file)))
        for message in _messages(list(splitter.feed(data)), stamp):
            yield message
        await asyncio.sleep(0)


def _modified(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_mtime_ns // 1000


def _messages(lines: list[str], stamp: Timestamp) -> Iterator[pb2.TailLogsResponse]:
    for start in range(0, len(lines), _LINES):
        yield pb2.TailLogsResponse(
            logs=[
                pb2.TailLogsResponse.Logs(
                    lines=[
                        log_pb2.LogLine(
                            timestamp=stamp,
                            message=line,
                            originator=log_pb2.SYSTEM if line.startswith(_MARK) else log_pb2.USER,
                        )
                        for line in lines[start : start + _LINES]
                    ]
                )
            ]
        )
