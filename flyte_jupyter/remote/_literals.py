"""Flyte's literals as Python values, without the SDK and without ever unpickling."""

from __future__ import annotations

import collections
import importlib
import keyword
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from flyte_jupyter.remote._common import to_datetime
from flyte_jupyter.remote._values import DatasetRef, ErrorValue, FileRef, OffloadedRef, OpaqueValue

if TYPE_CHECKING:
    from flyteidl2.core.literals_pb2 import Binary, Blob, Literal, Primitive, Scalar
    from flyteidl2.core.types_pb2 import LiteralType
    from flyteidl2.workflow.run_definition_pb2 import ActionDetails

_MAX_DEPTH = 64


def literal_types(details: ActionDetails, side: str) -> dict[str, LiteralType]:
    """The declared types of an action's "inputs" or "outputs", in the order of its interface."""
    spec = details.WhichOneof("spec")
    if spec == "task":
        interface = details.task.task_template.interface
    elif spec == "trace":
        interface = details.trace.interface
    else:
        return {}
    variables = interface.inputs if side == "inputs" else interface.outputs
    return {entry.key: entry.value.type for entry in variables.variables}


def to_python(literal: Literal, type_: LiteralType | None = None) -> Any:
    """The Python value of a literal.

    Primitives, lists, dicts, dataclasses and models (as dicts), tuples and enums (as their names) are themselves;
    files, directories, data frames and offloaded values are references; what only Python itself could read is an
    `OpaqueValue`.

    Args:
        literal: The literal; it tells most by itself.
        type_: Its declared type, which refines names of classes and tells tuples from dicts.

    Returns:
        The value. A literal that cannot be decoded is an `OpaqueValue` too; nothing is raised.
    """
    return _literal(literal, type_, 0)


def _literal(literal: Literal, type_: LiteralType | None, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return OpaqueValue(f"nested deeper than {_MAX_DEPTH} levels", literal.ByteSize())
    kind = literal.WhichOneof("value")
    try:
        if kind == "scalar":
            return _scalar(literal.scalar, type_, depth)
        if kind == "collection":
            item = type_.collection_type if type_ is not None and type_.HasField("collection_type") else None
            return [_literal(element, item, depth + 1) for element in literal.collection.literals]
        if kind == "map":
            item = type_.map_value_type if type_ is not None and type_.HasField("map_value_type") else None
            return {key: _literal(value, item, depth + 1) for key, value in literal.map.literals.items()}
        if kind == "offloaded_metadata":
            return OffloadedRef(literal.offloaded_metadata.uri, literal.offloaded_metadata.size_bytes)
    except (ValueError, OverflowError, TypeError):
        # A date outside of Python's range, broken msgpack: show that there is something, and how much.
        data = literal.SerializeToString()
        return OpaqueValue("not decodable", len(data), data=data)
    return None


def _scalar(scalar: Scalar, type_: LiteralType | None, depth: int) -> Any:
    kind = scalar.WhichOneof("value")
    if kind == "primitive":
        return _primitive(scalar.primitive)
    if kind == "union":
        return _literal(scalar.union.value, scalar.union.type, depth + 1)
    if kind == "binary":
        return _binary(scalar.binary, type_)
    if kind == "blob":
        return _blob(scalar.blob, type_)
    if kind == "structured_dataset":
        dataset = scalar.structured_dataset
        declared = dataset.metadata.structured_dataset_type
        return DatasetRef(dataset.uri, declared.format, tuple(column.name for column in declared.columns))
    if kind == "schema":
        columns = tuple(column.name for column in scalar.schema.type.columns)
        return DatasetRef(scalar.schema.uri, columns=columns, kind="schema")
    if kind == "generic":
        from google.protobuf.json_format import MessageToDict

        return _fold_integers(MessageToDict(scalar.generic), _declared(type_))
    if kind == "error":
        return ErrorValue(scalar.error.message, scalar.error.failed_node_id)
    return None


def _primitive(primitive: Primitive) -> Any:
    kind = primitive.WhichOneof("value")
    if kind == "datetime":
        return to_datetime(primitive.datetime)
    if kind == "duration":
        return primitive.duration.ToTimedelta()
    return None if kind is None else getattr(primitive, kind)


def _blob(blob: Blob, type_: LiteralType | None) -> FileRef | OpaqueValue:
    described = blob.metadata.type
    if described.format == "PythonPickle":
        return OpaqueValue(_class_name(type_) or "pickle", None, blob.uri)
    return FileRef(blob.uri, described.format, is_dir=int(described.dimensionality) == 1)


def _binary(binary: Binary, type_: LiteralType | None) -> Any:
    if binary.tag == "msgpack":
        msgpack: Any = importlib.import_module("msgpack")
        return _untuple(msgpack.unpackb(binary.value, strict_map_key=False), _declared(type_))
    if _is_pickle(binary.value, type_):
        return OpaqueValue(_class_name(type_) or "pickle", len(binary.value), data=binary.value)
    if binary.tag:
        return OpaqueValue(binary.tag, len(binary.value), data=binary.value)
    return binary.value


def _is_pickle(data: bytes, type_: LiteralType | None) -> bool:
    if type_ is not None and type_.structure.tag == "FlytePickle":
        return True
    return data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data[-1:] == b"."


def _declared(type_: LiteralType | None) -> dict[str, Any]:
    """What a type's metadata says: the JSON schema of a dataclass or model, or the name of a class."""
    if type_ is None or not type_.HasField("metadata"):
        return {}
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(type_.metadata)


def _class_name(type_: LiteralType | None) -> str:
    return str(_declared(type_).get("python_class_name", ""))


def _untuple(value: Any, schema: dict[str, Any]) -> Any:
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
        # The fields are not known before.
        make: Any = collections.namedtuple(name, list(fields), rename=True)  # pyright: ignore[reportUntypedNamedTuple]
        return make(*fields.values())
    return fields


def _fold_integers(value: Any, schema: Mapping[str, Any]) -> Any:
    """Struct knows floats only: gives the integers back that the schema declares."""
    if schema.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        properties: Mapping[str, Any] = schema.get("properties") or {}
        fields = cast("dict[str, Any]", value)
        return {name: _fold_integers(item, properties.get(name) or {}) for name, item in fields.items()}
    if isinstance(value, list):
        items: Mapping[str, Any] = schema.get("items") or {}
        return [_fold_integers(item, items) for item in cast("list[Any]", value)]
    return value
