"""The page's side of the protocol in Python: applies frames and keeps the table they describe."""

from __future__ import annotations

import itertools
import math
import struct
from typing import Any

from flyte_jupyter.live import Frame

_FORMATS = {"u1": "B", "u2": "H", "u4": "I", "i4": "i", "f8": "d"}
_TEXTS = ("name", "label", "group", "error")


class Table:
    """What a page knows of a run. `apply` says what became of a frame: "applied", "dropped" or "gap"."""

    def __init__(self) -> None:
        self.seq = 0
        self.head: dict[str, Any] | None = None
        self.strings: list[str] = []
        self.rows: dict[int, dict[str, Any]] = {}

    def apply(self, frame: Frame) -> str:
        content, buffers = frame
        if content["kind"] == "snapshot":
            if content["seq"] < self.seq:
                return "dropped"
            self.strings, self.rows = [], {}
        elif content["seq"] != self.seq + 1:
            return "gap"
        self.seq = content["seq"]
        if content["head"] is not None:
            self.head = content["head"]
        names = [name for name, _ in content["columns"]]
        columns = []
        for (_, dtype), buffer in zip(content["columns"], buffers, strict=False):
            columns.append(struct.unpack(f"<{content['changed']}{_FORMATS[dtype]}", buffer))
        assert len(buffers) == len(columns) + 2
        self._read_strings(content["strings"], buffers[-2], buffers[-1])
        for values in zip(*columns, strict=True):
            entry = dict(zip(names, values, strict=True))
            self.rows[entry["row"]] = entry
        assert len(self.rows) == content["rows"]
        return "applied"

    def _read_strings(self, strings: dict[str, int], offsets: bytes, blob: bytes) -> None:
        assert strings["base"] == len(self.strings)
        ends = struct.unpack(f"<{strings['count'] + 1}I", offsets)
        assert ends[0] == 0
        assert ends[-1] == len(blob)
        self.strings.extend(blob[start:end].decode() for start, end in itertools.pairwise(ends))

    def decoded(self) -> list[dict[str, Any]]:
        """Every row with its strings, None for NaN, in row order."""
        out: list[dict[str, Any]] = []
        for number in sorted(self.rows):
            entry = self.rows[number]
            out.append(
                {
                    key: self.strings[value]
                    if key in _TEXTS
                    else None
                    if isinstance(value, float) and math.isnan(value)
                    else value
                    for key, value in entry.items()
                }
            )
        return out
