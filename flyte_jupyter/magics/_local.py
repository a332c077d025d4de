"""`%flyte_local`: starts the embedded backend and points our client and the SDK at it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from flyte_jupyter import remote

if TYPE_CHECKING:
    from flyte_jupyter.local import LocalBackend

PROJECT, DOMAIN = "local", "development"


def _backend() -> Any:
    """The package of the embedded backend: this module is the one that imports it for a notebook."""
    from flyte_jupyter import local

    return local


def start() -> LocalBackend:
    """Start the embedded backend on this machine, or find the one that runs, and use it: our client, and the SDK.

    Known as `flyte_jupyter.use_local`; `%flyte_local` is the same.

    Returns:
        The backend: its `endpoint`, `pid` and `state_dir`.

    Raises:
        UsageError: The backend could not be started; the sentence says why.

    Example:
        >>> backend = flyte_jupyter.use_local()  # doctest: +SKIP
    """
    local = _backend()
    try:
        backend = local.start()
    except local.LocalBackendError as error:
        raise UsageError(str(error)) from None
    remote.connect(backend.endpoint, project=PROJECT, domain=DOMAIN, insecure=True)
    initialise_sdk(backend.endpoint)
    return backend


def status() -> dict[str, Any] | None:
    """What the running backend says of itself, or None."""
    return _backend().status()


def stop() -> bool:
    """Stop the backend; False where none was running."""
    return _backend().stop()


def initialise_sdk(endpoint: str) -> None:
    """Point the SDK at the backend, where it is installed.

    `image_builder="remote"` lets the backend answer for images: nothing is built on this machine.
    """
    try:
        import flyte
    except ImportError:
        return
    if sys.modules.get("flyte") is flyte:
        flyte.init(endpoint=endpoint, project=PROJECT, domain=DOMAIN, insecure=True, image_builder="remote")
