"""A table as static HTML and text: what a notebook's file holds of it, and what a terminal shows."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view import _format, _phases
from flyte_jupyter.view._html import MAX_BYTES, placeholder, saved_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flyte_jupyter.view._tables import Column, Read, Row, Table

_CELL = "padding:1px 12px 1px 0;white-space:nowrap;text-align:left"
_WIDEST = 80


def table_bundle(table: Table, read: Read, view_id: str, hub_id: str) -> dict[str, Any]:
    """Return the mimebundle of a table, with the placeholder for the view `view_id`."""
    now = time.time() * 1000
    rows = list(read.rows)
    while True:
        inside = table_html(table, rows, read, now)
        html = placeholder(view_id, hub_id, "", inside, table.place)
        size = saved_size(html)
        if size <= MAX_BYTES or len(rows) <= 1:
            break
        rows = rows[: max(1, min(len(rows) - 1, len(rows) * MAX_BYTES // size))]
    return {"text/html": html, "text/plain": table_text(table, rows[:50], read, now)}


def table_html(table: Table, rows: Sequence[Row], read: Read, now: float) -> str:
    """Return the table as HTML that reads well where styles are dropped too."""
    lines = [f"<div><b>{escape(_format.shortened(table.title, 200))}</b></div>"]
    if rows:
        head = "".join(f'<th align="left" style="{_CELL}">{escape(column.title)}</th>' for column in table.columns)
        lines.append(f'<table style="border-collapse:collapse;font-size:13px"><tr>{head}</tr>')
        for row in rows:
            cells = (_html_cell(column, row.cells.get(column.key), now) for column in table.columns)
            lines.append(f"<tr>{''.join(cells)}</tr>")
        lines.append("</table>")
    else:
        lines.append(f"<div>{escape(table.nothing(table.first))}</div>")
    lines += [f"<div>{escape(text)}</div>" for text in _notes(rows, read, now)]
    return "\n".join(lines)


def table_text(table: Table, rows: Sequence[Row], read: Read, now: float) -> str:
    """Return the table as lines of text."""
    if not rows:
        return table.nothing(table.first)
    lines = [tuple(column.title for column in table.columns)]
    lines += [tuple(_text(column, row.cells.get(column.key), now) for column in table.columns) for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    shown = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*shown, *_notes(rows, read, now)[:-1]])


def _notes(rows: Sequence[Row], read: Read, now: float) -> list[str]:
    notes = [_format.shortened(read.note, 300)] if read.note else []
    if len(rows) < len(read.rows) or read.more:
        count = "" if read.total is None else f" of {_format.count(read.total)}"
        notes.append(f"The first {_format.count(len(rows))}{count} are shown here; there are more.")
    return [*notes, f"As of {_format.timestamp(now)}."]


def _html_cell(column: Column, value: Any, now: float) -> str:
    text = escape(_text(column, value, now))
    if column.type == "phase":
        icon, _, word = text.partition(" ")
        text = f'<span style="color:{_phases.look(int(value)).color}">{icon}</span>&nbsp;{word}'
    return f'<td align="left" style="{_CELL}">{text}</td>'


def _text(column: Column, value: Any, now: float) -> str:
    """Return a cell as text."""
    if value is None:
        return ""
    if column.type == "phase":
        look = _phases.look(int(value))
        return f"{look.icon} {look.word}"
    if column.type == "time":
        return _format.moment(value, now)
    if column.type == "span":
        return _format.duration((now if value[1] is None else value[1]) - value[0])
    if column.type == "count":
        return _format.count(value)
    if column.type == "flag":
        return "yes" if value else "no"
    if column.type == "labels":
        value = ", ".join(f"{key}={text}" for key, text in value.items())
    return _format.shortened(str(value), _WIDEST).replace("\n", " ")
