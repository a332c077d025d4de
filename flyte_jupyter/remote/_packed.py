"""Values that come as one piece inside of a literal: msgpack and Struct, with the JSON schema of their type."""

from __future__ import annotations

import collections
import importlib
import keyword
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from flyte_jupyter.remote._values import OpaqueValue

if TYPE_CHECKING:
    from flyteidl2.core.types_pb2 import LiteralType
    from google.protobuf.struct_pb2 import Struct

_MAX_BYTES = 32 * 1024 * 1024
_MAX_DEPTH = 64
_MAX_FIELDS = 255


def declared(type_: LiteralType | None) -> dict[str, Any]:
    """What a type's metadata says: the JSON schema of a dataclass or model, or the name of a class."""
    if type_ is None or not type_.HasField("metadata"):
        return {}
    try:
        return _to_dict(type_.metadata)
    except ValueError:
        return {}


def class_name(type_: LiteralType | None) -> str:
    """The name of the Python class that a type declares, "" if none."""
    return str(declared(type_).get("python_class_name", ""))


def msgpack(data: bytes, schema: Mapping[str, Any]) -> Any:
    """The value of msgpack bytes; what is too big or too deep to be shown is an `OpaqueValue`.

    Raises:
        ValueError, TypeError: The bytes are not msgpack, or not of what Python can hold.
    """
    if len(data) > _MAX_BYTES:
        # One byte may stand for an object of a hundred.
        return OpaqueValue("msgpack", len(data), data=data)
    library: Any = importlib.import_module("msgpack")
    value = library.unpackb(data, strict_map_key=False, timestamp=3, ext_hook=_extension)
    if _is_deep(value):
        return OpaqueValue(f"nested deeper than {_MAX_DEPTH} levels", len(data), data=data)
    return _untuple(value, schema)


def struct(message: Struct, schema: Mapping[str, Any]) -> Any:
    """The value of a Struct, which knows floats only: integers where the schema declares them.

    Raises:
        ValueError: It holds numbers that JSON has not.
    """
    return _fold_integers(_to_dict(message), schema)


def _to_dict(message: Struct) -> dict[str, Any]:
    from google.protobuf import json_format

    try:
        return json_format.MessageToDict(message)
    except json_format.Error as error:
        raise ValueError(str(error)) from None


def _extension(code: int, data: bytes) -> OpaqueValue:
    return OpaqueValue(f"msgpack extension {code}", len(data), data=data)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(cast("dict[Any, Any]", each).values())
            elif isinstance(each, list):
                below.extend(cast("list[Any]", each))
        if not below:
            return False
        level = below
    return True


def _untuple(value: Any, schema: Mapping[str, Any]) -> Any:
    """Makes the wrapper that the SDK puts around a tuple a tuple again."""
    title = str(schema.get("title", ""))
    if not isinstance(value, dict):
        return value
    fields = cast("dict[Any, Any]", value)
    if title.startswith("TupleWrapper_") and all(f"item_{index}" in fields for index in range(len(fields))):
        return tuple(fields[f"item_{index}"] for index in range(len(fields)))
    if title.startswith("NamedTupleWrapper_") and all(isinstance(name, str) for name in fields):
        name = title.removeprefix("NamedTupleWrapper_")
        name = name if name.isidentifier() and not keyword.iskeyword(name) else "NamedTuple"
        if len(fields) <= _MAX_FIELDS:
            # The fields are not known before; namedtuple itself refuses names that are not identifiers.
            make: Any = collections.namedtuple(name, list(fields), rename=True)  # pyright: ignore[reportUntypedNamedTuple]
            return make(*fields.values())
    return fields


def _fold_integers(value: Any, schema: Any) -> Any:
    known: Mapping[str, Any] = cast("Mapping[str, Any]", schema) if isinstance(schema, Mapping) else {}
    if known.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        listed = known.get("properties")
        properties: Mapping[str, Any] = cast("Mapping[str, Any]", listed) if isinstance(listed, Mapping) else {}
        fields = cast("dict[str, Any]", value)
        return {name: _fold_integers(item, properties.get(name)) for name, item in fields.items()}
    if isinstance(value, list):
        return [_fold_integers(item, known.get("items")) for item in cast("list[Any]", value)]
    return value
