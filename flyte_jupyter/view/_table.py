"""A list of runs as a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from flyte_jupyter.view import _format, _phases

if TYPE_CHECKING:
    from flyte_jupyter.remote import Run

_COLUMNS = ("Phase", "Task", "Run", "Started", "Duration")
_CELL = "padding:1px 12px 1px 0;white-space:nowrap;text-align:left"


class RunTable:
    """Runs as they were when they were listed; a table in a notebook, lines in a terminal.

    Args:
        runs: the runs in the order in which they are shown.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self._at = time.time() * 1000

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for run in self.runs:
            start, span = run.start_time, run.duration
            rows.append(
                (
                    _phases.look(run.raw_phase).icon + " " + _phases.look(run.raw_phase).word,
                    _format.shortened(run.task_name or "", 80),
                    _format.shortened(run.name, 80),
                    "" if start is None else _format.moment(start.timestamp() * 1000, self._at),
                    "" if span is None else _format.duration(span.total_seconds() * 1000),
                )
            )
        return rows

    def __repr__(self) -> str:
        if not self.runs:
            return "No runs."
        rows = [_COLUMNS, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        if not self.runs:
            return "<div>No runs.</div>"
        head = "".join(f'<th align="left" style="{_CELL}">{column}</th>' for column in _COLUMNS)
        lines = [f'<table style="border-collapse:collapse;font-size:13px"><tr>{head}</tr>']
        for run, (phase, *rest) in zip(self.runs, self._rows(), strict=True):
            icon, _, word = phase.partition(" ")
            color = _phases.look(run.raw_phase).color
            cells = [f'<span style="color:{color}">{icon}</span>&nbsp;{word}', *(escape(text) for text in rest)]
            lines.append("<tr>" + "".join(f'<td align="left" style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>")
        lines.append(f"</table><div>As of {_format.timestamp(self._at)}.</div>")
        return "\n".join(lines)
