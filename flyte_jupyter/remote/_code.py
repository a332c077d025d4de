"""The code that an action ran: where its bundle is, and getting it."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _storage
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._errors import FlyteError, InvalidArgumentError, ServerError
from flyte_jupyter.remote._fetch import signed_link

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import ActionIdentifier
    from flyteidl2.core.tasks_pb2 import TaskTemplate


@dataclasses.dataclass(frozen=True)
class CodeBundle:
    """Where the code of a task was uploaded to.

    Attributes:
        computed_version: The bundle's version, a hash of the code; "" where only its place is known.
        destination: The directory in the task's container into which it is unpacked.
        tgz: The place of the archive of source files, or None.
        pkl: The place of the pickled task (from a notebook, a shell), or None. It is never unpickled here.

    Example:
        >>> Run.get("r1").code_bundle().uri.endswith(".tar.gz")
        True
    """

    computed_version: str
    destination: str = "."
    tgz: str | None = None
    pkl: str | None = None

    @property
    def uri(self) -> str:
        """The place of the archive or the pickle."""
        return self.tgz or self.pkl or ""


def code_bundle(template: TaskTemplate) -> CodeBundle | None:
    """The bundle that a task's command line or metadata names, None for code that is part of the image."""
    options = _options(template.container.args) or _options(_pod_arguments(template))
    if options.get("--tgz") or options.get("--pkl"):
        return CodeBundle(
            options.get("--version", ""),
            options.get("--dest", "."),
            options.get("--tgz") or None,
            options.get("--pkl") or None,
        )
    metadata = template.metadata
    # Backends and messages from before the field was there have no such place.
    uri = str(getattr(metadata, "code_bundle_uri", ""))
    if not uri:
        return None
    pickled = ".pkl" in PurePosixPath(uri.partition("?")[0].partition("#")[0]).suffixes
    return CodeBundle("", tgz=None if pickled else uri, pkl=uri if pickled else None)


async def download(
    client: Client, action: ActionIdentifier, attempt: int, bundle: CodeBundle, destination: Path, *, extract: bool
) -> Path:
    """Puts a bundle, or what is in it, into a directory.

    Args:
        client: The connection.
        action: The action that ran the code.
        attempt: Which attempt of it, counted from 1.
        bundle: What to get.
        destination: The directory; made if it is not there.
        extract: Unpack source files. A pickle is kept as it is.

    Returns:
        The directory with the source files, or the path of the archive or pickle.

    Raises:
        FlyteError: The backend gives no link, and its storage cannot be read from here.
    """
    await asyncio.to_thread(_make, destination)
    name = _storage.name_of(bundle.uri, "code")
    if not extract or not bundle.tgz:
        return await _archive(client, action, attempt, bundle, destination / name)
    with tempfile.TemporaryDirectory(prefix="flyte-jupyter-") as place:
        archive = await _archive(client, action, attempt, bundle, Path(place) / name)
        await asyncio.to_thread(_extract, archive, destination)
    return destination


async def _archive(client: Client, action: ActionIdentifier, attempt: int, bundle: CodeBundle, path: Path) -> Path:
    try:
        link = await signed_link(client, pb.ArtifactType.ARTIFACT_TYPE_CODE_BUNDLE, action, attempt)
        return await _storage.download(link, path)
    except FlyteError as error:
        # Many backends sign links to reports only.
        try:
            return await _storage.download(bundle.uri, path, local=client.endpoint.is_loopback)
        except FlyteError as second:
            raise second from error


def _make(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise InvalidArgumentError(f"{directory} is not a directory.", "Name another one with dest=.")
    directory.mkdir(parents=True, exist_ok=True)


def _extract(archive: Path, destination: Path) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise ServerError(
            "This Python cannot unpack an archive safely.",
            "Use extract=False and unpack it yourself, or update Python.",
        )
    try:
        with tarfile.open(archive) as file:
            file.extractall(destination, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ServerError(f"The code in {archive.name} cannot be unpacked: {error}.") from None


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """What stands behind the options of a command line that say where the code is."""
    names = ("--tgz", "--pkl", "--dest", "--version")
    return {name: value for name, value in itertools.pairwise(arguments) if name in names}


def _pod_arguments(template: TaskTemplate) -> list[str]:
    """The command line of a pod's primary container."""
    if not template.k8s_pod.HasField("pod_spec"):
        return []
    from google.protobuf import json_format

    try:
        spec: dict[str, Any] = json_format.MessageToDict(template.k8s_pod.pod_spec)
        primary = template.k8s_pod.primary_container_name or template.config.get("primary_container_name", "")
        containers: list[dict[str, Any]] = spec.get("containers") or [{}]
        chosen = next((each for each in containers if each.get("name") == primary), containers[0])
        arguments: list[Any] = chosen.get("args") or []
        return [str(argument) for argument in arguments]
    except (json_format.Error, AttributeError, TypeError):
        return []
