"""Inputs and outputs as a view shows them: a tree of typed nodes, large values shortened: `NODE` of the protocol."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from flyte_jupyter.live._references import DatasetInRecord, FileInRecord
from flyte_jupyter.remote import DatasetRef, ErrorValue, FileRef, InvalidArgumentError, OffloadedRef, OpaqueValue

Node = dict[str, Any]
Path = tuple[str | int, ...]
Item = tuple[str, Any, Any]  # name, value, path step

ITEMS = 50  # of a list or map that are sent unasked
MORE_ITEMS = 1_000  # that are sent at a time when asked for
TEXT = 200  # characters that are sent unasked
MORE_TEXT = 2_000_000
_INNER_ITEMS = 10  # of what is inside of something
_DEPTH = 4
COLUMNS, ROWS = 20, 50  # of a table
_PREVIEW = 80
_FEW = 3  # items that are shown inside of something


def node(name: str, value: Any, path: Path, code: str, type_: str = "", depth: int = 0) -> Node:
    """One value.

    Args:
        name: What it is called.
        value: The value as `flyte_jupyter.remote` decodes it.
        path: Where it is, for `find`.
        code: The Python expression that makes it.
        type_: Its declared type, "" to name that of the value.
        depth: How deep it stands.
    """
    if isinstance(value, OpaqueValue) and set(type_.split(" | ")) == {"object"}:
        type_ = ""  # the ways in which a pickle may travel, not what it is
    made: Node = {"name": name, "type": type_ or _type(value), "path": list(path)}
    if depth == 0:
        made["code"] = _pasted(code)
    items = children(value)
    if items is not None:
        most = ITEMS if depth == 0 else _INNER_ITEMS
        made |= {"kind": _container(value, type_), "size": len(items), "text": _line(value)}
        inner = itertools.islice(items, most if depth < _DEPTH else 0)
        made["items"] = [
            node(key, item, (*path, step), f"{code}{_step(value, step, key)}", depth=depth + 1)
            for step, (key, item) in enumerate(inner)
        ]
        return made | _records(value)
    return made | _leaf(value, code)


def children(value: Any) -> Sequence[tuple[str, Any]] | None:
    """The named items of a list, tuple or map, None of anything else."""
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in cast("Mapping[Any, Any]", value).items()]
    if isinstance(value, tuple) and hasattr(cast("Any", value), "_fields"):
        return list(zip(cast("Any", value)._fields, cast("Sequence[Any]", value), strict=True))
    if isinstance(value, (list, tuple)):
        return [(str(index), item) for index, item in enumerate(cast("Sequence[Any]", value))]
    return None


def find(value: Any, path: Iterable[str | int], code: str = "") -> tuple[Any, str]:
    """The value at a path of steps, counted from 0, and the Python expression that makes it.

    Raises:
        InvalidArgumentError: There is nothing.
    """
    for step in path:
        items = children(value)
        if items is None or not isinstance(step, int) or not 0 <= step < len(items):
            raise InvalidArgumentError("There is no such value any more.", "Open the action again.")
        key, item = items[step]
        value, code = item, f"{code}{_step(value, step, key)}"
    return value, code


def whole(value: Any, path: Path, code: str, first: int = 0) -> dict[str, Any]:
    """More of a value that was shortened, as much as a page can bear at a time: `VALUE` of the protocol.

    Args:
        value: The value.
        path: Where it is.
        code: The Python expression that makes it.
        first: Of a list or map, the first item that is wanted.
    """
    items = children(value)
    if items is None:
        leaf = _leaf(value, code)
        text = (value if isinstance(value, str) else _plain(value)) if "full" in leaf else str(leaf["text"])
        return {"text": text[:MORE_TEXT], "left_out": max(len(text) - MORE_TEXT, 0), "code": _pasted(code)}
    piece = items[first : first + MORE_ITEMS]
    made = {
        "items": [
            node(key, item, (*path, step), f"{code}{_step(value, step, key)}", depth=1)
            for step, (key, item) in enumerate(piece, first)
        ],
        "left_out": max(len(items) - first - len(piece), 0),
        "code": _pasted(code),
    }
    columns = _columns(value)
    return made | ({"rows": _rows(columns, [item for _, item in piece])} if columns else {})


def _leaf(value: Any, code: str) -> Node:
    if isinstance(value, str):
        return {"kind": "text"} | _text(value)
    if value is None:
        return {"kind": "none", "text": "None"}
    if isinstance(value, FileRef):
        if isinstance(value, FileInRecord):
            code = f"flyte_jupyter.remote.FileRef({code}['path']{', local=True' if value.local else ''})"
        return {"kind": "blob", "text": value.uri, "uri": value.uri, "code": _pasted(f"{code}.download()")}
    if isinstance(value, DatasetRef):
        if isinstance(value, DatasetInRecord):
            local = ", local=True" if value.local else ""
            code = f"flyte_jupyter.remote.DatasetRef({code}['uri'], {value.format!r}{local})"
        known: Node = {"columns": list(value.columns[:COLUMNS]), "rows": []} if value.columns else {}
        return {"kind": "table", "text": value.uri, "uri": value.uri, "code": _pasted(f"{code}.to_pandas()")} | known
    if isinstance(value, OffloadedRef):
        return {
            "kind": "blob",
            "text": value.uri,
            "uri": value.uri,
            "bytes": value.size,
            "code": _pasted(f"{code}.fetch()"),
        }
    if isinstance(value, OpaqueValue):
        made: Node = {"kind": "blob", "text": value.uri, "code": _pasted(f'{code}.save("value.bin")')}
        if value.size is not None:
            made |= {"text": f"{value.size:,} bytes", "bytes": value.size}
        return made | ({"uri": value.uri} if value.uri else {})
    if isinstance(value, ErrorValue):
        return {"kind": "error", "text": value.message}
    if isinstance(value, bytes):
        return {"kind": "blob", "text": f"{len(value):,} bytes", "bytes": len(value), "code": _pasted(code)}
    return {"kind": "value"} | _text(_plain(value))


def _pasted(code: str) -> str:
    """A cell for a notebook, whole: `remote` alone may be the SDK's there."""
    return f"import flyte_jupyter\n{code}"


