from __future__ import annotations

import json
from collections import namedtuple
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import flyte_jupyter.remote
from flyte_jupyter.live._nodes import ITEMS, MORE_TEXT, TEXT, find, node, whole
from flyte_jupyter.live._references import size_of, with_references
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
        (OpaqueValue("builtins.set", 12), "blob", "builtins.set", "12 bytes"),
        (OpaqueValue("<class 'bytes'>", None, "s3://b/p"), "blob", "bytes", "s3://b/p"),
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
    code = "import flyte_jupyter\nv"
    assert whole(long, ("inputs", "x"), "v") == {"text": long, "left_out": 0, "code": code}
    most = whole("y" * (MORE_TEXT + 5), (), "v")
    assert (len(most["text"]), most["left_out"]) == (MORE_TEXT, 5)
    large = 7**1000
    assert (top(large)["full"], whole(large, ("inputs", "x"), "v")["text"]) == (len(str(large)), str(large))
    many = list(range(1000))
    made = top(many)
    assert (made["size"], len(made["items"])) == (1000, ITEMS)
    assert len(whole(many, ("inputs", "x"), "v")["items"]) == 1000
    many = list(range(2500))
    read: list[Any] = []
    while piece := whole(many, ("inputs", "x"), "v", len(read)):
        read += piece["items"]
        assert piece["left_out"] == 2500 - len(read)
        if not piece["left_out"]:
            break
    assert [one["text"] for one in read] == [str(number) for number in many]
    assert read[-1]["path"] == ["inputs", "x", 2499]


def test_paths_and_code_lead_to_the_value():
    point = namedtuple("point", "left right")
    value = {"a": [1, {"b": point("deep", 2)}]}
    made = top(value)
    leaf = made["items"][0]["items"][1]["items"][0]["items"][0]
    assert leaf["text"] == "deep"
    assert leaf["path"] == ["inputs", "x", 0, 1, 0, 0]
    assert find(value, leaf["path"][2:], "v") == ("deep", "v['a'][1]['b'].left")
    files = {"f": [FileRef("s3://b/f")]}
    code = "import flyte_jupyter\nv['f'][0].download()"
    assert top(files)["items"][0]["items"][0]["code"] == code
    assert whole(files["f"], ("inputs", "x", 0), "v['f']")["items"][0]["code"] == code
    for path in ([0, 9], ["a"], [0, 0, 0], [-1]):
        with pytest.raises(InvalidArgumentError):
            find(value, path)


def test_deep_values_end_somewhere():
    value: Any = "bottom"
    for _ in range(200):
        value = [value]
    assert "bottom" not in json.dumps(top(value))
    assert find(value, [0] * 200)[0] == "bottom"


def test_records_are_a_table():
    made = top([{"loss": 0.5, "step": 1}, {"step": 2, "note": "<i>"}])
    assert made["columns"] == ["loss", "step", "note"]
    assert made["rows"] == [["0.5", "1", ""], ["", "2", "<i>"]]
    assert "columns" not in top([1, {"a": 2}])
    many = [{"n": number, "text": "w" * 150} for number in range(120)]
    assert top(many)["rows"][3] == ["3", "w" * 150]
    piece = whole(many, ("inputs", "x"), "v", ITEMS)
    assert [row[0] for row in piece["rows"]] == [one["items"][0]["text"] for one in piece["items"]]
    assert (piece["rows"][-1][0], piece["left_out"]) == ("119", 0)
    assert top(DatasetRef("s3://t", columns=("a", "b")))["columns"] == ["a", "b"]


def test_files_in_records_are_files(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b").write_bytes(b"678")

    def packed(path: Path | str) -> dict[str, Any]:
        return {"path": str(path), "name": None, "format": "", "hash": None}

    frame = {"uri": "s3://b/t", "format": "parquet", "hash": None}
    record = {"file": packed(tmp_path / "a"), "dir": packed(tmp_path), "frame": frame, "n": [({"x": 1}, 2)]}
    value = with_references([record], local=True)
    made = top(value)
    assert made["rows"] == [["a", tmp_path.name, "t", "[1]"]]
    file, directory, table, plain = made["items"][0]["items"]
    assert (file["type"], file["uri"], directory["type"], table["type"]) == (
        "File",
        str(tmp_path / "a"),
        "Dir",
        "DataFrame",
    )
    assert file["code"].endswith("\nflyte_jupyter.remote.FileRef(v[0]['file']['path'], local=True).download()")
    made = {"v": [record], "flyte_jupyter": flyte_jupyter}
    copy = eval(file["code"].replace("download()", f"download({str(tmp_path / 'copy')!r})").partition("\n")[2], made)
    assert copy.read_bytes() == b"12345"
    assert plain["text"] == "[({x: 1}, 2)]" or plain["items"][0]["items"][0]["text"] == "{x: 1}"
    assert size_of(tmp_path) == (13, 3)
    elsewhere = top(with_references({"file": packed("/tmp")}, local=False))["items"][0]
    assert (elsewhere["type"], "local" in elsewhere["code"]) == ("File or Dir", False)
