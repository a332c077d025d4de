"""Finding a running backend and asking it something."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._paths import StateDir

_STATE_SECONDS = 60.0


class NoAnswerError(LocalBackendError):
    """The backend is not there, or not for long any more."""


def alive(paths: StateDir) -> bool:
    """Whether a backend holds the directory. The lock ends with the process, however it ends."""
    try:
        with paths.serve_lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise LocalBackendError(f"The state directory {paths.root} cannot be read ({error.strerror}).") from error
    return False


def state_of(paths: StateDir) -> dict[str, Any]:
    """What the living backend wrote about itself; it may be about to."""
    found: dict[str, Any] = {}

    def written() -> bool:
        with contextlib.suppress(OSError, ValueError):
            found.update(json.loads(paths.state_file.read_text()))
        return _pid_alive(found.get("pid", 0)) or not alive(paths)

    wait_until(written, _STATE_SECONDS)
    if not _pid_alive(found.get("pid", 0)):
        raise NoAnswerError(f"The backend in {paths.root} ended just now.", f"See {paths.log}.")
    return found


def _pid_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return pid > 0


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock; whoever else wants it waits."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for `condition`, and say whether it came in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def ask(endpoint: str, what: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """One question to the running backend, without any proxy between."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
    try:
        connection.request(
            "POST", f"{parts.path}/flyte-jupyter/{what}", json.dumps(request), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"The backend on port {parts.port} does not answer ({error}).") from error
    finally:
        connection.close()
    if response.status == 503:
        raise NoAnswerError(f"The backend on port {parts.port} is about to end.")
    if response.status != 200:
        raise LocalBackendError(body.decode(errors="replace") or f"The backend answered {response.status}.")
    return json.loads(body)
