"""Python values as Flyte's literals, by the declared type, without the SDK and without ever pickling."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from numbers import Real
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from flyte_jupyter.remote import _interface as kinds
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._encode_struct import pack, struct_problem
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._values import DatasetRef, FileRef, OpaqueValue

if TYPE_CHECKING:
    from flyteidl2.core.literals_pb2 import Literal
    from flyteidl2.core.types_pb2 import LiteralType

_MAX_DEPTH = 64
_INT64 = range(-(2**63), 2**63)


class _MismatchError(Exception):
    """A value, or something inside it, is not what its type wants."""

    def __init__(self, value: Any, wanted: str, hint: str = "", path: str = "") -> None:
        self.value = value
        self.wanted = wanted
        self.hint = hint
        self.path = path


def to_literal(name: str, value: Any, type_: LiteralType) -> Literal:
    """The literal of a Python value.

    Primitives, None, lists, dicts, dataclasses, pydantic models, tuples and members of enums are themselves. A file,
    directory or data frame is given by its URI, a reference (`FileRef`, `DatasetRef`) or the SDK's object; a local one
    has to be uploaded before.

    Args:
        name: The name of the input, for errors.
        value: Its value.
        type_: The type that the task declares.

    Raises:
        InvalidArgumentError: The value is not of that type; the message names the input and the type.

    Example:
        >>> to_literal("n", 5, pb.LiteralType(simple=pb.SimpleType.INTEGER)).scalar.primitive.integer
        5
    """
    try:
        return _encode(value, type_, 0)
    except _MismatchError as error:
        wanted, found = _article(error.wanted), _found(error.value)
        sentence = f"must be {wanted}, and is {found}"
        if error.path:
            sentence = f"must be {_article(kinds.type_name(type_))}, and its {error.path} is {found}, not {wanted}"
        raise InvalidArgumentError(f"Input {name!r} {sentence}.", error.hint) from None


def _encode(value: Any, type_: LiteralType, depth: int) -> Literal:
    if depth > _MAX_DEPTH:
        raise _MismatchError(value, f"nested at most {_MAX_DEPTH} levels deep")
    kind = type_.WhichOneof("type")
    value = _plain(value)
    if kinds.is_pickled(type_):
        return _pickle(value, type_)
    encoder = _ENCODERS.get(kind or "")
    if encoder is None:
        raise _MismatchError(value, kinds.type_name(type_), "Values of this type cannot be given from here.")
    return encoder(value, type_, depth)


def _plain(value: Any) -> Any:
    """A scalar of numpy as Python's own."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def _simple(value: Any, type_: LiteralType, depth: int) -> Literal:
    del depth
    number = int(type_.simple)
    if number == kinds.STRUCT:
        problem = struct_problem(value, type_)
        if problem is not None:
            raise _MismatchError(value, kinds.type_name(type_), problem)
        try:
            return _scalar(binary=pb.Binary(value=pack(value, type_), tag="msgpack"))
        except ValueError as error:
            raise _MismatchError(value, kinds.type_name(type_), str(error)) from None
    if number == kinds.NONE and value is None:
        return _scalar(none_type=pb.Void())
    if number == kinds.BINARY and isinstance(value, bytes | bytearray | memoryview):
        return _scalar(binary=pb.Binary(value=bytes(cast("bytes", value))))
    primitive = _primitive(number, value)
    if primitive is None:
        raise _MismatchError(value, kinds.type_name(type_))
    return _scalar(primitive=primitive)


