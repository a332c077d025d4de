from __future__ import annotations

import importlib
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.core import literals_pb2, types_pb2
from flyteidl2.task import common_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from google.protobuf import json_format, struct_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flyte_jupyter.remote import (
    DatasetRef,
    ErrorValue,
    FileRef,
    InvalidArgumentError,
    OffloadedRef,
    OpaqueValue,
    ServerError,
)
from flyte_jupyter.remote._data import inputs_of, outputs_of
from flyte_jupyter.remote._literals import to_python
from tests.unit.remote.messages import damaged, messages


def decode(text: str, type_: types_pb2.LiteralType | None = None) -> Any:
    return to_python(literals_pb2.Literal.FromString(bytes.fromhex(text)), type_)


def binary(value: bytes, tag: str = "msgpack") -> literals_pb2.Literal:
    return literals_pb2.Literal(scalar=literals_pb2.Scalar(binary=literals_pb2.Binary(value=value, tag=tag)))


def packed(value: object) -> bytes:
    return importlib.import_module("msgpack").packb(value)


def declared(**metadata: Any) -> types_pb2.LiteralType:
    return types_pb2.LiteralType(metadata=json_format.ParseDict(metadata, struct_pb2.Struct()))


# What the SDK's type engine writes, byte for byte.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0a040a020805", 5),
        ("0a0d0a0b08ffffffffffffffffff01", -1),
        ("0a040a020800", 0),
        ("0a040a021a00", ""),
        ("0a040a022000", False),
        ("0a0b0a0911000000000000f83f", 1.5),
        ("0a060a041a026869", "hi"),
        ("0a100a0e2a0c08a5ebdcca061080eba5c302", datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)),
        ("0a0e0a0c320a0882a3051080cab5ee01", timedelta(days=1, seconds=2.5)),
        ("0a022a00", None),
        ("0a154a130a060a040a020807120908015a050a03696e74", 7),
        ("0a144a120a040a022a00120a08005a060a046e6f6e65", None),
        ("12100a060a040a0208010a060a040a020802", [1, 2]),
        ("1200", []),
        ("1a0d0a0b0a016112060a040a020801", {"a": 1}),
        ("0a161a140a0982a16101a1629201c012076d73677061636b", {"a": 1, "b": [1, None]}),
        ("0a191a170a0c83a16101a16291a178a163c012076d73677061636b", {"a": 1, "b": ["x"], "c": None}),
        ("0a070a051a03524544", "RED"),
        ("0a071a050a03616263", b"abc"),
        ("0a1412120a020a001a0c73333a2f2f622f6b2e747874", FileRef("s3://b/k.txt")),
        ("0a1312110a040a0210011a0973333a2f2f622f642f", FileRef("s3://b/d/", is_dir=True)),
        ("0a1242100a0a73333a2f2f622f64662f12020a00", DatasetRef("s3://b/df/")),
        ("0a1b42190a0a73333a2f2f622f64662f120b0a09120770617271756574", DatasetRef("s3://b/df/", "parquet")),
        ("0a123a100a0e0a016e1209110000000000001440", {"n": 5.0}),
        ("0a0e220c0a0a73333a2f2f622f736368", DatasetRef("s3://b/sch", kind="schema")),
        ("0a0c320a0a0261301204626f6f6d", ErrorValue("boom", "a0")),
        ("22016842160a0b73333a2f2f622f6c2e70621080dac4091a020803", OffloadedRef("s3://b/l.pb", 20_000_000)),
        ("", None),
        ("0a00", None),
    ],
)
def test_what_the_sdk_writes(text: str, value: Any) -> None:
    result = decode(text)
    assert result == value
    assert type(result) is type(value)


def test_tuples_are_unwrapped_by_the_title_of_their_type() -> None:
    data = packed({"item_0": 1, "item_1": "x"})
    assert to_python(binary(data), declared(title="TupleWrapper_ab12")) == (1, "x")
    assert to_python(binary(data)) == {"item_0": 1, "item_1": "x"}
    point = to_python(binary(packed({"x": 1, "y": 2})), declared(title="NamedTupleWrapper_Point"))
    assert point == (1, 2)
    assert (point.x, point.y) == (1, 2)


