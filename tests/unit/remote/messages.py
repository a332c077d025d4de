"""Made-up messages: whatever a backend could send, for hypothesis."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from hypothesis import strategies as st

M = TypeVar("M", bound=Message)

_NUMBERS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(-1, 20),
}
_TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["msgpack", "PythonPickle", "FlytePickle", "o0", "parquet"]))
_BYTES = st.one_of(st.binary(max_size=24), st.sampled_from([b"\x81\xa1a\x01", b"\x80\x04.", b"\x91" * 600]))


@st.composite
def messages(draw: st.DrawFn, kind: type[M], depth: int = 5) -> M:
    """A message of a kind with any of its fields set to anything."""
    message = kind()
    _fill(draw, message, kind.DESCRIPTOR, depth)
    return message


@st.composite
def damaged(draw: st.DrawFn, kind: type[M], examples: list[bytes]) -> M:
    """What comes out of an example of a kind in which some bytes were changed; empty where it is no message."""
    data = bytearray(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(1, 4))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    message = kind()
    try:
        message.MergeFromString(bytes(data))
    except DecodeError:
        return kind()
    return message


def _fill(draw: st.DrawFn, message: Any, descriptor: Any, depth: int) -> None:
    # Of the members of a oneof only the last one set stays, so each gets its turn.
    chosen = {oneof.name: draw(st.sampled_from([*oneof.fields, None])) for oneof in descriptor.oneofs}
    for field in descriptor.fields:
        if field is not chosen[field.containing_oneof.name] if field.containing_oneof else not draw(st.booleans()):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            entry = field.message_type.fields_by_name["value"]
            if entry.message_type is None:
                getattr(message, field.name)[draw(_TEXTS)] = draw(_value(entry))
            elif depth:
                _fill(draw, getattr(message, field.name)[draw(_TEXTS)], entry.message_type, depth - 1)
        elif field.message_type is not None:
            if not depth:
                continue
            if field.is_repeated:
                for _ in range(draw(st.integers(0, 2))):
                    _fill(draw, getattr(message, field.name).add(), field.message_type, depth - 1)
            else:
                part = getattr(message, field.name)
                part.SetInParent()
                _fill(draw, part, field.message_type, depth - 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(_value(field), max_size=2)))
        else:
            setattr(message, field.name, draw(_value(field)))


def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    return _NUMBERS.get(field.cpp_type, _TEXTS)
