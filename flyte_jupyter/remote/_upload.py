"""Uploading files and directories to a backend's storage."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._dual import dual_function
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError, PermissionDeniedError, ServerError
from flyte_jupyter.remote._upload_progress import UploadProgress, shown
from flyte_jupyter.remote._upload_put import Location, Source, Storage, measure, put

logger = logging.getLogger(__name__)

_AT_ONCE = 16
_LINK_SECONDS = 900


@dual_function
async def upload_file(
    fp: Path | str,
    verify: bool = True,
    fname: str | None = None,
    content_type: str | None = None,
    *,
    client: Client | None = None,
) -> tuple[str, str]:
    """Uploads a file (DataProxyService.CreateUploadLocation, then an HTTP PUT).

    It is read piece by piece, compared on the way, and sent again when the storage fails. An upload that takes longer
    than a moment shows how it gets on. An interrupt ends it.

    Args:
        fp: The file.
        verify: Whether to check the storage's certificate.
        fname: Its name there; its own if not given.
        content_type: MIME type to keep with it.
        client: The connection; the current one if not given.

    Returns:
        The MD5 of its content in hexadecimal, and its URI: what to give to a task that takes a file.

    Raises:
        InvalidArgumentError: There is no such file, or it changes while it is uploaded.
        FlyteError: The backend or its storage does not take it.

    Example:
        >>> _ = Path("data.txt").write_text("hello")
        >>> md5, uri = upload_file(Path("data.txt"))
        >>> md5
        '5d41402abc4b2a76b9719d911017c592'
    """
    client = client or current_client()
    path = Path(fp)
    if not await asyncio.to_thread(path.is_file):
        raise InvalidArgumentError(f"{path} is not a file.", "Upload a directory with upload_dir().")
    name = fname or path.name
    progress = UploadProgress(path.name, (await asyncio.to_thread(path.stat)).st_size)
    async with contextlib.aclosing(Storage(verify, 1)) as storage, shown(progress):
        source = await measure(path)
        uri = await put(storage, source, lambda: _locate(client, source, name, ""), progress, content_type)
    return source.md5.hex(), uri


@dual_function
async def upload_dir(
    dir_path: Path | str, verify: bool = True, prefix: str | None = None, *, client: Client | None = None
) -> str:
    """Uploads a directory with everything in it (DataProxyService.CreateUploadLocation and an HTTP PUT for each file).

    Files keep their paths relative to the directory. A link is what it leads to; links that lead nowhere or back to a
    directory above are left out. At most 16 files are underway at once. The rest is as with `upload_file`.

    Args:
        dir_path: The directory.
        verify: Whether to check the storage's certificate.
        prefix: What to call the directory there; something unique if not given.
        client: The connection; the current one if not given.

    Returns:
        Its URI: what to give to a task that takes a directory.

    Raises:
        InvalidArgumentError: There is no such directory, or no file in it, or one changes while it is uploaded.
        AlreadyExistsError: There is another file below that prefix already.
        FlyteError: The backend or its storage does not take it.

    Example:
        >>> Path("folder/deep").mkdir(parents=True)
        >>> _ = Path("folder/deep/data.txt").write_text("hello")
        >>> upload_dir(Path("folder"), prefix="example").endswith("example")
        True
    """
    client = client or current_client()
    root = Path(dir_path)
    if not await asyncio.to_thread(root.is_dir):
        raise InvalidArgumentError(f"{root} is not a directory.", "Upload a file with upload_file().")
    files = await asyncio.to_thread(lambda: list(_walk(root)))
    if not files:
        raise InvalidArgumentError(f"There is no file in {root} to upload.")
    prefix = uuid.uuid4().hex if prefix is None else _checked(prefix)
    progress = UploadProgress(f"{root.name or root} ({len(files)} files)", sum(size for _, size in files))
    found: set[str] = set()
    waiting = iter([path for path, _ in files])

    async def work(storage: Storage) -> None:
        for relative in waiting:
            source = await measure(root / relative)

            async def locate(source: Source = source, relative: PurePosixPath = relative) -> Location:
                return await _locate(client, source, str(relative), prefix)

            uri = await put(storage, source, locate, progress)
            found.add(uri.rsplit("/", len(relative.parts))[0])

    async with contextlib.aclosing(Storage(verify, _AT_ONCE)) as storage, shown(progress):
        await _all(work(storage) for _ in range(min(_AT_ONCE, len(files))))
    if len(found) != 1:
        raise ServerError(
            f"{client.endpoint.authority} does not keep the files of {root} in one directory.",
            "It is too old for directories: upload an archive with upload_file().",
        )
    return found.pop()


async def _all(coroutines: Iterator[Any]) -> None:
    """Waits for all; ends all when one fails or the wait does."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _walk(root: Path) -> Iterator[tuple[PurePosixPath, int]]:
    """The files below a directory with their sizes, in the order of their names."""

    def below(directory: Path, above: frozenset[str]) -> Iterator[tuple[PurePosixPath, int]]:
        real = os.path.realpath(directory)
        if real in above:
            logger.warning("%s leads back to a directory above it, and is not uploaded", directory)
            return
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as error:
            raise InvalidArgumentError(f"{directory} cannot be read: {error.strerror or error}.") from None
        for entry in entries:
            path = directory / entry.name
            if entry.is_dir():
                yield from below(path, above | {real})
            elif entry.is_file():
                yield PurePosixPath(path.relative_to(root).as_posix()), entry.stat().st_size
            elif entry.is_symlink():
                logger.warning("%s leads nowhere, and is not uploaded", path)

    yield from below(root, frozenset())


def _checked(prefix: str) -> str:
    parts = prefix.split("/")
    if not prefix or any(part in ("", ".", "..") for part in parts):
        raise InvalidArgumentError(f"{prefix!r} cannot be a prefix.", 'Give a name, or several with "/" between them.')
    return prefix


async def _locate(client: Client, source: Source, name: str, prefix: str) -> Location:
    request = pb.CreateUploadLocationRequest(
        project=client.project,
        domain=client.domain,
        org=client.org,
        filename=name,
        filename_root=prefix,
        content_md5=source.md5,
        add_content_md5_metadata=True,
    )
    request.expires_in.FromSeconds(_LINK_SECONDS)
    try:
        answer = await client.unary(methods.CREATE_UPLOAD_LOCATION, request)
    except (NotFoundError, PermissionDeniedError) as error:
        where = f"project {client.project!r}, domain {client.domain!r}"
        raise type(error)(
            f"{source.path} cannot be uploaded to {where}: {error.message}",
            "Is it another project or domain?",
            error.code,
        ) from None
    return Location(answer.signed_url, answer.native_url, dict(answer.headers))
