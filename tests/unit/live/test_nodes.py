from __future__ import annotations

import json
from collections import namedtuple
from datetime import datetime, timezone
from typing import Any

import pytest

from flyte_jupyter.live._nodes import ITEMS, MORE_TEXT, TEXT, find, node, whole
from flyte_jupyter.remote import DatasetRef, ErrorValue, FileRef, InvalidArgumentError, OffloadedRef, OpaqueValue


def top(value: Any, type_: str = "") -> dict[str, Any]:
    return node("x", value, ("inputs", "x"), "v", type_)


@pytest.mark.parametrize(
    ("value", "kind", "type_", "text"),
    [
        (None, "none", "None", "None"),
        (True, "value", "bool", "True"),
        (7, "value", "int", "7"),
        (0.5, "value", "float", "0.5"),
        (datetime(2026, 11, 21, 6, 31, tzinfo=timezone.utc), "value", "datetime", "2026-11-21 06:31:00+00:00"),
        ("<b>hi</b>", "text", "str", "<b>hi</b>"),
        (b"123", "blob", "bytes", "3 bytes"),
        ([1, 2], "list", "list", "[1, 2]"),
        ((1, "a"), "list", "tuple", '(1, "a")'),
        ({"a": 1}, "record", "dict", "{a: 1}"),
        (FileRef("s3://b/f.csv"), "blob", "File", "s3://b/f.csv"),
        (FileRef("s3://b/d", is_dir=True), "blob", "Dir", "s3://b/d"),
        (DatasetRef("s3://b/t"), "table", "DataFrame", "s3://b/t"),
        (OpaqueValue("builtins.set", 12), "blob", "builtins.set", "builtins.set"),
        (OffloadedRef("s3://b/big", 99), "blob", "offloaded", "s3://b/big"),
        (ErrorValue("no"), "error", "error", "no"),
    ],
)
def test_each_kind_of_value(value: Any, kind: str, type_: str, text: str):
    made = top(value)
    assert (made["kind"], made["type"], made["text"]) == (kind, type_, text)
    json.dumps(made)


def test_the_declared_type_goes_first():
    assert top({"a": 1}, "dict[str, int]")["kind"] == "map"
    assert top({"a": 1}, "Config")["type"] == "Config"


def test_large_values_are_shortened_and_can_be_had_whole():
    long = "x" * 5000
    made = top(long)
    assert len(made["text"]) == TEXT
    assert made["full"] == 5000
    assert whole(long, ("inputs", "x"), "v") == {"text": long}
    assert len(whole("y" * (MORE_TEXT + 5), (), "v")["text"]) == MORE_TEXT + 1
    large = 7**1000
    assert (top(large)["full"], whole(large, ("inputs", "x"), "v")) == (len(str(large)), {"text": str(large)})
    many = list(range(1000))
    made = top(many)
    assert (made["size"], len(made["items"])) == (1000, ITEMS)
    assert len(whole(many, ("inputs", "x"), "v")["items"]) == 1000


def test_paths_and_code_lead_to_the_value():
    point = namedtuple("point", "left right")
    value = {"a": [1, {"b": point("deep", 2)}]}
    made = top(value)
    leaf = made["items"][0]["items"][1]["items"][0]["items"][0]
    assert leaf["text"] == "deep"
    assert leaf["path"] == ["inputs", "x", 0, 1, 0, 0]
    assert find(value, leaf["path"][2:]) == "deep"
    reference = top({"f": [FileRef("s3://b/f")]})["items"][0]["items"][0]
    assert reference["code"] == "v['f'][0].download()"
    for path in ([0, 9], ["a"], [0, 0, 0], [-1]):
        with pytest.raises(InvalidArgumentError):
            find(value, path)


def test_deep_values_end_somewhere():
    value: Any = "bottom"
    for _ in range(200):
        value = [value]
    assert "bottom" not in json.dumps(top(value))
    assert find(value, [0] * 200) == "bottom"


def test_records_are_a_table():
    made = top([{"loss": 0.5, "step": 1}, {"step": 2, "note": "<i>"}])
    assert made["columns"] == ["loss", "step", "note"]
    assert made["rows"] == [["0.5", "1", ""], ["", "2", "<i>"]]
    assert "columns" not in top([1, {"a": 2}])
    assert top(DatasetRef("s3://t", columns=("a", "b")))["columns"] == ["a", "b"]
