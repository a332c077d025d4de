"""What `%flyte_on show` and `flavors` show: a table in a notebook, lines in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyte_jupyter.actions import ActionFlavorResponse, Problem

_CELL = "padding:1px 12px 1px 0;text-align:left;vertical-align:top"
_LONGEST = 120


class Table:
    """Text in rows and columns.

    Args:
        columns: The headings.
        rows: The rows.
        empty: What to say of no rows.
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
        self.columns = list(columns)
        self.rows = [[_shortened(str(text)) for text in row] for row in rows]
        self._empty = empty

    def __repr__(self) -> str:
        if not self.rows:
            return self._empty
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        texts = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join(text.rstrip() for text in texts)

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<div>{escape(self._empty)}</div>"
        head = "".join(f'<th align="left" style="{_CELL}">{escape(column)}</th>' for column in self.columns)
        body = "".join(
            "<tr>" + "".join(f'<td align="left" style="{_CELL}">{escape(text)}</td>' for text in row) + "</tr>"
            for row in self.rows
        )
        return f'<table style="border-collapse:collapse;font-size:13px"><tr>{head}</tr>{body}</table>'


class DetailsTable(Table):
    """All of one armed action."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        super().__init__(("", ""), ((name, _plain(value)) for name, value in details.items()), "")


class FlavorTable(Table):
    """What can be done, and which plugins cannot be used."""

    def __init__(self, flavors: Iterable[ActionFlavorResponse], problems: Iterable[Problem]) -> None:
        known = [
            (one.name, one.description, ", ".join((one.config_schema or {}).get("properties", {})), "")
            for one in flavors
        ]
        broken = [("", "", "", f"{problem.source}: {problem.reason}") for problem in problems]
        super().__init__(("Action", "", "Settings", "Problem"), [*known, *broken], "")


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_plain(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
