from __future__ import annotations

import dataclasses
import enum
import math
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import flyte.io
import flyte.types
import numpy as np
import pydantic
import pytest
from flyteidl2.core import interface_pb2, types_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flyte_jupyter.remote import DatasetRef, FileRef, InvalidArgumentError, OpaqueValue
from flyte_jupyter.remote._encode import to_literal
from flyte_jupyter.remote._interface import type_name
from flyte_jupyter.remote._literals import to_python

T = types_pb2.LiteralType


def simple(number: int) -> T:
    return T(simple=number)  # type: ignore[arg-type]


NONE, INTEGER, FLOAT, STRING, BOOLEAN, DATETIME, DURATION, BINARY = map(simple, range(8))


def list_of(item: T) -> T:
    return T(collection_type=item)


def dict_of(item: T) -> T:
    return T(map_value_type=item)


def union_of(*variants: T) -> T:
    return T(union_type=types_pb2.UnionType(variants=variants))


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


@dataclasses.dataclass
class Point:
    x: int
    name: str = "p"


class Model(pydantic.BaseModel):
    x: int
    when: datetime | None = None


class Pair(NamedTuple):
    a: int
    b: str


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)

# A type as the SDK writes it, a value, and what it reads back as where that is not the value itself.
OF_THE_SDK: list[tuple[Any, Any, Any]] = [
    (int, 5, 5),
    (float, 1.5, 1.5),
    (float, 2, 2.0),
    (str, "hé", "hé"),
    (bool, True, True),
    (datetime, MOMENT, MOMENT),
    (datetime, MOMENT.replace(tzinfo=None), MOMENT),
    (date, date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=timezone.utc)),
    (timedelta, timedelta(days=1, seconds=2.5), timedelta(days=1, seconds=2.5)),
    (list[int], [1, 2], [1, 2]),
    (list[int], (1, 2), [1, 2]),
    (dict[str, float], {"a": 1.0}, {"a": 1.0}),
    (dict, {"a": [1, None]}, {"a": [1, None]}),
    (dict[int, str], {1: "a"}, {1: "a"}),
    (Color, Color.RED, "RED"),
    (Color, "GREEN", "GREEN"),
    (int | None, None, None),
    (int | None, 7, 7),
    (list[str | None], ["a", None], ["a", None]),
    (Point, Point(1), {"x": 1, "name": "p"}),
    (Point, {"x": 1, "name": "q"}, {"x": 1, "name": "q"}),
    (Model, Model(x=1), {"x": 1, "when": None}),
    (tuple[int, str], (1, "a"), (1, "a")),
    (Pair, Pair(1, "a"), (1, "a")),
    (Pair, (1, "a"), (1, "a")),
    (flyte.io.File, "s3://b/k", FileRef("s3://b/k")),
    (flyte.io.File, flyte.io.File(path="s3://b/k"), FileRef("s3://b/k")),
    (flyte.io.Dir, FileRef("s3://b/d", is_dir=True), FileRef("s3://b/d", is_dir=True)),
    (flyte.io.DataFrame, "s3://b/f", DatasetRef("s3://b/f")),
    (flyte.io.DataFrame, DatasetRef("s3://b/f", "csv"), DatasetRef("s3://b/f", "csv")),
]


@pytest.mark.parametrize(("python_type", "value", "back"), OF_THE_SDK)
async def test_reads_back_as_it_was_given(python_type: Any, value: Any, back: Any) -> None:
    type_ = flyte.types.TypeEngine.to_literal_type(python_type)
    literal = to_literal("x", value, type_)
    assert to_python(literal, type_) == back
    assert type(to_python(literal, type_)) is type(back) or isinstance(back, tuple)


@pytest.mark.parametrize(("python_type", "value", "back"), OF_THE_SDK)
async def test_the_sdk_reads_what_we_write(python_type: Any, value: Any, back: Any) -> None:
    del back
    type_ = flyte.types.TypeEngine.to_literal_type(python_type)
    found = await flyte.types.TypeEngine.to_python_value(to_literal("x", value, type_), python_type)
    if python_type in (Color, Point, Model):
        expected = {"GREEN": Color.GREEN}.get(value) if isinstance(value, str) else value
        expected = Point(**value) if isinstance(value, dict) else expected
        assert found == expected
    elif python_type is datetime:
        assert found == MOMENT
    elif python_type in (flyte.io.File, flyte.io.Dir, flyte.io.DataFrame):
        assert "s3://b/" in repr(found)
    else:
        assert found == (list(value) if python_type == list[int] else value)


async def test_numbers_of_numpy() -> None:
    assert to_literal("n", np.int32(3), INTEGER).scalar.primitive.integer == 3
    assert to_literal("n", np.float32(0.5), FLOAT).scalar.primitive.float_value == 0.5
    assert to_literal("n", np.bool_(True), BOOLEAN).scalar.primitive.boolean is True
    assert to_python(to_literal("n", np.arange(3), list_of(INTEGER))) == [0, 1, 2]


async def test_the_arm_that_suits_best_is_chosen_with_its_tag() -> None:
    def arm(value: Any, python_type: Any) -> str:
        type_ = flyte.types.TypeEngine.to_literal_type(python_type)
        return to_literal("x", value, type_).scalar.union.type.structure.tag or "none"

    assert arm(1, float | int) == "int"
    assert arm(1, float | str) == "float"
    assert arm(1.0, int | float) == "float"
    assert arm(True, int | bool) == "bool"
    assert arm("a", int | str | None) == "str"
    assert arm(None, int | None) == "none"