def _text(whole: str) -> Node:
    text = whole.replace("\r\n", "\n")
    return {"text": text} if len(text) <= TEXT else {"text": f"{text[: TEXT - 1]}…", "full": len(text)}


def _plain(value: Any) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _container(value: Any, type_: str) -> str:
    if not isinstance(value, Mapping):
        return "list"
    return "map" if type_.startswith("dict[") else "record"


def _type(value: Any) -> str:
    if isinstance(value, FileInRecord) and not value.local:
        return "File or Dir"  # the record does not tell
    if isinstance(value, FileRef):
        return "Dir" if value.is_dir else "File"
    if isinstance(value, DatasetRef):
        return "DataFrame"
    if isinstance(value, OpaqueValue):
        return _class(value)
    if isinstance(value, OffloadedRef):
        return "offloaded"
    if isinstance(value, ErrorValue):
        return "error"
    if isinstance(value, timedelta):
        return "timedelta"
    return "None" if value is None else type(value).__name__


def _class(value: OpaqueValue) -> str:
    """The name of a class, without what `repr` puts around it."""
    return value.class_name.removeprefix("<class '").removesuffix("'>")


def _step(value: Any, step: int, key: str) -> str:
    """How Python goes one step further down."""
    if isinstance(value, Mapping):
        keys: Iterator[Any] = iter(cast("Mapping[Any, Any]", value))
        return f"[{next(itertools.islice(keys, step, None))!r}]"
    return f".{key}" if hasattr(value, "_fields") else f"[{step}]"


def _line(value: Any) -> str:
    items = children(value) or []
    shown: list[str] = []
    length = 0
    for key, item in items:
        text = f"{key}: {brief(item)}" if isinstance(value, Mapping) else brief(item)
        length += len(text)
        if length > _PREVIEW:
            shown.append("…")
            break
        shown.append(text)
    left, right = "{}" if isinstance(value, Mapping) else "()" if isinstance(value, tuple) else "[]"
    return f"{left}{', '.join(shown)}{right}"


def brief(value: Any) -> str:
    """A few characters of a value."""
    items = children(value)
    if items is not None:
        if 0 < len(items) <= _FEW and all(children(item) is None for _, item in items):
            return _line(value)
        return f"{{{len(items):,}}}" if isinstance(value, Mapping) else f"[{len(items):,}]"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 30 else f"{value[:29]}…", ensure_ascii=False)
    if isinstance(value, (FileRef, DatasetRef, OffloadedRef)):
        return value.uri.rstrip("/").rpartition("/")[2] or value.uri
    return str(_leaf(value, "")["text"])[:30]


def _records(value: Any) -> Node:
    """The columns and rows of a list whose items are records of the same make."""
    columns = _columns(value)
    return {"columns": [str(column) for column in columns], "rows": _rows(columns, value[:ROWS])} if columns else {}


def _columns(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return []
    rows = cast("list[Any]", value)[:ROWS]
    if not all(isinstance(row, dict) for row in rows):
        return []
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return columns if len(columns) <= COLUMNS else []


def _rows(columns: Sequence[Any], rows: Iterable[Any]) -> list[list[str]]:
    return [
        [cell(row[column]) if isinstance(row, dict) and column in row else "" for column in columns] for row in rows
    ]


def cell(value: Any) -> str:
    """A value in a cell of a table."""
    text = value if isinstance(value, str) else brief(value)
    return text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"
