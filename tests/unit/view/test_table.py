from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.view._html import MAX_BYTES, saved_size
from flyte_jupyter.view._table import table_bundle, table_html, table_text
from flyte_jupyter.view._tables import Column, Query, Read, Row, Table
from tests.unit.live.messages import START
from tests.unit.live.scripted import ScriptedClient
from tests.unit.view.hostile import HOSTILE
from tests.unit.view.survivors import Survivors

CELLS: dict[str, Any] = {
    "phase": 6,
    "name": "r1",
    "at": START,
    "span": [START, START + 62_000],
    "count": 1234,
    "flag": True,
    "labels": {"team": "vision"},
}


class Made(Table):
    columns = (
        Column("phase", "Phase", "phase"),
        Column("name", "Name"),
        Column("at", "At", "time"),
        Column("span", "Duration", "span"),
        Column("count", "Count", "count"),
        Column("flag", "Active", "flag"),
        Column("labels", "Labels", "labels"),
    )
    things = "things"

    @property
    def title(self) -> str:
        return "Things of p/development"


def made(first: Query | None = None) -> Made:
    client: Any = ScriptedClient()
    return Made(client, first)


def test_each_type_of_cell_as_text_and_html():
    read = Read([Row("r1", CELLS)])
    text = table_text(made(), read.rows, read, START)
    assert text.splitlines()[0].split() == ["Phase", "Name", "At", "Duration", "Count", "Active", "Labels"]
    for word in ("✗ Failed", "r1", "1m 02s", "1,234", "yes", "team=vision"):
        assert word in text
    html = table_html(made(), read.rows, read, START)
    assert ">Failed</td>" in html.replace("&nbsp;", ">")
    assert "Things of p/development" in html


def test_nothing_and_what_is_unknown():
    assert table_text(made(), [], Read([]), START) == "There is nothing."
    assert "There is nothing." in table_html(made(), [], Read([]), START)
    empty = Read([Row("r1", dict.fromkeys(CELLS) | {"phase": 0, "name": "r"})])
    assert "? Unknown" in table_text(made(), empty.rows, empty, START)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "x"}, "No things match the search."),
        ({"filters": {"active": "True"}}, "No things match the filters."),
        ({"text": "x", "filters": {"active": "True"}}, "No things match the search and the filters."),
        ({"page": 2}, "There are no more things."),
        ({}, "There is nothing."),
    ],
)
def test_where_nothing_matches_it_does_not_say_that_there_is_nothing(asked: dict[str, Any], said: str):
    table = made(Query(**asked))
    assert table_text(table, [], Read([]), START) == said
    assert said in table_html(table, [], Read([]), START)
    assert table.page(table.first, Read([]))["empty"] == said


def test_hostile_text_stays_text():
    cells = {**CELLS, "name": HOSTILE, "labels": {HOSTILE: HOSTILE}}
    bundle = table_bundle(made(), Read([Row(HOSTILE, cells)], note=HOSTILE), "5e1f", "ab12")
    read = Survivors(bundle["text/html"])
    assert read.text.count("<script>alert(1)") >= 3
    assert not {"\x1b", "\x00", "\u202e"} & set(bundle["text/html"] + bundle["text/plain"])


def test_a_big_table_is_cut_and_says_so():
    rows = [Row(f"r{number}", {**CELLS, "name": "x" * 70}) for number in range(500)]
    bundle = table_bundle(made(), Read(rows, total=500), "5e1f", "ab12")
    assert saved_size(bundle["text/html"]) <= MAX_BYTES
    assert "of 500 are shown here" in bundle["text/html"]
    assert "fj-on-" in bundle["text/html"]
    assert "fj-at-" not in bundle["text/html"]
