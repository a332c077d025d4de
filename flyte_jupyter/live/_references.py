"""What values name that lies elsewhere: files, directories and data frames, also those inside of records."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from flyte_jupyter.remote import DatasetRef, FileRef

MOST_FILES = 10_000  # of a directory that are looked at

_FILE = {"path", "name", "format", "hash"}
_DATASET = {"uri", "format", "hash"}


class FileInRecord(FileRef):
    """A file or directory that is a field of a record, where `flyte_jupyter.remote` has a dict."""


class DatasetInRecord(DatasetRef):
    """A data frame that is a field of a record, where `flyte_jupyter.remote` has a dict."""


def with_references(value: Any, local: bool) -> Any:
    """The value, with references for what the SDK's `File`, `Dir` and `DataFrame` are in records.

    Args:
        value: The value as `flyte_jupyter.remote` decodes it.
        local: The backend is on this machine, so that its paths are ours.
    """
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        if set(fields) == _FILE and isinstance(fields["path"], str):
            path = fields["path"]
            return FileInRecord(path, str(fields["format"] or ""), local and Path(path).is_dir(), local=local)
        if set(fields) == _DATASET and isinstance(fields["uri"], str):
            return DatasetInRecord(fields["uri"], str(fields["format"] or ""), local=local)
        return {key: with_references(item, local) for key, item in fields.items()}
    if isinstance(value, (list, tuple)):
        items = [with_references(item, local) for item in cast("Sequence[Any]", value)]
        if isinstance(value, list):
            return items
        made = cast("Any", type(cast("object", value)))
        return made(*items) if hasattr(made, "_fields") else made(items)
    return value


def size_of(directory: Path) -> tuple[int, int] | None:
    """The bytes and the number of the files in a directory; None where there are too many to look at.

    Raises:
        OSError: It cannot be read.
    """
    found = list(itertools.islice(directory.rglob("*"), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        return None
    sizes = [path.stat().st_size for path in found if path.is_file()]
    return sum(sizes), len(sizes)
