"""What stands for a value that is not, or must not be, in memory as itself."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _datasets, _storage
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError, ServerError

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    from flyteidl2.core.types_pb2 import LiteralType


@dataclasses.dataclass(frozen=True)
class FileRef:
    """A file or a directory in the backend's storage. Nothing is fetched before it is asked for.

    What can be read: the files of a backend on this machine, http(s) links, and object stores for which fsspec (with
    s3fs, gcsfs, ... or obstore, which the SDK brings) is installed and this machine has credentials.

    Attributes:
        uri: Where it is.
        format: What the task called its format, "" if nothing.
        is_dir: Whether it is a directory.
        local: Whether the backend is on this machine, so that a path of its is a path here.

    Example:
        >>> file = Run.get("r3").outputs().o0
        >>> file.is_dir, file.read()
        (False, b'a')
        >>> file.download("copy.txt")
        PosixPath('copy.txt')
    """

    uri: str
    format: str = ""
    is_dir: bool = False
    local: bool = dataclasses.field(default=False, repr=False, compare=False, kw_only=True)

    @dual
    async def read(self) -> bytes:
        """The content of the file, whole.

        Raises:
            InvalidArgumentError: It is a directory, or nothing here can read its URI; the message says what to install.
            NotFoundError: Nothing is there.
        """
        if self.is_dir:
            raise InvalidArgumentError(f"{self.uri} is a directory.", "Use download().")
        return await _storage.read(self.uri, local=self.local)

    @dual
    async def download(self, dest: str | Path | None = None) -> Path:
        """Copies the file, or the directory with everything in it, and returns the path.

        Args:
            dest: The path of the copy; if not given, the name it has in the storage, in the current directory. A file
                goes into a directory that is there.

        Raises:
            FlyteError: As `read`, or the copy cannot be written.
        """
        name = _storage.name_of(self.uri, "data")
        path = Path(name if dest is None else dest)
        if not self.is_dir and await asyncio.to_thread(path.is_dir):
            path /= name
        return await _storage.download(self.uri, path, local=self.local)


@dataclasses.dataclass(frozen=True)
class DatasetRef:
    """A data frame or table in the backend's storage. Nothing is fetched before it is asked for.

    What can be read is the same as for `FileRef`.

    Attributes:
        uri: Where it is: a file, or a directory of files.
        format: "parquet", "csv", ...; "" if the task did not say, which in practice is parquet.
        columns: The names of its columns as far as the task declared them.
        kind: "structured_dataset", or "schema" for the older kind.
        local: Whether the backend is on this machine, so that a path of its is a path here.

    Example:
        >>> table = Run.get("r4").outputs().o0
        >>> int(table.to_pandas()["n"].sum())
        6
        >>> table.to_polars().shape
        (3, 2)
    """

    uri: str
    format: str = ""
    columns: tuple[str, ...] = ()
    kind: str = "structured_dataset"
    local: bool = dataclasses.field(default=False, repr=False, compare=False, kw_only=True)

    @dual
    async def to_pandas(self) -> pd.DataFrame:
        """The table as a data frame of pandas, which must be installed (with pyarrow for parquet).

        Raises:
            InvalidArgumentError: pandas is not installed, or the format or URI is none that can be read here.
            NotFoundError: Nothing is there.
        """
        return await _datasets.load("pandas", self.uri, self.format, self.local)

    @dual
    async def to_polars(self) -> pl.DataFrame:
        """The table as a data frame of polars, which must be installed.

        Raises:
            InvalidArgumentError: polars is not installed, or the format or URI is none that can be read here.
            NotFoundError: Nothing is there.
        """
        return await _datasets.load("polars", self.uri, self.format, self.local)


@dataclasses.dataclass(frozen=True)
class OpaqueValue:
    """Bytes that only the program that wrote them can make sense of, such as a pickle. They are never unpickled.

    Attributes:
        class_name: The Python class as the task declared it, or what the bytes are.
        size: How many bytes, or None where only `uri` is known.
        uri: Where they are, "" when they came with the value.
        data: The bytes, where they came with the value.
        local: Whether the backend is on this machine, so that a path of its is a path here.

    Example:
        >>> value = Run.get("r3").outputs().o2
        >>> value.class_name, value.save("set.pickle")
        ('set[int]', PosixPath('set.pickle'))
        >>> value.read() == Path("set.pickle").read_bytes()
        True
    """

    class_name: str
    size: int | None
    uri: str = ""
    data: bytes = dataclasses.field(default=b"", repr=False)
    local: bool = dataclasses.field(default=False, repr=False, compare=False, kw_only=True)

    @dual
    async def read(self) -> bytes:
        """The bytes; those that did not come with the value are fetched.

        Raises:
            FlyteError: They cannot be fetched, as by `FileRef.read`.
        """
        return await _storage.read(self.uri, local=self.local) if self.uri else self.data

    @dual
    async def save(self, path: str | Path) -> Path:
        """Writes the bytes to a file and returns its path.

        Args:
            path: The file to write.

        Raises:
            FlyteError: The bytes cannot be fetched, or the file cannot be written.
        """
        path, data = Path(path), await self.read.aio()
        try:
            await asyncio.to_thread(path.write_bytes, data)
        except OSError as error:
            raise ServerError(f"{path} cannot be written: {error.strerror}.") from None
        return path


@dataclasses.dataclass(frozen=True)
class OffloadedRef:
    """A value too big to travel with the others.

    Attributes:
        uri: Where its serialized literal is.
        size: Its size in bytes.
        type: Its type as the backend inferred or the task declared it, or None.
        local: Whether the backend is on this machine, so that a path of its is a path here.

    Example:
        >>> from flyteidl2.core.literals_pb2 import Literal, Primitive, Scalar
        >>> seven = Literal(scalar=Scalar(primitive=Primitive(integer=7))).SerializeToString()
        >>> _ = Path("literal.pb").write_bytes(seven)
        >>> OffloadedRef("literal.pb", len(seven), local=True).fetch()
        7
    """

    uri: str
    size: int
    type: LiteralType | None = dataclasses.field(default=None, repr=False, compare=False, kw_only=True)
    local: bool = dataclasses.field(default=False, repr=False, compare=False, kw_only=True)

    @dual
    async def fetch(self) -> Any:
        """The value itself, fetched as by `FileRef.read`.

        Raises:
            FlyteError: It cannot be fetched, or what is there is not a literal.
        """
        from flyteidl2.core.literals_pb2 import Literal
        from google.protobuf.message import DecodeError

        from flyte_jupyter.remote._literals import to_python

        data = await _storage.read(self.uri, local=self.local)
        try:
            literal = Literal.FromString(data)
        except DecodeError:
            raise ServerError(f"What is at {self.uri} is not a literal.") from None
        return to_python(literal, self.type, local=self.local)


@dataclasses.dataclass(frozen=True)
class ErrorValue:
    """An error that a task handed on as a value.

    Attributes:
        message: The error's text.
        failed_node_id: The action it comes from.

    Example:
        >>> ErrorValue("no luck", "a0").message
        'no luck'
    """

    message: str
    failed_node_id: str = ""
