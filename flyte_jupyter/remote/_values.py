"""What stands for a value that is not, or must not be, in memory as itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class FileRef:
    """A file or a directory in the backend's storage.

    Attributes:
        uri: Where it is.
        format: What the task called its format, "" if nothing.
        is_dir: Whether it is a directory.
    """

    uri: str
    format: str = ""
    is_dir: bool = False


@dataclasses.dataclass(frozen=True)
class DatasetRef:
    """A data frame or table in the backend's storage.

    Attributes:
        uri: Where it is.
        format: "parquet", "csv", ...; "" if the task did not say, which in practice is parquet.
        columns: The names of its columns as far as the task declared them.
        kind: "structured_dataset", or "schema" for the older kind.
    """

    uri: str
    format: str = ""
    columns: tuple[str, ...] = ()
    kind: str = "structured_dataset"


@dataclasses.dataclass(frozen=True)
class OpaqueValue:
    """Bytes that only the program that wrote them can make sense of, such as a pickle. They are never unpickled.

    Attributes:
        class_name: The Python class as the task declared it, or what the bytes are.
        size: How many bytes, or None where only `uri` is known.
        uri: Where they are, "" when they came with the value.
    """

    class_name: str
    size: int | None
    uri: str = ""
    data: bytes = dataclasses.field(default=b"", repr=False)

    def save(self, path: str | Path) -> Path:
        """Writes the bytes to a file and returns its path.

        Raises:
            ValueError: The bytes did not come with the value; they are at `uri`.
        """
        if self.uri:
            raise ValueError(f"The bytes did not come with the value; they are at {self.uri}.")
        path = Path(path)
        path.write_bytes(self.data)
        return path


@dataclasses.dataclass(frozen=True)
class OffloadedRef:
    """A value too big to travel with the others.

    Attributes:
        uri: Where its serialized literal is.
        size: Its size in bytes.
    """

    uri: str
    size: int


@dataclasses.dataclass(frozen=True)
class ErrorValue:
    """An error that a task handed on as a value.

    Attributes:
        message: The error's text.
        failed_node_id: The action it comes from.
    """

    message: str
    failed_node_id: str = ""