SENTENCES: list[tuple[Any, T, str]] = [
    ("x", INTEGER, "Input 'a' must be an int, and is the str 'x'."),
    (True, INTEGER, "Input 'a' must be an int, and is the bool True."),
    (1, BOOLEAN, "Input 'a' must be a bool, and is the int 1."),
    (1.5, INTEGER, "Input 'a' must be an int, and is the float 1.5."),
    (2**63, INTEGER, f"Input 'a' must be an int of at most 64 bits, and is the int {2**63}."),
    (None, STRING, "Input 'a' must be a str, and is None."),
    ([1, "x"], list_of(INTEGER), "Input 'a' must be a list[int], and its [1] is the str 'x', not an int."),
    (
        {"k": [1, None]},
        dict_of(list_of(FLOAT)),
        "Input 'a' must be a dict[str, list[float]], and its ['k'][1] is None, not a float.",
    ),
    ("abc", list_of(STRING), "Input 'a' must be a list[str], and is the str 'abc'."),
    ({1: 2}, dict_of(INTEGER), "Input 'a' must be a dict[str, int], and is the dict {1: 2}. Its key 1 is no str."),
    ("x", union_of(INTEGER, NONE), "Input 'a' must be int | None, and is the str 'x'."),
    (
        ["x"],
        union_of(list_of(INTEGER), NONE),
        "Input 'a' must be list[int] | None, and its [0] is the str 'x', not an int.",
    ),
    ("\ud800", STRING, "Input 'a' must be a str of valid Unicode, and is the str '\\ud800'."),
]


@pytest.mark.parametrize(("value", "type_", "sentence"), SENTENCES)
def test_the_wrong_value_is_one_sentence(value: Any, type_: T, sentence: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        to_literal("a", value, type_)
    assert str(caught.value) == sentence


async def test_what_has_to_be_uploaded_says_so(tmp_path: Path) -> None:
    file = flyte.types.TypeEngine.to_literal_type(flyte.io.File)
    with pytest.raises(InvalidArgumentError, match=r"Upload it with upload_file\(\)"):
        to_literal("f", tmp_path, file)
    with pytest.raises(InvalidArgumentError, match="must be a File"):
        to_literal("f", FileRef("s3://b/d", is_dir=True), file)
    with pytest.raises(InvalidArgumentError, match="upload_file"):
        to_literal("d", object(), flyte.types.TypeEngine.to_literal_type(flyte.io.DataFrame))


async def test_fields_are_checked() -> None:
    point = flyte.types.TypeEngine.to_literal_type(Point)
    assert type_name(point) == "Point"
    with pytest.raises(InvalidArgumentError, match="It has no field 'y'; its fields are name, x"):
        to_literal("p", {"x": 1, "y": 2}, point)
    with pytest.raises(InvalidArgumentError, match="It lacks 'x'"):
        to_literal("p", {"name": "q"}, point)
    with pytest.raises(InvalidArgumentError, match="Input 'p' must be a Point, and is the int 3"):
        to_literal("p", 3, point)
    with pytest.raises(InvalidArgumentError, match="for which there is no form"):
        to_literal("d", {"a": object()}, flyte.types.TypeEngine.to_literal_type(dict))


async def test_nothing_is_pickled_and_a_pickle_can_be_handed_on() -> None:
    type_ = flyte.types.TypeEngine.to_literal_type(set)
    with pytest.raises(InvalidArgumentError, match="only the flyte SDK makes"):
        to_literal("s", {1}, type_)
    literal = to_literal("s", OpaqueValue("set", 3, data=b"\x80\x05."), type_)
    assert literal.scalar.union.value.scalar.binary.value == b"\x80\x05."


def test_names_of_types_read_like_python() -> None:
    assert type_name(dict_of(list_of(union_of(INTEGER, NONE)))) == "dict[str, list[int | None]]"
    assert type_name(T(enum_type=types_pb2.EnumType(values=["A", "B"]))) == "Enum(A, B)"
    assert type_name(T()) == "object"


KINDS = [
    (INTEGER, st.integers(-(2**63), 2**63 - 1)),
    (FLOAT, st.floats(allow_nan=False)),
    (STRING, st.text()),
    (BOOLEAN, st.booleans()),
    (
        DATETIME,
        st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(timezone.utc)),
    ),
    (DURATION, st.timedeltas(timedelta(days=-3_000_000), timedelta(days=3_000_000))),
    (BINARY, st.binary().filter(lambda data: not data.startswith(b"\x80"))),
    (simple(9), st.dictionaries(st.text() | st.integers(0, 9), st.none() | st.integers(0, 9) | st.lists(st.text()))),
]


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 3) -> tuple[T, Any]:
    shape = draw(st.sampled_from(["simple", "list", "dict", "union"] if depth else ["simple"]))
    if shape == "simple":
        type_, values = draw(st.sampled_from(KINDS))
        return type_, draw(values)
    type_, value = draw(typed_values(depth - 1))
    if shape == "list":
        return list_of(type_), [value] * draw(st.integers(0, 3))
    if shape == "dict":
        return dict_of(type_), dict.fromkeys(draw(st.sets(st.text(), max_size=3)), value)
    return union_of(type_, NONE), draw(st.sampled_from([value, None]))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(typed_values())
def test_everything_that_can_be_written_reads_back(typed: tuple[T, Any]) -> None:
    type_, value = typed
    literal = to_literal("x", value, type_)
    assert to_python(type(literal).FromString(literal.SerializeToString()), type_) == value


def test_not_a_number() -> None:
    assert math.isnan(to_python(to_literal("x", math.nan, FLOAT)))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANYTHING, typed_values())
def test_whatever_is_given_is_written_or_refused(value: Any, typed: tuple[T, Any]) -> None:
    try:
        literal = to_literal("x", value, typed[0])
    except InvalidArgumentError as error:
        assert error.message.startswith("Input 'x' must be")  # noqa: PT017
    else:
        assert interface_pb2.Parameter(default=literal).default == literal
