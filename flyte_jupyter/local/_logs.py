"""Following the log file of an attempt.

The process writes to the file by itself; somebody who tails reads what was appended. A file grows in chunks, not in
lines: a very long line is sent in pieces, and bytes that are no UTF-8 are replaced.

Lines have the time at which their part of the file was first seen to have been written. It is kept beside the file, for
who reads a log again tells what is new by the times.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from flyteidl2.dataproxy import dataproxy_service_pb2 as pb2
from flyteidl2.logs.dataplane import payload_pb2 as log_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import TERMINAL, Action, timestamp, to_us
from flyte_jupyter.local._status import not_found

_POLL = 0.1
_CHUNK = 256 * 1024
_LINES = 100
_LONGEST = 64 * 1024
_ENTRY = struct.Struct("<QQ")  # where a part of a log ends, and its time in microseconds
# The SDK's own lines, which may follow a line of the task that has no end yet; some name run and action first.
_SYSTEM = re.compile(r"(?:\[[^\s\[\]]+\]\[[^\s\[\]]+\] )?\[flyte\] ")
_GLUED = re.compile(rf"{_SYSTEM.pattern}[A-Z]+ ")


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
        for part in _GLUED.sub(r"\n\g<0>", line.removesuffix("\r")).removeprefix("\n").split("\n"):
            for start in range(0, max(1, len(part)), _LONGEST):
                yield part[start : start + _LONGEST] + "\n"


class _Parts:
    """A log file in the parts in which it was first read, each with its time.

    Args:
        log: The log file.
        file: It, open.
        floor: No part is older, in microseconds since 1970.
    """

    def __init__(self, log: Path, file: BinaryIO, floor: int) -> None:
        self._file, self.time = file, floor
        self._entries = log.with_suffix(".times").open("a+b")
        self._entries.seek(0)

    def read(self) -> bytes:
        """The next part, whose `time` is known then; empty where there is none yet."""
        entry = self._entries.read(_ENTRY.size)
        if len(entry) == _ENTRY.size:
            end, self.time = _ENTRY.unpack(entry)
            return self._file.read(end - self._file.tell())
        if data := self._file.read(_CHUNK):
            self.time = max(self.time, os.fstat(self._file.fileno()).st_mtime_ns // 1000)
            self._entries.write(_ENTRY.pack(self._file.tell(), self.time))
            self._entries.flush()
        return data

    def close(self) -> None:
        """Close what was opened."""
        self._entries.close()


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
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with (
        file,
        closing(_Parts(path, file, to_us(attempt.start_time))) as parts,
        action.run.topic.subscribe(lambda name: name == action.name) as changes,
    ):
        while True:
            over = attempt.phase in TERMINAL and not backend.engine.writing(action, number)
            async for message in _drain(parts, splitter):
                yield message
            if over:
                break
            await changes.take(_POLL)
        for message in _messages(list(splitter.feed(b"", final=True)), timestamp(parts.time)):
            yield message


async def _drain(parts: _Parts, splitter: LineSplitter) -> AsyncIterator[pb2.TailLogsResponse]:
    while data := parts.read():
        for message in _messages(list(splitter.feed(data)), timestamp(parts.time)):
            yield message
        await asyncio.sleep(0)


def _messages(lines: list[str], stamp: Timestamp) -> Iterator[pb2.TailLogsResponse]:
    for start in range(0, len(lines), _LINES):
        yield pb2.TailLogsResponse(
            logs=[
                pb2.TailLogsResponse.Logs(
                    lines=[
                        log_pb2.LogLine(
                            timestamp=stamp,
                            message=line,
                            originator=log_pb2.SYSTEM if _SYSTEM.match(line) else log_pb2.USER,
                        )
                        for line in lines[start : start + _LINES]
                    ]
                )
            ]
        )