def test_dicts_may_have_other_keys_than_text() -> None:
    assert to_python(binary(packed({1: "a"}))) == {1: "a"}


def test_struct_numbers_are_integers_where_the_schema_says_so() -> None:
    literal = literals_pb2.Literal.FromString(bytes.fromhex("0a123a100a0e0a016e1209110000000000001440"))
    schema = declared(type="object", properties={"n": {"type": "integer"}})
    value = to_python(literal, schema)
    assert value == {"n": 5}
    assert isinstance(value["n"], int)


class Bomb:
    """Unpickling this fails the test."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_stay_closed(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(Bomb(), protocol)
    type_ = declared(python_class_name="my.Bomb")
    type_.structure.tag = "FlytePickle"
    value = to_python(binary(data, tag=""), type_)
    assert value == OpaqueValue("my.Bomb", len(data), data=data)
    assert value.save(tmp_path / "bomb").read_bytes() == data
    assert to_python(binary(data, tag="")) == OpaqueValue("pickle", len(data), data=data)


def test_big_pickles_are_references(tmp_path: Path) -> None:
    literal = literals_pb2.Literal()
    literal.scalar.blob.uri = str(tmp_path / "there")
    literal.scalar.blob.metadata.type.format = "PythonPickle"
    (tmp_path / "there").write_bytes(pickle.dumps(Bomb()))
    value = to_python(literal, local=True)
    assert value == OpaqueValue("pickle", None, str(tmp_path / "there"))
    assert value.save(tmp_path / "x").read_bytes() == (tmp_path / "there").read_bytes()
    with pytest.raises(InvalidArgumentError, match="not this one"):
        to_python(literal).save(tmp_path / "y")


def test_unknown_tags_and_broken_msgpack_are_opaque() -> None:
    assert to_python(binary(b"abc", "cbor")) == OpaqueValue("cbor", 3, data=b"abc")
    broken = to_python(binary(b"\xdd\xff\xff\xff\xff"))
    assert isinstance(broken, OpaqueValue)
    assert isinstance(to_python(binary(b"")), OpaqueValue)


def test_dates_beyond_python_s_are_opaque() -> None:
    literal = literals_pb2.Literal()
    literal.scalar.primitive.datetime.seconds = 10**15
    assert isinstance(to_python(literal), OpaqueValue)
    literal.scalar.primitive.duration.seconds = 10**15
    assert isinstance(to_python(literal), OpaqueValue)


def test_depth_is_bounded() -> None:
    literal = literals_pb2.Literal()
    inner = literal
    for _ in range(90):
        inner = inner.collection.literals.add()
    value: Any = to_python(literal)
    while isinstance(value, list) and value:
        value = value[0]
    assert isinstance(value, OpaqueValue)


WRITTEN = [
    bytes.fromhex(text)
    for text in (
        "0a161a140a0982a16101a1629201c012076d73677061636b",
        "0a100a0e2a0c08a5ebdcca061080eba5c302",
        "0a154a130a060a040a020807120908015a050a03696e74",
        "1a0d0a0b0a016112060a040a020801",
        "0a1b42190a0a73333a2f2f622f64662f120b0a09120770617271756574",
        "0a123a100a0e0a016e1209110000000000001440",
        "22016842160a0b73333a2f2f622f6c2e70621080dac4091a020803",
        "1200",
    )
]


@settings(max_examples=300, deadline=None)
@given(damaged(literals_pb2.Literal, WRITTEN), messages(types_pb2.LiteralType, depth=3))
def test_damaged_literals_never_crash_the_decoder(literal: literals_pb2.Literal, type_: types_pb2.LiteralType) -> None:
    repr(to_python(literal, type_))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(messages(literals_pb2.Literal), messages(types_pb2.LiteralType, depth=3))
def test_made_up_literals_never_crash_the_decoder(literal: literals_pb2.Literal, type_: types_pb2.LiteralType) -> None:
    repr(to_python(literal, type_))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(messages(common_pb2.Outputs, depth=4), messages(common_pb2.Inputs, depth=4))
def test_made_up_outputs_can_be_shown(outputs: common_pb2.Outputs, inputs: common_pb2.Inputs) -> None:
    details = definition.ActionDetails()
    found = outputs_of(details, outputs)
    assert len(found) == len(found.named_outputs)
    repr(found)
    repr(inputs_of(details, inputs))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), json_like))
def test_whatever_is_packed_comes_back(value: dict[str, Any]) -> None:
    assert to_python(binary(packed(value))) == value


def test_bombs_stay_small() -> None:
    claims = b"\xdd\x7f\xff\xff\xff"  # an array of two billion, of which nothing follows
    assert isinstance(to_python(binary(claims)), OpaqueValue)
    assert isinstance(to_python(binary(claims * 1000)), OpaqueValue)
    nested = b"\x91" * 400 + b"\xc0"
    assert to_python(binary(nested)) == OpaqueValue("nested deeper than 64 levels", 401, data=nested)
    big = b"\xdd" + (33 * 2**20).to_bytes(4, "big") + b"\x80" * (33 * 2**20)  # a dictionary for each byte
    value = to_python(binary(big))
    assert isinstance(value, OpaqueValue)
    assert value.size == len(big)


def test_timestamps_and_extensions_of_msgpack() -> None:
    library = importlib.import_module("msgpack")
    moment = datetime(2026, 1, 2, tzinfo=timezone.utc)
    assert to_python(binary(library.packb({"t": moment}, datetime=True))) == {"t": moment}
    assert to_python(binary(library.packb(library.ExtType(42, b"abc")))) == OpaqueValue(
        "msgpack extension 42", 3, data=b"abc"
    )


def test_a_named_tuple_s_title_is_not_code() -> None:
    for title in ("x: print(1)", "class", "a b", "__import__('os')"):
        value = to_python(binary(packed({"x; y": 1})), declared(title=f"NamedTupleWrapper_{title}"))
        assert type(value).__name__ == "NamedTuple"
        assert value == (1,)
    many = {f"f{n}": n for n in range(300)}
    assert to_python(binary(packed(many)), declared(title="NamedTupleWrapper_P")) == many


def test_numbers_that_json_has_not() -> None:
    literal = literals_pb2.Literal()
    literal.scalar.generic.fields["n"].number_value = float("inf")
    assert isinstance(to_python(literal), OpaqueValue)
    literal.scalar.generic.fields["n"].number_value = 1
    assert to_python(literal, types_pb2.LiteralType(metadata=struct_pb2.Struct())) == {"n": 1.0}


def test_many_outputs_keep_their_order() -> None:
    outputs = common_pb2.Outputs()
    for n in range(12):
        outputs.literals.add(name=f"o{n}").value.scalar.primitive.integer = n
    shuffled = common_pb2.Outputs(literals=sorted(outputs.literals, key=lambda each: each.name))
    assert outputs_of(definition.ActionDetails(), shuffled) == tuple(range(12))
    long = "o" + "9" * 5000
    outputs.literals.add(name=long).value.scalar.primitive.integer = 12
    assert outputs_of(definition.ActionDetails(), outputs).named_outputs[long] == 12


def test_an_offloaded_value_is_fetched(tmp_path: Path) -> None:
    inner = literals_pb2.Literal()
    inner.collection.literals.add().scalar.primitive.integer = 7
    (tmp_path / "l.pb").write_bytes(inner.SerializeToString())
    literal = literals_pb2.Literal()
    literal.offloaded_metadata.uri = str(tmp_path / "l.pb")
    literal.offloaded_metadata.size_bytes = inner.ByteSize()
    assert to_python(literal, local=True).fetch() == [7]
    (tmp_path / "l.pb").write_bytes(b"\xff\xff")
    with pytest.raises(ServerError, match="not a literal"):
        to_python(literal, local=True).fetch()
