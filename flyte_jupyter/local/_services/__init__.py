"""The services of the embedded backend, one module each."""

from __future__ import annotations

from typing import Any

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._services import (
    _actions,
    _cluster,
    _data,
    _image,
    _project,
    _run,
    _run_logs,
    _secret,
    _task,
    _trigger,
)

__all__ = ["applications"]


def applications(backend: Backend) -> list[Any]:
    """An ASGI application for each service."""
    return [
        application
        for module in (_actions, _cluster, _data, _image, _project, _run, _run_logs, _secret, _task, _trigger)
        for application in module.applications(backend)
    ]
