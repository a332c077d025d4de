"""The lines of one attempt's log, encoded once for all who look, and bounded; the topic `logs` of docs/protocol.md."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from flyteidl2.logs.dataplane.payload_pb2 import LogLine

from flyte_jupyter.live._strings import little_endian
from flyte_jupyter.live._systemlines import SystemLines

MEMORY = 128 * 2**20  # bytes of text that are kept
LINES, BYTES = 10_000, 2**20  # in one piece
LONGEST = 2**16  # characters of a line; a longer one comes as several


@dataclass(frozen=True)
class Piece:
    """Some lines that follow each other.

    Attributes:
        first: The number of the first one, from 0.
        count: How many there are.
        gaps: The numbers of those before which lines may be missing.
        times: When each was written, little-endian f8 in ms since 1970, NaN where unknown.
        flags: One byte each; bit 0 marks a line of the system.
        text: UTF-8, each line ended by a newline.
    """

    first: int
    count: int
    gaps: list[int]
    times: bytes
    flags: bytes
    text: bytes


class _Block:
    """Lines that were taken in one after another."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.times: array[float] = array("d")
        self.flags = bytearray()
        self.text = bytearray()
        self.ends: array[int] = array("Q")  # bytes of text up to the end of each line

    @property
    def end(self) -> int:
        return self.first + len(self.flags)

    def add(self, times: Sequence[float], flags: bytes, texts: Sequence[str]) -> None:
        joined = "\n".join(texts)
        if joined.isascii():
            data, lengths = joined.encode(), map(len, texts)
        else:
            parts = [text.encode("utf-8", "replace") for text in texts]
            data, lengths = b"\n".join(parts), map(len, parts)
        before = len(self.text)
        self.text += data
        self.text += b"\n"
        self.ends.extend(end for end in accumulate((length + 1 for length in lengths), initial=before) if end > before)
        self.times.extend(times)
        self.flags += flags

    def cut(self, start: int, most_lines: int, most_bytes: int) -> tuple[int, bytes, bytes, bytes]:
        """Lines from the one numbered `start` on: how many, their times, flags and text."""
        row = start - self.first
        begin = self.ends[row - 1] if row else 0
        stop = min(bisect_left(self.ends, begin + most_bytes) + 1, row + most_lines, len(self.flags))
        stop = max(stop, row + 1)
        text = bytes(self.text[begin : self.ends[stop - 1]])
        return stop - row, little_endian(self.times[row:stop]), bytes(self.flags[row:stop]), text


class LogBuffer:
    r"""Takes in lines and gives out pieces.

    Args:
        memory: Bytes of text to keep; the oldest are let go beyond that.

    Example:
        >>> buffer = LogBuffer()
        >>> buffer.append([LogLine(message="hello")])
        >>> buffer.read(0).text
        b'hello\n'
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._blocks: deque[_Block] = deque([_Block(0)])
        self._bytes = 0
        self._gaps: list[int] = []
        self._system = SystemLines()

    @property
    def first(self) -> int:
        """The number of the oldest line that is kept."""
        return self._blocks[0].first

    @property
    def end(self) -> int:
        """How many lines were taken in."""
        return self._blocks[-1].end

    def append(self, lines: Sequence[LogLine], gap: bool = False) -> None:
        """Take in lines; `gap` says that some may be missing before them."""
        if not lines:
            return
        if gap:
            self._gaps.append(self.end)
        texts = [line.message.rstrip("\r\n") for line in lines]
        stamps = [line.timestamp for line in lines]
        times = [stamp.seconds * 1000.0 + stamp.nanos / 1e6 or math.nan for stamp in stamps]
        flags = self._system.flags(lines, texts)
        if max(map(len, texts)) > LONGEST or any("\n" in text for text in texts):
            texts, times, flags = _split(texts, times, flags)
        block = self._blocks[-1]
        if len(block.flags) >= LINES or len(block.text) >= BYTES:
            block = _Block(block.end)
            self._blocks.append(block)
        before = len(block.text)
        block.add(times, flags, texts)
        self._bytes += len(block.text) - before
        while self._bytes > self._memory and len(self._blocks) > 1:
            self._bytes -= len(self._blocks.popleft().text)

    def read(self, start: int, most_lines: int = LINES, most_bytes: int = BYTES) -> Piece | None:
        """Lines from number `start` on, or from the oldest that is kept; None where there are none yet."""
        start = max(start, self.first)
        if start >= self.end:
            return None
        block = self._blocks[self._find(start)]
        count, times, flags, text = block.cut(start, most_lines, most_bytes)
        low, high = bisect_left(self._gaps, start), bisect_left(self._gaps, start + count)
        return Piece(start, count, self._gaps[low:high], times, flags, text)

    def last(self, count: int) -> list[str]:
        """The last lines as text, at most `count`."""
        lines: list[str] = []
        start = max(self.end - count, self.first)
        while (piece := self.read(start)) is not None:
            lines += piece.text.decode().split("\n")[:-1]
            start = piece.first + piece.count
        return lines

    def _find(self, line: int) -> int:
        low, high = 0, len(self._blocks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._blocks[middle].first <= line:
                low = middle
            else:
                high = middle - 1
        return low


def _split(texts: list[str], times: list[float], flags: bytes) -> tuple[list[str], list[float], bytes]:
    """Lines without a newline inside and none too long."""
    made: list[tuple[str, float, int]] = []
    for text, time, flag in zip(texts, times, flags, strict=True):
        for line in text.split("\n"):
            parts = (line[begin : begin + LONGEST] for begin in range(0, max(len(line), 1), LONGEST))
            made.extend((part, time, flag) for part in parts)
    return [one[0] for one in made], [one[1] for one in made], bytes(one[2] for one in made)
