"""Whether what the backend needs is installed."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import PackageNotFoundError, version

from flyte_jupyter.local._errors import LocalBackendError

_OLDEST_SDK = (2, 11)


def check_requirements() -> None:
    """See that what the backend needs is installed.

    Raises:
        LocalBackendError: something is missing or too old.
    """
    if sys.platform == "win32":
        raise LocalBackendError("The embedded backend needs Linux or macOS.", "Use WSL, or a Flyte cluster.")
    missing = [name for name in ("flyte", "hypercorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise LocalBackendError(
            f"The embedded backend needs {' and '.join(missing)}, which {sys.executable} does not have.",
            "Run: pip install 'flyte-jupyter[local]'",
        )
    try:
        sdk = version("flyte")
    except PackageNotFoundError:
        return
    numbers = tuple(int(number) for number in re.findall(r"\d+", sdk)[:2])
    if numbers < _OLDEST_SDK:
        wanted = ".".join(map(str, _OLDEST_SDK))
        raise LocalBackendError(
            f"The embedded backend needs the flyte SDK {wanted} or newer, and this is {sdk}.",
            "Run: pip install --upgrade flyte",
        )