def _primitive(number: int, value: Any) -> Any:
    if number == kinds.BOOLEAN:
        return pb.Primitive(boolean=value) if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if number == kinds.INTEGER and isinstance(value, int):
        if value not in _INT64:
            raise _MismatchError(value, "int of at most 64 bits")
        return pb.Primitive(integer=value)
    if number == kinds.FLOAT and isinstance(value, Real):
        try:
            return pb.Primitive(float_value=float(value))
        except OverflowError:
            raise _MismatchError(value, "float") from None
    if number == kinds.STRING and isinstance(value, str) and not isinstance(value, enum.Enum):
        return pb.Primitive(string_value=_text(value))
    if number == kinds.DATETIME and isinstance(value, date):
        primitive = pb.Primitive()
        primitive.datetime.FromDatetime(_moment(value))
        return primitive
    if number == kinds.DURATION and isinstance(value, timedelta):
        primitive = pb.Primitive()
        primitive.duration.FromTimedelta(value)
        return primitive
    return None


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _MismatchError(value, "str of valid Unicode") from None
    return value


def _moment(value: date) -> datetime:
    """The moment that a date or a datetime means; without a time zone it is UTC, as it is for the SDK."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)


def _collection(value: Any, type_: LiteralType, depth: int) -> Literal:
    if hasattr(value, "tolist") and not isinstance(value, list | tuple):
        value = value.tolist()
    if not isinstance(value, list | tuple | set | frozenset | range):
        raise _MismatchError(value, kinds.type_name(type_))
    items: list[Any] = list(cast("Any", value))
    literals = [_inside(f"[{place}]", item, type_.collection_type, depth) for place, item in enumerate(items)]
    return pb.Literal(collection=pb.LiteralCollection(literals=literals))


def _map(value: Any, type_: LiteralType, depth: int) -> Literal:
    if not isinstance(value, Mapping):
        raise _MismatchError(value, kinds.type_name(type_))
    items = cast("Mapping[Any, Any]", value)
    wrong = next((key for key in items if not isinstance(key, str)), None)
    if wrong is not None:
        raise _MismatchError(value, kinds.type_name(type_), f"Its key {wrong!r} is no str.")
    literals = {_text(key): _inside(f"[{key!r}]", item, type_.map_value_type, depth) for key, item in items.items()}
    return pb.Literal(map=pb.LiteralMap(literals=literals))


def _inside(place: str, value: Any, type_: LiteralType, depth: int) -> Literal:
    try:
        return _encode(value, type_, depth + 1)
    except _MismatchError as error:
        raise _MismatchError(error.value, error.wanted, error.hint, place + error.path) from None


def _enum(value: Any, type_: LiteralType, depth: int) -> Literal:
    del depth
    values = list(type_.enum_type.values)
    # Newer SDKs declare the names of the members, older ones their values.
    candidates = [value.name, value.value] if isinstance(value, enum.Enum) else [value]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate in values:
            return _scalar(primitive=pb.Primitive(string_value=str(candidate)))
    raise _MismatchError(value, kinds.type_name(type_))


def _blob(value: Any, type_: LiteralType, depth: int) -> Literal:
    del depth
    wanted = kinds.type_name(type_)
    if isinstance(value, PurePath):
        upload = "upload_dir" if kinds.is_directory(type_) else "upload_file"
        raise _MismatchError(value, wanted, f"Upload it with {upload}() and give the URI that this returns.")
    form = type_.blob.format
    if isinstance(value, FileRef):
        if value.is_dir != kinds.is_directory(type_):
            raise _MismatchError(value, wanted)
        uri, form = value.uri, value.format or form
    else:
        uri = value if isinstance(value, str) else _sdk_attribute(value, "path")
    if not uri:
        raise _MismatchError(value, wanted, "Give its URI, or what upload_file() or upload_dir() returned.")
    blob = pb.BlobType(format=form, dimensionality=type_.blob.dimensionality)
    return _scalar(blob=pb.Blob(metadata=pb.BlobMetadata(type=blob), uri=_text(uri)))


def _dataset(value: Any, type_: LiteralType, depth: int) -> Literal:
    del depth
    declared, form = type_.structured_dataset_type, type_.structured_dataset_type.format
    if isinstance(value, DatasetRef):
        uri, form = value.uri, value.format or form
    else:
        uri = value if isinstance(value, str) else _sdk_attribute(value, "uri")
        form = _sdk_attribute(value, "format") or form
    if not uri:
        hint = "Write it to a parquet file, upload that with upload_file() and give the URI."
        raise _MismatchError(value, kinds.type_name(type_), hint)
    described = pb.StructuredDatasetType()
    described.CopyFrom(declared)
    described.format = form
    metadata = pb.StructuredDatasetMetadata(structured_dataset_type=described)
    return _scalar(structured_dataset=pb.StructuredDataset(uri=_text(uri), metadata=metadata))


def _schema(value: Any, type_: LiteralType, depth: int) -> Literal:
    del depth
    uri = value.uri if isinstance(value, DatasetRef) else value
    if not isinstance(uri, str) or not uri:
        raise _MismatchError(value, kinds.type_name(type_), "Give its URI.")
    return _scalar(schema=pb.Schema(uri=_text(uri), type=type_.schema))


def _sdk_attribute(value: Any, name: str) -> str:
    """What the SDK's File, Dir or DataFrame says of itself, "" for anything else."""
    if not any(base.__module__.startswith("flyte.io") for base in type(value).__mro__):
        return ""
    found = getattr(value, name, None)
    return found if isinstance(found, str) else ""


