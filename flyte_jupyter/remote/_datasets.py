"""Tables in the backend's storage as data frames of pandas or polars, where those are installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from flyte_jupyter.remote import _storage
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError, ServerError

_FORMATS = {"": "parquet", "parquet": "parquet", "csv": "csv"}


async def load(library: str, uri: str, declared: str, local: bool) -> Any:
    """Reads a table.

    Args:
        library: "pandas" or "polars".
        uri: Where it is: a file, or a directory whose files are its parts in the order of their names.
        declared: its format: "parquet", "csv", or "" for parquet.
        local: The backend is on this machine, so its paths are ours.

    Raises:
        InvalidArgumentError: The library is not installed, or there is no reading the format or URI here.
        NotFoundError: Nothing is there.
        ServerError: What is there is no table of that format.
    """
    kind = _FORMATS.get(declared.lower())
    if kind is None:
        raise InvalidArgumentError(
            f"A table of format {declared!r} cannot be opened here, only parquet and csv.",
            f"Fetch it with FileRef({uri!r}, is_dir=True).download(), or open it with what wrote it.",
        )
    if importlib.util.find_spec(library) is None:
        raise InvalidArgumentError(f"{library} is not installed here.", f"Install it: pip install {library}.")
    with tempfile.TemporaryDirectory(prefix="flyte-jupyter-") as scratch:
        place = await _storage.download(uri, Path(scratch) / "table", local=local)
        return await asyncio.to_thread(_read, library, place, kind, uri)


def _read(library: str, place: Path, kind: str, uri: str) -> Any:
    frames: Any = importlib.import_module(library)
    # What wrote the directory may have left marks of its own in it.
    parts = [place] if place.is_file() else sorted(part for part in place.rglob("*") if _is_part(part))
    if not parts:
        raise NotFoundError(f"There is no table at {uri}: the directory is empty.")
    read = getattr(frames, f"read_{kind}")
    try:
        tables = [read(part) for part in parts]
        return tables[0] if len(tables) == 1 else frames.concat(tables)
    except ImportError as error:
        raise InvalidArgumentError(f"{library} needs more to read {kind}: {error}") from None
    except Exception as error:  # whatever the library raises at broken data
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ServerError(f"What is at {uri} is not a table in {kind}: {text}.") from None


def _is_part(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "_"))
