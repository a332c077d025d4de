from __future__ import annotations

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from flyteidl2.common import list_pb2

from flyte_jupyter.local._filters import ACTION_FIELDS, TRIGGER_FIELDS, Page, order, where

F = list_pb2.Filter


def one(field: str, function: int, *values: str) -> tuple[str, list[object]]:
    conditions, parameters = where(
        [F(field=field, function=function, values=values)],  # pyright: ignore[reportArgumentType]
        ACTION_FIELDS,
        "r.labels",
    )
    assert len(conditions) == 1
    return conditions[0], parameters


def test_phase_is_a_number() -> None:
    assert one("phase", F.EQUAL, "4") == ("a.phase = ?", [4])


def test_one_value_of_several_is_as_good_as_several() -> None:
    assert one("phase", F.VALUE_IN, "4") == ("a.phase IN (?)", [4])
    assert one("phase", F.VALUE_NOT_IN, "4", "5") == ("a.phase NOT IN (?, ?)", [4, 5])


def test_no_value_of_none_matches_nothing() -> None:
    assert one("phase", F.VALUE_IN) == ("a.phase IN ()", [])


def test_times_are_microseconds() -> None:
    assert one("created_at", F.GREATER_THAN, "1970-01-01T00:00:02Z") == ("a.created_at > ?", [2_000_000])
    assert one("created_at", F.LESS_THAN_OR_EQUAL, "1970-01-01T01:00:00.5+01:00") == ("a.created_at <= ?", [500_000])


def test_parts_of_text() -> None:
    assert one("task_name", F.CONTAINS, "%") == ("instr(a.task_name, ?) > 0", ["%"])
    assert one("task_name", F.ENDS_WITH, "x")[1] == ["x", "x"]


def test_labels() -> None:
    condition, parameters = one("labels.team", F.EQUAL, "red")
    assert "json_each(r.labels)" in condition
    assert parameters == ["team", "red"]


def test_existence() -> None:
    assert one("ended_at", F.EXISTS) == ("a.ended_at IS NOT NULL", [])


def test_truth() -> None:
    assert where([F(field="active", function=F.EQUAL, values=["true"])], TRIGGER_FIELDS) == (["g.active = ?"], [1])


@pytest.mark.parametrize(
    ("field", "function", "values", "words"),
    [
        ("nonsense", F.EQUAL, ["1"], "no filter on 'nonsense'"),
        ("phase", F.EQUAL, ["running"], "'running' is no value for 'phase'"),
        ("phase", F.EQUAL, ["1", "2"], "needs one value and has 2"),
        ("phase", F.CONTAINS, ["1"], "no text"),
        ("created_at", F.EQUAL, ["yesterday"], "'yesterday'"),
    ],
)
def test_bad_filters_say_what_is_wrong(field: str, function: int, values: list[str], words: str) -> None:
    with pytest.raises(ConnectError, match=words) as caught:
        one(field, function, *values)
    assert caught.value.code == Code.INVALID_ARGUMENT


def test_order() -> None:
    assert order(list_pb2.ListRequest(), ACTION_FIELDS, "a.phase ASC", "a.name") == "ORDER BY a.phase ASC, a.name"
    request = list_pb2.ListRequest(sort_by=list_pb2.Sort(key="created_at", direction=list_pb2.Sort.ASCENDING))
    assert order(request, ACTION_FIELDS, "a.phase ASC", "a.name") == "ORDER BY a.created_at ASC, a.name"
    request = list_pb2.ListRequest(sort_by_fields=[list_pb2.Sort(key="phase"), list_pb2.Sort(key="name")])
    assert order(request, ACTION_FIELDS, "", "a.name") == "ORDER BY a.phase DESC, a.name DESC, a.name"
    with pytest.raises(ConnectError, match="no sorting by 'colour'"):
        order(list_pb2.ListRequest(sort_by=list_pb2.Sort(key="colour")), ACTION_FIELDS, "", "")


def test_pages() -> None:
    page = Page.of(list_pb2.ListRequest())
    assert page.limit == 50
    page = Page.of(list_pb2.ListRequest(limit=2, token="4"))
    assert page.sql == "LIMIT 3 OFFSET 4"
    assert page.cut([1, 2, 3]) == ([1, 2], "6")
    assert page.cut([1, 2]) == ([1, 2], "")
    for request in (list_pb2.ListRequest(limit=201), list_pb2.ListRequest(token="x"), list_pb2.ListRequest(token="-1")):
        with pytest.raises(ConnectError):
            Page.of(request)
