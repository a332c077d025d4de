"""Whether a browser of the person can come back to this machine, and opening one."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from flyte_jupyter.remote._auth._threads import in_thread

_SECONDS = 5.0

_ELSEWHERE = {
    "JUPYTERHUB_API_URL": "this kernel runs under JupyterHub",
    "JUPYTERHUB_SERVICE_PREFIX": "this kernel runs under JupyterHub",
    "COLAB_RELEASE_TAG": "this kernel runs in Colab",
    "CODESPACES": "this is a codespace",
    "BINDER_SERVICE_HOST": "this kernel runs on Binder",
    "KUBERNETES_SERVICE_HOST": "this process runs in a pod",
    "SSH_CONNECTION": "this is a remote machine, reached over SSH",
    "SSH_TTY": "this is a remote machine, reached over SSH",
}


def why_elsewhere(environ: Mapping[str, str], platform: str = sys.platform, root: Path = Path("/")) -> str:
    """Why a browser of the person cannot reach this machine as localhost, "" where it can.

    Args:
        environ: The environment variables.
        platform: As in `sys.platform`.
        root: Where container runtimes leave their marks.
    """
    for name, reason in _ELSEWHERE.items():
        if environ.get(name):
            return reason
    if any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return "this process runs in a container"
    has_display = any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))
    if platform.startswith("linux") and not has_display:
        return "this machine has no display"
    return ""


async def open_browser(url: str) -> bool:
    """Opens a page in the person's browser; False if there is none."""
    try:
        return await in_thread(lambda: webbrowser.open(url), _SECONDS)
    except TimeoutError:
        # Some browsers return when they are closed.
        return True
    except Exception:
        return False
