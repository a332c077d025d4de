"""Reading what a backend only names: files of this machine, signed links, and object stores through fsspec."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from flyte_jupyter.remote._errors import (
    FlyteError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UnavailableError,
)

_SECONDS = 300.0

# Which package lets fsspec open which kind of URI.
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs"}


async def read(uri: str, *, local: bool = False) -> bytes:
    """The content of one file.

    Args:
        uri: A path or file:// URI, an http(s) link, or what fsspec can open.
        local: The backend is on this machine, so its paths are ours.

    Raises:
        NotFoundError: Nothing is there.
        FlyteError: It cannot be read from here; the message says why and what to do.
    """
    with _scratch() as place:
        file = await download(uri, place / "file", local=local)
        return await asyncio.to_thread(file.read_bytes)


async def download(uri: str, destination: Path, *, local: bool = False) -> Path:
    """Copies a file, or a directory with everything in it, to `destination`, whose parent is there already.

    Returns, and raises, as `read`.
    """
    scheme = urlsplit(uri).scheme if "://" in uri else ""
    if scheme in ("", "file"):
        source = _path(uri, local)
        await asyncio.to_thread(_copy, source, destination)
    elif scheme in ("http", "https"):
        await _get(uri, destination)
    else:
        await asyncio.to_thread(_fetch, uri, scheme, destination)
    return destination


def name_of(uri: str, otherwise: str) -> str:
    """What a file or directory is called in the storage; `otherwise` where that is no name for a file."""
    name = PurePosixPath(uri.partition("?")[0].rstrip("/")).name
    return otherwise if name in ("", ".", "..") else name


@contextlib.contextmanager
def _scratch() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="flyte-jupyter-") as place:
        yield Path(place)


def _path(uri: str, local: bool) -> Path:
    if not uri:
        raise NotFoundError("The value names no place in the backend's storage.")
    if not local:
        # A path of a pod may exist here too, with something else in it.
        raise InvalidArgumentError(
            f"{uri} is a path on the machine where the task ran, which is not this one.",
            "Let the task write to storage that both can reach.",
        )
    return Path(unquote(urlsplit(uri).path) if "://" in uri else uri)


def _copy(source: Path, destination: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, destination, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, destination)
    except FileNotFoundError:
        raise NotFoundError(f"There is nothing at {source}.", "Was the backend's data removed?") from None
    except (OSError, shutil.Error) as error:
        raise ServerError(f"{source} cannot be copied to {destination}: {error}.") from None


async def _get(link: str, destination: Path) -> None:
    import httpx

    # A link is a secret for as long as it is valid: its host must do.
    host = httpx.URL(link).host
    loopback = host in ("localhost", "127.0.0.1", "::1")
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, trust_env=not loopback, timeout=_SECONDS) as http,
            http.stream("GET", link) as response,
        ):
            if response.status_code == 404:
                raise NotFoundError(f"The storage at {host} has no such file.")
            if response.status_code in (401, 403):
                raise PermissionDeniedError(f"The storage at {host} does not give the file out.", "Is the link old?")
            if response.is_error:
                raise ServerError(f"The file cannot be fetched: the storage at {host} said {response.status_code}.")
            with destination.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
    except httpx.HTTPError as error:
        raise UnavailableError(f"The file cannot be fetched from {host}: {type(error).__name__}.") from None
    except OSError as error:
        raise ServerError(f"{destination} cannot be written: {error}.") from None


def _fetch(uri: str, scheme: str, destination: Path) -> None:
    system, path = _file_system(uri, scheme)
    try:
        if system.isdir(path):
            _fetch_directory(system, path.rstrip("/"), destination)
        else:
            system.get_file(path, str(destination))
    except FlyteError:
        raise
    except FileNotFoundError:
        raise NotFoundError(f"There is nothing at {uri}.") from None
    except Exception as error:  # whatever the store's own library raises
        raise ServerError(
            f"{uri} cannot be read: {_first_line(error)}.",
            f"Are this machine's credentials for {scheme}:// set (environment, files of the cloud's tools)?",
        ) from None


def _fetch_directory(system: Any, root: str, destination: Path) -> None:
    destination.mkdir(exist_ok=True)
    for name in system.find(root):
        relative = PurePosixPath(str(name)[len(root) :].lstrip("/"))
        # The keys of an object store are any text.
        if ".." in relative.parts:
            raise ServerError(f"{root} holds a file that would be written elsewhere: {name}.")
        target = destination / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(name, str(target))


def _file_system(uri: str, scheme: str) -> tuple[Any, str]:
    """A fsspec file system for a URI; of obstore, which the SDK brings, where fsspec's own is not installed."""
    try:
        fsspec: Any = importlib.import_module("fsspec.core")
    except ImportError:
        raise _missing(uri, scheme) from None
    for attempt in (1, 2):
        try:
            return fsspec.url_to_fs(uri)
        except (ImportError, ValueError):
            if attempt == 2 or not _register_obstore(scheme):
                raise _missing(uri, scheme) from None
        except Exception as error:
            raise ServerError(f"{uri} cannot be opened: {_first_line(error)}.") from None
    raise AssertionError("unreachable")


def _register_obstore(scheme: str) -> bool:
    if scheme not in _PACKAGES:
        return False
    try:
        importlib.import_module("obstore.fsspec").register(scheme)
    except ImportError:
        return False
    return True


def _missing(uri: str, scheme: str) -> FlyteError:
    name = _PACKAGES.get(scheme, f"the fsspec file system for {scheme}://")
    return InvalidArgumentError(f"Nothing here can read {uri}.", f"Install fsspec and {name} in this environment.")


def _first_line(error: BaseException) -> str:
    lines: list[str] = str(error).strip().splitlines()
    text = lines[0].rstrip(".") if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
