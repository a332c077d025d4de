"""Frames: what a view is sent of a run. The format is written down in `docs/protocol.md`."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from flyte_jupyter.live._state import RunState
from flyte_jupyter.live._strings import little_endian

_DTYPES = {"B": "u1", "H": "u2", "I": "u4", "i": "i4", "d": "f8"}
# Typecodes of `array` are the machine's C types; the protocol has fixed widths.
if any(array(code).itemsize != int(dtype[1]) for code, dtype in _DTYPES.items()):  # pragma: no cover
    raise ImportError("flyte_jupyter does not run on a machine whose C integers are not 1, 2 and 4 bytes wide")


class Frame(NamedTuple):
    """One message to a view: a JSON header and its binary buffers."""

    content: dict[str, Any]
    buffers: list[bytes]


class FrameWriter:
    """Writes the frames of one run: a snapshot, then what changed since the frame before.

    Several writers may stand on one state. `close()` ends the bookkeeping for this one.

    Example:
        >>> writer = FrameWriter(RunState("h:1|p/d/r", "p", "d", "", "r"))
        >>> writer.snapshot().content["seq"], writer.delta()
        (1, None)
    """

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.seq = 0
        self._changed: set[int] = set()
        self._rows = 0
        self._strings = 0
        self._head: dict[str, Any] = {}
        state.changes.append(self._changed)

    def snapshot(self) -> Frame:
        """The whole state; the next delta goes on from here."""
        self._rows = self._strings = 0
        return self._frame("snapshot", range(self.state.n), self._whole_head())

    def delta(self) -> Frame | None:
        """What changed since the frame before, None if nothing did; a snapshot where there was no frame yet."""
        if not self.seq:
            return self.snapshot()
        new = range(self._rows, self.state.n)
        rows: Sequence[int] = new
        if self._changed:
            rows = sorted(row for row in self._changed if row < self._rows)
            rows.extend(new)
        head = self._whole_head()
        if not rows and head == self._head:
            return None
        return self._frame("delta", rows, None if head == self._head else head)

    def close(self) -> None:
        """Stop keeping track of changes for this writer."""
        self.state.changes = [changed for changed in self.state.changes if changed is not self._changed]

    def _frame(self, kind: str, rows: Sequence[int], head: dict[str, Any] | None) -> Frame:
        state = self.state
        columns: list[tuple[str, array[Any]]] = [
            ("parent", state.parent),
            ("phase", state.phase),
            ("kind", state.kind),
            ("attempts", state.attempts),
            ("cache", state.cache),
            ("queued", state.queued),
            ("initialized", state.initialized),
            ("started", state.started),
            ("ended", state.ended),
            ("name", state.names),
            ("label", state.label),
            ("group", state.group),
            ("error", state.error),
        ]
        picked: list[tuple[str, array[Any]]] = [("row", array("I", rows))]
        picked.extend((name, _pick(column, rows)) for name, column in columns)
        base, self._strings = self._strings, len(state.strings)
        self.seq += 1
        self._rows = state.n
        self._changed.clear()
        if head is not None:
            self._head = head
        content: dict[str, Any] = {
            "type": "frame",
            "kind": kind,
            "run": state.key,
            "seq": self.seq,
            "now": state.now(),
            "head": head,
            "rows": state.n,
            "changed": len(rows),
            "strings": {"base": base, "count": self._strings - base},
            "columns": [[name, _DTYPES[column.typecode]] for name, column in picked],
        }
        buffers = [little_endian(column) for _, column in picked]
        buffers.extend(state.strings.encode(base))
        return Frame(content, buffers)

    def _whole_head(self) -> dict[str, Any]:
        state = self.state
        return {
            "name": state.name,
            "project": state.project,
            "domain": state.domain,
            "org": state.org,
            **vars(state.head),
        }


def _pick(column: array[Any], rows: Sequence[int]) -> array[Any]:
    """The entries of `column` at `rows` (ascending); a run of neighbours is cut out in one piece."""
    if not rows:
        return array(column.typecode)
    if rows[-1] - rows[0] + 1 == len(rows):
        return column[rows[0] : rows[-1] + 1]
    return array(column.typecode, itemgetter(*rows)(column))
