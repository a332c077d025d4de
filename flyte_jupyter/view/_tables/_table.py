"""What all tables have in common; the topic `table` of docs/protocol.md."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from flyte_jupyter.live import Notifier
from flyte_jupyter.remote import FlyteError, InvalidArgumentError
from flyte_jupyter.view._place import place_of

if TYPE_CHECKING:
    from flyte_jupyter.remote import Client
    from flyte_jupyter.view._target import Target

SIZE, MOST_SIZE = 50, 200
AT_ONCE = 8  # acts


class Column(NamedTuple):
    """A column: `type` is text, phase, time, span, count, flag or labels."""

    key: str
    title: str
    type: str = "text"
    sortable: bool = True


class Act(NamedTuple):
    """Something that can be done with rows; `confirm` asks first, `reason` asks why."""

    name: str
    title: str
    confirm: bool = False
    reason: bool = False


@dataclass(frozen=True)
class Row:
    """A row: cells by the keys of columns, and the names of the acts that apply to it."""

    id: str
    cells: dict[str, Any]
    acts: tuple[str, ...] = ()

    def text(self) -> str:
        """Return what a search looks at."""
        words: list[str] = []
        for cell in self.cells.values():
            if isinstance(cell, str):
                words.append(cell)
            elif isinstance(cell, dict):
                words += [f"{key}={value}" for key, value in cell.items()]
        return "\n".join(words).casefold()


@dataclass(frozen=True)
class Read:
    """What was read for a query."""

    rows: Sequence[Row]
    more: bool = False
    total: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Query:
    """What of a table is wanted."""

    filters: Mapping[str, str] = field(default_factory=dict)
    sort: tuple[str, str] | None = None
    page: int = 0
    size: int = SIZE
    text: str = ""

    @classmethod
    def of(cls, table: Table, params: Mapping[str, Any]) -> Query:
        """Return the query that a page asks for; what it leaves out is as the table begins.

        Raises:
            InvalidArgumentError: there is no such column, filter or page.
        """
        first = table.first
        filters, sort = params.get("filters", first.filters), params.get("sort", first.sort)
        page, size, text = params.get("page", 0), params.get("size", first.size), params.get("text", first.text)
        known = {key for key, _, _ in table.filters}
        if not isinstance(filters, Mapping) or not set(filters) <= known:
            raise InvalidArgumentError(f"Filters of this table are {', '.join(sorted(known)) or 'none'}.")
        if sort is not None and not _is_sort(table, sort):
            raise InvalidArgumentError("This table cannot be sorted so.", "Give a sortable column and asc or desc.")
        if not _is_number(page, 0) or not _is_number(size, 1) or not isinstance(text, str):
            raise InvalidArgumentError("`page` is a number from 0, `size` one from 1, and `text` a text.")
        chosen = {str(key): str(value) for key, value in filters.items() if value not in (None, "")}
        return cls(chosen, None if sort is None else (sort[0], sort[1]), page, min(size, MOST_SIZE), text)


class Table:
    """The base of all tables.

    Args:
        client: the connection; None for a table of what is on this machine.
        first: what is shown at first.

    Attributes:
        changes: tells those who look that the table should be read again.
        every: seconds after which it is read again while somebody looks.
        things: what its rows are called.
        empty: what to say where there are none at all.
    """

    columns: ClassVar[tuple[Column, ...]] = ()
    acts: ClassVar[tuple[Act, ...]] = ()
    opens: ClassVar[bool] = False
    things: ClassVar[str] = "rows"
    empty: ClassVar[str] = "There is nothing."
    every: ClassVar[float] = 15.0
    order: ClassVar[tuple[str, str] | None] = None

    def __init__(self, client: Client | None, first: Query | None = None) -> None:
        self._client = client
        self.first = first or Query(sort=self.order)
        self.changes = Notifier()

    @property
    def client(self) -> Client:
        """The connection."""
        assert self._client is not None, "a table of what is on this machine has no connection"
        return self._client

    @property
    def place(self) -> str:
        """The hash of the endpoint it was read from, "" for none."""
        return "" if self._client is None else place_of(self._client)

    @property
    def title(self) -> str:
        """What the table is of."""
        raise NotImplementedError

    @property
    def filters(self) -> Sequence[tuple[str, str, Sequence[tuple[str, str]]]]:
        """Key, title and options (value, title) of each filter; a value need not be among the options."""
        return ()

    def nothing(self, query: Query) -> str:
        """Return what to say where `query` finds no rows."""
        if query.page:
            return f"There are no more {self.things}."
        asked = " and ".join([*(["the search"] if query.text else []), *(["the filters"] if query.filters else [])])
        return f"No {self.things} match {asked}." if asked else self.empty

    async def read(self, query: Query) -> Read:
        """Read the page of rows that `query` asks for.

        Raises:
            FlyteError: the backend does not answer, or does not have it.
        """
        raise NotImplementedError

    def target(self, row: str) -> Target:
        """Return the run that a row opens as.

        Raises:
            InvalidArgumentError: rows of this table do not open.
        """
        raise InvalidArgumentError("Rows of this table do not open.")

    async def perform(self, act: str, row: str, reason: str) -> None:
        """Do something with a row.

        Raises:
            FlyteError: it cannot be done.
        """
        raise NotImplementedError

    async def perform_all(self, act: str, rows: Sequence[str], reason: str) -> dict[str, str]:
        """Do something with several rows; return a sentence for each that failed."""
        if act not in [one.name for one in self.acts]:
            raise InvalidArgumentError(f"This table has no act {act!r}.")
        gate = asyncio.Semaphore(AT_ONCE)
        failed: dict[str, str] = {}

        async def perform(row: str) -> None:
            async with gate:
                try:
                    await self.perform(act, row, reason)
                except FlyteError as error:
                    failed[row] = str(error)

        await asyncio.gather(*map(perform, dict.fromkeys(rows)))
        self.changes.changed()
        return failed

    def page(self, query: Query, read: Read) -> dict[str, Any]:
        """Return the value of the topic `table`."""
        return {
            "columns": [column._asdict() for column in self.columns],
            "rows": [{"id": row.id, "cells": row.cells, "acts": list(row.acts)} for row in read.rows],
            "more": read.more,
            "total": read.total,
            "filters": [
                {"key": key, "title": title, "options": [list(one) for one in options]}
                for key, title, options in self.filters
            ],
            "asked": {
                "filters": dict(query.filters),
                "sort": None if query.sort is None else list(query.sort),
                "page": query.page,
                "size": query.size,
                "text": query.text,
            },
            "acts": [act._asdict() for act in self.acts],
            "opens": self.opens,
            "empty": self.nothing(query),
            "note": read.note,
        }


class WholeTable(Table):
    """A table that is small enough to be read whole: filtered, sorted and paged here."""

    most: ClassVar[int] = 2_000

    async def rows(self) -> list[Row]:
        """Read at most `most` rows."""
        raise NotImplementedError

    def keeps(self, row: Row, filters: Mapping[str, str]) -> bool:
        """Whether a row passes the filters."""
        return all(str(row.cells.get(key, "")) == value for key, value in filters.items())

    async def read(self, query: Query) -> Read:
        """Read all, and cut out what is asked for."""
        rows = await self.rows()
        note = f"Only the first {self.most:,} were read." if len(rows) >= self.most else ""
        rows = searched([row for row in rows if self.keeps(row, query.filters)], query.text)
        if query.sort is not None:
            rows = in_order(rows, *query.sort)
        start = query.page * query.size
        return Read(rows[start : start + query.size], len(rows) > start + query.size, len(rows), note)


def searched(rows: Sequence[Row], text: str) -> list[Row]:
    """Return the rows in which all words of a text are found."""
    words = text.casefold().split()
    return [row for row in rows if not words or all(word in row.text() for word in words)]


def in_order(rows: Sequence[Row], key: str, way: str) -> list[Row]:
    """Return rows sorted by a column; rows without a value come last."""

    def value(row: Row) -> Any:
        cell = row.cells.get(key)
        return cell.casefold() if isinstance(cell, str) else cell

    known = [row for row in rows if value(row) not in (None, "")]
    unknown = [row for row in rows if value(row) in (None, "")]
    return sorted(known, key=value, reverse=way == "desc") + unknown


def _is_sort(table: Table, sort: Any) -> bool:
    keys = {column.key for column in table.columns if column.sortable}
    return isinstance(sort, (list, tuple)) and len(sort) == 2 and sort[0] in keys and sort[1] in ("asc", "desc")


def _is_number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
