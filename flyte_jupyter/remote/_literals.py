"""Flyte's literals as Python values, without the SDK and without ever unpickling."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _packed
from flyte_jupyter.remote._values import DatasetRef, ErrorValue, FileRef, OffloadedRef, OpaqueValue

if TYPE_CHECKING:
    from flyteidl2.core.literals_pb2 import Binary, Blob, Literal, LiteralOffloadedMetadata, Primitive, Scalar
    from flyteidl2.core.types_pb2 import LiteralType
    from flyteidl2.workflow.run_definition_pb2 import ActionDetails

MAX_DEPTH = 64
"""How deep values may be nested; what lies deeper is an `OpaqueValue`."""


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


def to_python(literal: Literal, type_: LiteralType | None = None, *, local: bool = False) -> Any:
    """The Python value of a literal.

    Primitives, lists, dicts, dataclasses and models (as dicts), tuples and enums (as their names) are themselves;
    files, directories, data frames and offloaded values are references; what only Python itself could read is an
    `OpaqueValue`.

    Args:
        literal: The literal; it tells most by itself.
        type_: Its declared type, which refines names of classes and tells tuples from dicts.
        local: The backend is on this machine, so that references to its files can be read as files.

    Returns:
        The value. A literal that cannot be decoded is an `OpaqueValue` too; nothing is raised.
    """
    return _Reader(local).literal(literal, type_, 0)


class _Reader:
    def __init__(self, local: bool) -> None:
        self._local = local

    def literal(self, literal: Literal, type_: LiteralType | None, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return OpaqueValue(f"nested deeper than {MAX_DEPTH} levels", literal.ByteSize())
        kind = literal.WhichOneof("value")
        try:
            if kind == "scalar":
                return self._scalar(literal.scalar, type_, depth)
            if kind == "collection":
                item = type_.collection_type if type_ is not None and type_.HasField("collection_type") else None
                return [self.literal(element, item, depth + 1) for element in literal.collection.literals]
            if kind == "map":
                item = type_.map_value_type if type_ is not None and type_.HasField("map_value_type") else None
                entries = sorted(literal.map.literals.items())  # a message keeps no order
                return {key: self.literal(value, item, depth + 1) for key, value in entries}
            if kind == "offloaded_metadata":
                return self._offloaded(literal.offloaded_metadata, type_)
        except (ValueError, OverflowError, TypeError):
            # A date outside of Python's range, broken msgpack: show that there is something, and how much.
            data = literal.SerializeToString()
            return OpaqueValue("not decodable", len(data), data=data)
        return None

    def _scalar(self, scalar: Scalar, type_: LiteralType | None, depth: int) -> Any:
        kind = scalar.WhichOneof("value")
        if kind == "primitive":
            return _primitive(scalar.primitive)
        if kind == "union":
            return self.literal(scalar.union.value, scalar.union.type, depth + 1)
        if kind == "binary":
            return _binary(scalar.binary, type_)
        if kind == "blob":
            return self._blob(scalar.blob, type_)
        if kind == "structured_dataset":
            dataset = scalar.structured_dataset
            declared = dataset.metadata.structured_dataset_type
            columns = tuple(column.name for column in declared.columns)
            return DatasetRef(dataset.uri, declared.format, columns, local=self._local)
        if kind == "schema":
            columns = tuple(column.name for column in scalar.schema.type.columns)
            return DatasetRef(scalar.schema.uri, columns=columns, kind="schema", local=self._local)
        if kind == "generic":
            return _packed.struct(scalar.generic, _packed.declared(type_))
        if kind == "error":
            return ErrorValue(scalar.error.message, scalar.error.failed_node_id)
        return None

    def _blob(self, blob: Blob, type_: LiteralType | None) -> FileRef | OpaqueValue:
        described = blob.metadata.type
        if described.format == "PythonPickle":
            return OpaqueValue(_packed.class_name(type_) or "pickle", None, blob.uri, local=self._local)
        return FileRef(blob.uri, described.format, int(described.dimensionality) == 1, local=self._local)

    def _offloaded(self, metadata: LiteralOffloadedMetadata, type_: LiteralType | None) -> OffloadedRef:
        inferred = metadata.inferred_type if metadata.HasField("inferred_type") else type_
        return OffloadedRef(metadata.uri, metadata.size_bytes, type=inferred, local=self._local)


def _primitive(primitive: Primitive) -> Any:
    kind = primitive.WhichOneof("value")
    if kind == "datetime":
        # A value is itself or cannot be decoded, never the nearest that there is.
        return primitive.datetime.ToDatetime(tzinfo=timezone.utc)
    if kind == "duration":
        return primitive.duration.ToTimedelta()
    return None if kind is None else getattr(primitive, kind)


def _binary(binary: Binary, type_: LiteralType | None) -> Any:
    if binary.tag == "msgpack":
        return _packed.msgpack(binary.value, _packed.declared(type_))
    if _is_pickle(binary.value, type_):
        return OpaqueValue(_packed.class_name(type_) or "pickle", len(binary.value), data=binary.value)
    if binary.tag:
        return OpaqueValue(binary.tag, len(binary.value), data=binary.value)
    return binary.value


def _is_pickle(data: bytes, type_: LiteralType | None) -> bool:
    if type_ is not None and type_.structure.tag == "FlytePickle":
        return True
    return data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data[-1:] == b"."
