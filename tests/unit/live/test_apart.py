from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.live._apart import briefs, tell_apart
from flyte_jupyter.remote import DatasetRef, FileRef


def labels(*inputs: dict[str, Any]) -> list[str]:
    """Those of siblings that are called c0, c1, ..."""
    family = {f"c{number}": briefs(one) for number, one in enumerate(inputs)}
    return list(tell_apart(family).values())


def test_plain_values_come_first_and_both_ends_of_texts_are_shown():
    assert labels({"items": [1, 2, 3], "word": "hi", "n": 3}) == ['word="hi", n=3, items=[1, 2, 3]']
    assert labels({"path": "s3://bucket/" + "x" * 500 + "/part-0007.parquet"}) == [
        'path="s3://bucke…x/part-0007.parquet"'
    ]
    assert labels({}) == [""]


DEEP = "https://example.com/data/very/long/path/of/the/bucket/part-%04d/and/some/more/of/the/path/file.parquet"


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([DEEP % n for n in (0, 1, 12)], ['"…/part-0000/…"', '"…/part-0001/…"', '"…/part-0012/…"']),
        ([FileRef(f"s3://bucket/day={n}/part.parquet") for n in (1, 20)], ["…/day=1/…", "…/day=20/…"]),
        ([FileRef(f"s3://bucket/day=1/part-{n}.parquet") for n in (1, 2)], ["part-1.parquet", "part-2.parquet"]),
        ([DatasetRef(f"s3://b/x{n}/data") for n in (1, 2)], ["…/x1/data", "…/x2/data"]),
        (
            [{"name": "model", "lr": lr, "tags": ["a"], "base": "s3://b/c"} for lr in (0.0, 0.1)],
            ["{…lr: 0.0…}", "{…lr: 0.1…}"],
        ),
        ([[f"file {k}" for k in range(7)] + [last] for last in ("x", "y")], ['[…"x"]', '[…"y"]']),
        ([[*range(50), n] for n in (0, 1)], ["[…0]", "[…1]"]),
        ([list(range(n)) for n in (9, 8)], ["[9]", "[8]"]),
    ],
)
def test_of_values_that_differ_the_part_is_shown_in_which_they_do(values: list[Any], texts: list[str]):
    made = labels(*({"base": 1, "v": value} for value in values))
    assert made == [f"v={text}, base=1" for text in texts]


def test_where_inputs_are_alike_the_name_is_shown_before_what_all_have():
    assert labels({"x": 1}, {"x": 1}) == ["[c0], x=1", "[c1], x=1"]
    assert labels(*({"day": 27, "x": x} for x in (1, 2, 1))) == [
        "x=1, [c0], day=27",
        "x=2, day=27",
        "x=1, [c2], day=27",
    ]
    many = {f"name{n}": 10**9 for n in range(9)}
    made = labels(many | {"name9": 1}, {}, many | {"name9": 1})
    assert [(len(text), text[-7:]) for text in made] == [(80, "…, [c0]"), (0, ""), (80, "…, [c2]")]
    long = [{"x": "a" * 300 + middle + "b" * 300} for middle in "12"]
    assert labels(*long) == [f'[c{n}], x="aaaaaaaaaa…bbbbbbbbbbbbbbbbbbb"' for n in (0, 1)]
    assert labels({}, {}) == ["", ""], "a row without a label shows its name already"


def test_values_that_are_empty_or_not_there_are_no_trouble():
    assert labels({"x": ""}, {"x": "abc"}, {}) == ['x=""', 'x="abc"', ""]
    assert labels({"x": []}, {"x": None}, {"y": {}}) == ["x=[0]", "x=None", "y={0}"]
    assert labels({"x": "ab"}, {"x": "abab"}) == ['x="ab"', 'x="abab"']
