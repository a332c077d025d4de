"""Dicts, dataclasses, models and tuples as the msgpack that the SDK reads."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import uuid
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from flyte_jupyter.remote import _interface as kinds
from flyte_jupyter.remote._values import DatasetRef, FileRef

if TYPE_CHECKING:
    from flyteidl2.core.types_pb2 import LiteralType


def struct_problem(value: Any, type_: LiteralType) -> str | None:
    """What is wrong with a value for a type of named fields: None if nothing, "" if it is of another kind altogether.

    Looks at the names of the fields, not into them: the task itself does.
    """
    schema = kinds.schema_of(type_)
    title = str(schema.get("title", ""))
    if title.startswith(("TupleWrapper_", "NamedTupleWrapper_")):
        if not isinstance(value, tuple):
            return ""
        length = len(schema.get("properties") or {})
        count = len(cast("tuple[Any, ...]", value))
        return None if count == length or not length else f"It has {length} items, not {count}."
    fields = _fields(value)
    if fields is None:
        return ""
    declared: Mapping[str, Any] = schema.get("properties") or {}
    if not declared:
        return None
    unknown = [str(name) for name in fields if name not in declared]
    if unknown and schema.get("additionalProperties") is not True:
        return f"It has no field {unknown[0]!r}; its fields are {', '.join(sorted(declared))}."
    missing = [name for name in schema.get("required") or () if name not in fields]
    return f"It lacks {', '.join(map(repr, missing))}." if missing else None


def pack(value: Any, type_: LiteralType) -> bytes:
    """A value of named fields as msgpack.

    Raises:
        ValueError: Something in it cannot be written so.
    """
    title = str(kinds.schema_of(type_).get("title", ""))
    if title.startswith("TupleWrapper_"):
        value = {f"item_{place}": item for place, item in enumerate(value)}
    elif title.startswith("NamedTupleWrapper_"):
        value = value._asdict() if hasattr(value, "_asdict") else _by_schema(value, type_)
    elif not isinstance(value, Mapping):
        value = cast("Any", _fields(value))
    msgpack: Any = importlib.import_module("msgpack")
    try:
        return msgpack.packb(value, default=_default, datetime=False)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"It cannot be written: {str(error).rstrip('.')}.") from None


def _by_schema(value: tuple[Any, ...], type_: LiteralType) -> dict[str, Any]:
    # The properties of a schema come in no order; what is required is a list.
    names: list[str] = list(kinds.schema_of(type_).get("required") or ())
    if len(names) != len(value):
        raise ValueError("Give a NamedTuple with its fields.")
    return dict(zip(names, value, strict=True))


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """The named fields of a dict, dataclass or model; None for anything else."""
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Not asdict: that would copy what is inside, and what is inside may be a model.
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        return dump(mode="json")
    return None


def _default(value: Any) -> Any:
    """What stands in msgpack for what it has no form for: the forms that the SDK reads."""
    if isinstance(value, FileRef):
        return {"path": value.uri, "format": value.format}
    if isinstance(value, DatasetRef):
        return {"uri": value.uri, "format": value.format}
    fields = _fields(value)
    if fields is not None:
        return dict(fields)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, set | frozenset):
        return list(cast("set[Any]", value))
    if isinstance(value, uuid.UUID | PurePath | Decimal):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it contains a {type(value).__name__}, for which there is no form")
