from __future__ import annotations

import math
import struct

from flyteidl2.logs.dataplane.payload_pb2 import LogLine

from flyte_jupyter.live._logbuffer import BYTES, LINES, LONGEST, LogBuffer, Piece


def line(text: str, second: int | None = 1, originator: int = 1) -> LogLine:
    made = LogLine(message=text, originator=originator)  # pyright: ignore[reportArgumentType]
    if second is not None:
        made.timestamp.FromSeconds(second)
    return made


def pieces(buffer: LogBuffer, start: int = 0) -> list[Piece]:
    found: list[Piece] = []
    while (piece := buffer.read(start)) is not None:
        found.append(piece)
        start = piece.first + piece.count
    return found


def texts(buffer: LogBuffer, start: int = 0) -> list[str]:
    return [text for piece in pieces(buffer, start) for text in piece.text.decode().split("\n")[:-1]]


def test_lines_with_their_times_and_marks():
    buffer = LogBuffer()
    buffer.append([line("a\n", 1), line("ä\r\n", 2, originator=2)])
    buffer.append([line("", None)], gap=True)
    piece = buffer.read(0)
    assert piece is not None
    assert (piece.first, piece.count, piece.gaps, piece.flags) == (0, 3, [2], b"\0\1\0")
    assert piece.text == "a\nä\n\n".encode()
    times = struct.unpack("<3d", piece.times)
    assert times[:2] == (1000, 2000)
    assert math.isnan(times[2])


def test_every_line_comes_once_from_wherever_one_begins():
    buffer = LogBuffer()
    said = [f"line {number} {'ü' * (number % 7)}" for number in range(3 * LINES + 17)]
    for start in range(0, len(said), 999):
        buffer.append([line(text) for text in said[start : start + 999]])
    assert texts(buffer) == said
    assert texts(buffer, 12_345) == said[12_345:]
    assert buffer.end == len(said)
    assert all(piece.count <= LINES and len(piece.text) < 2 * BYTES for piece in pieces(buffer))


def test_what_is_inside_of_a_line_makes_lines_of_its_own():
    buffer = LogBuffer()
    buffer.append([line("one\ntwo"), line("x" * (LONGEST + 1))])
    assert texts(buffer) == ["one", "two", "x" * LONGEST, "x"]


def test_a_lone_surrogate_harms_nothing_and_markup_is_text():
    buffer = LogBuffer()
    buffer.append([line("<b>\x1b[31m"), line("\u202e")])
    assert texts(buffer) == ["<b>\x1b[31m", "\u202e"]


def test_memory_is_bounded_and_numbers_go_on():
    buffer = LogBuffer(memory=3 * BYTES)
    for number in range(100):
        buffer.append([line(f"{number}-{'x' * 1000}") for _ in range(200)])
    assert 0 < buffer.first < buffer.end == 20_000
    piece = buffer.read(0)
    assert piece is not None
    assert piece.first == buffer.first
    assert sum(len(piece.text) for piece in pieces(buffer)) <= 4 * BYTES


def test_the_last_lines():
    buffer = LogBuffer()
    assert buffer.last(3) == []
    buffer.append([line(str(number)) for number in range(LINES + 5)])
    buffer.append([line("end")])
    assert buffer.last(2) == [str(LINES + 4), "end"]
    assert len(buffer.last(LINES + 3)) == LINES + 3


# What the SDK writes of a task that fails, between two lines of the task.
FAILURE = [
    "mine",
    "[flyte] WARNING Flyte runtime started for action a0 with run name r1",
    "kind: words",
    "[r1][a0] [flyte] ERROR Task failed with error: again",
    "Traceback (most recent call last):",
    "ValueError: again",
    '[flyte] ERROR Task shop.att failed with error: Error(err=code: "ValueError"',
    'message: "again (\\nand"',
    "kind: USER",
    "timestamp {",
    "  seconds: 1",
    "}",
    'worker: "user"',
    ", recoverable=True). Uploaded error to /tmp/error.pb",
    "kind: more words",
    "see [flyte] there",
    '[flyte] ERROR Task shop.att failed with error: Error(err=code: "ValueError"',
    "kind: USER",
    "not of it",
    "kind: last words",
]


def test_what_belongs_to_a_line_of_the_system_is_of_the_system():
    buffer = LogBuffer()
    for text in FAILURE:
        buffer.append([line(text)])
    flags = b"".join(piece.flags for piece in pieces(buffer))
    shown = [text for text, flag in zip(FAILURE, flags, strict=True) if not flag]
    assert shown == [
        "mine",
        "kind: words",
        "Traceback (most recent call last):",
        "ValueError: again",
        "kind: more words",
        "see [flyte] there",
        "not of it",
        "kind: last words",
    ]
