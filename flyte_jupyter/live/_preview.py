"""What can be told of a table on this machine at a glance: its size, its columns and its first rows."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from flyte_jupyter.live._nodes import COLUMNS, ROWS, Node, cell

_MOST_BYTES = 64 * 2**20  # of a file of which rows are read: a part of it is read whole
_MOST_PARTS = 100
_INDEX = "__index_level_"  # columns that pandas makes of a frame's index


def preview(place: Path, format_: str) -> Node:
    """Facts of a table for its node: `bytes`, and of parquet `columns`, `rows` and `size` where pyarrow is installed.

    Args:
        place: A file, or a directory whose files are the parts of the table in the order of their names.
        format_: "parquet", "csv", ...; "" for parquet.
    """
    try:
        parts = [place] if place.is_file() else sorted(part for part in place.rglob("*") if _is_part(part))
        known: Node = {"bytes": sum(part.stat().st_size for part in parts)}
        if format_.lower() in ("", "parquet") and 0 < len(parts) <= _MOST_PARTS:
            known |= _rows(parts)
    except OSError:
        return {}
    return known if parts else {}


def _rows(parts: list[Path]) -> Node:
    if importlib.util.find_spec("pyarrow") is None:
        return {}
    parquet: Any = importlib.import_module("pyarrow.parquet")
    try:
        size = sum(parquet.read_metadata(part).num_rows for part in parts)
        with parquet.ParquetFile(parts[0]) as file:
            columns = [name for name in file.schema_arrow.names if not name.startswith(_INDEX)][:COLUMNS]
            small = parts[0].stat().st_size <= _MOST_BYTES
            batches = file.iter_batches(batch_size=ROWS, columns=columns) if small and columns else iter(())
            batch = next(batches, None)
            found: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    except Exception:  # whatever the library raises at broken data: there is nothing to show then
        return {}
    return {"columns": columns, "rows": [[cell(row[name]) for name in columns] for row in found], "size": size}


def _is_part(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "_"))
