"""The embedded backend: real Flyte runs on this machine, executed by this interpreter.

Importing this is light; the backend is a process of its own, `python -m flyte_jupyter.local serve`.
"""

from __future__ import annotations

from flyte_jupyter.local._control import LocalBackend, start, status, stop
from flyte_jupyter.local._errors import LocalBackendError

__all__ = ["LocalBackend", "LocalBackendError", "start", "status", "stop"]