def _pickle(value: Any, type_: LiteralType) -> Literal:
    if isinstance(value, OpaqueValue) and value.uri and type_.WhichOneof("type") == "blob":
        return _scalar(blob=pb.Blob(metadata=pb.BlobMetadata(type=type_.blob), uri=value.uri))
    if isinstance(value, OpaqueValue) and value.data:
        return _scalar(binary=pb.Binary(value=value.data))
    hint = "It travels as a pickle, which only the flyte SDK makes: start the run with flyte.run."
    raise _MismatchError(value, kinds.type_name(type_), hint)


def _union(value: Any, type_: LiteralType, depth: int) -> Literal:
    """The arm that suits a value best; of equals the first."""
    best: tuple[int, Literal, LiteralType] | None = None
    failed: list[_MismatchError] = []
    for variant in type_.union_type.variants:
        try:
            literal = _encode(value, variant, depth + 1)
        except _MismatchError as error:
            failed.append(error)
            continue
        rank = _rank(value, variant)
        if best is None or rank < best[0]:
            best = rank, literal, variant
    if best is None:
        # Where one arm alone takes such a value at all, what it says of the inside helps most.
        deeper = [error for error in failed if error.path]
        if len(deeper) == 1:
            raise deeper[0]
        raise _MismatchError(value, kinds.type_name(type_), next((error.hint for error in failed if error.hint), ""))
    return _scalar(union=pb.Union(value=best[1], type=best[2]))


def _rank(value: Any, type_: LiteralType) -> int:
    """How far an arm that takes a value is from the value's own type."""
    kind = type_.WhichOneof("type")
    if kind == "simple" and int(type_.simple) == kinds.FLOAT:
        return 0 if isinstance(_plain(value), float) else 2
    if kind == "simple" and int(type_.simple) == kinds.STRUCT:
        return 0 if kinds.type_name(type_) == type(value).__name__ else 1
    if isinstance(value, str) and kind != "simple":
        return 1 if kind == "enum_type" else 3
    return 0


def _scalar(**kind: Any) -> Literal:
    return pb.Literal(scalar=pb.Scalar(**kind))


_ENCODERS: dict[str, Callable[[Any, Any, int], Any]] = {
    "simple": _simple,
    "collection_type": _collection,
    "map_value_type": _map,
    "enum_type": _enum,
    "blob": _blob,
    "structured_dataset_type": _dataset,
    "schema": _schema,
    "union_type": _union,
}


def _found(value: Any) -> str:
    if value is None:
        return "None"
    text = repr(value)
    return f"the {type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _article(name: str) -> str:
    if name == "None" or " | " in name or name.startswith("nested"):
        return name
    return f"{'an' if name[:1] in 'aeioAEIO' else 'a'} {name}"
