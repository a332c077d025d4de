"""Starting, finding and stopping the backend's process."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flyte_jupyter.local._contact import NoAnswerError, alive, ask, locked, state_of, wait_until
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._requirements import check_requirements

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_BOOT = "import sys; sys.path.insert(0, {root!r}); from flyte_jupyter.local._cli import main; sys.exit(main())"


class LocalBackend:
    """A running embedded backend. As a context manager it stops the backend at the end.

    Attributes:
        endpoint: `http://localhost:PORT/TOKEN`, for `flyte.init(endpoint=..., insecure=True)` and
            `flyte_jupyter.connect`. Whoever knows it can run code as you.
        pid: The process.
        state_dir: Where it keeps its state.
    """

    def __init__(self, endpoint: str, pid: int, state_dir: Path) -> None:
        self.endpoint = endpoint
        self.pid = pid
        self.state_dir = state_dir

    def __repr__(self) -> str:
        return (
            f"<LocalBackend http://{urlsplit(self.endpoint).netloc} pid={self.pid} state_dir={str(self.state_dir)!r}>"
        )

    def __enter__(self) -> LocalBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the backend and everything that it runs; nothing happens if it is gone."""
        stop(self.state_dir)

    def set_faults(self, names: Sequence[str]) -> None:
        """Switch these faults on and all others off (for tests of clients).

        Raises:
            LocalBackendError: there is no such fault, or no backend.
        """
        ask(self.endpoint, "faults", {"names": list(names)})


def start(
    state_dir: str | os.PathLike[str] | None = None,
    port: int = 0,
    max_parallel: int | None = None,
    *,
    faults: Sequence[str] = (),
    idle_exit: float | None = None,
) -> LocalBackend:
    """Start the embedded backend, or hand back the one that is running.

    It runs as a process of its own, on this interpreter, and ends by itself after 30 minutes without client and without
    running action. Tasks may import from the current directory, as the caller can.

    Args:
        state_dir: Where it keeps its state; by default a directory per user and interpreter.
        port: The port on loopback. 0: the one it had before in this directory, if it is free, else any.
        max_parallel: How many attempts run at once; by default twice the processors, at least 4.
        faults: Faults to behave with, for tests (`flyte-jupyter local start --help` lists them).
        idle_exit: Seconds until it ends by itself when nobody uses it.

    Returns:
        The running backend.

    Raises:
        LocalBackendError: it cannot be started; the message says why.

    Example:
        >>> with flyte_jupyter.local.start() as backend:
        ...     flyte.init(endpoint=backend.endpoint, insecure=True, project="demo", domain="development")
    """
    if port and not 0 < port < 65536:
        raise LocalBackendError(f"{port} is no port.", "Choose one between 1024 and 65535, or none.")
    if max_parallel is not None and max_parallel < 1:
        raise LocalBackendError(f"max_parallel must be at least 1, and is {max_parallel}.")
    paths = StateDir.of(state_dir).prepare()
    with locked(paths.start_lock):
        backend = _found(paths, port)
        if backend is None:
            check_requirements()
            backend = _launch(paths, port, max_parallel, faults, idle_exit)
            _register(backend)
        elif faults:
            backend.set_faults(faults)
    return backend


def status(state_dir: str | os.PathLike[str] | None = None) -> dict[str, Any] | None:
    """What the backend in a state directory says of itself; None if none is running.

    Returns:
        `endpoint`, `pid`, `state_dir`, `executable`, `versions`, `runs`, `running_actions` and more.
    """
    paths = StateDir.of(state_dir)
    if not alive(paths):
        return None
    try:
        state = state_of(paths)
        return {"endpoint": state["endpoint"], **ask(state["endpoint"], "status", {})}
    except LocalBackendError:
        if wait_until(lambda: not alive(paths), _STOP_SECONDS):
            return None  # it was about to end
        raise


def stop(state_dir: str | os.PathLike[str] | None = None) -> bool:
    """Stop the backend in a state directory, with everything that it runs.

    Returns:
        Whether there was one.
    """
    paths = StateDir.of(state_dir)
    if not alive(paths):
        return False
    with locked(paths.start_lock):
        if not alive(paths):
            return False
        with contextlib.suppress(LocalBackendError):
            state = state_of(paths)
            with contextlib.suppress(LocalBackendError):
                ask(state["endpoint"], "stop", {})
            if not wait_until(lambda: not alive(paths), _STOP_SECONDS):
                os.kill(state["pid"], signal.SIGKILL)
        wait_until(lambda: not alive(paths), _STOP_SECONDS)
    return True


def _launch(
    paths: StateDir, port: int, max_parallel: int | None, faults: Sequence[str], idle_exit: float | None
) -> LocalBackend:
    root = str(Path(__file__).resolve().parents[2])
    reader, writer = os.pipe()
    command = [
        sys.executable,
        "-c",
        _BOOT.format(root=root),
        "serve",
        "--state-dir",
        str(paths.root),
        "--port",
        str(port),
    ]
    command += ["--ready-fd", str(writer)]
    if max_parallel is not None:
        command += ["--max-parallel", str(max_parallel)]
    if idle_exit is not None:
        command += ["--idle-exit", str(idle_exit)]
    for fault in faults:
        command += ["--fault", fault]
    with os.fdopen(reader, "rb") as ready:
        try:
            with os.fdopen(os.open(paths.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=paths.root,
                    pass_fds=(writer,),
                    start_new_session=True,  # Ctrl-C in a notebook or terminal is not meant for it
                )
        finally:
            os.close(writer)
        answer = _answer(ready, process, paths)
    if "error" in answer:
        process.wait()
        raise LocalBackendError(answer["error"], answer.get("hint", ""))
    _reap_later(process)
    return LocalBackend(answer["endpoint"], answer["pid"], paths.root)


def _answer(ready: Any, process: subprocess.Popen[bytes], paths: StateDir) -> Mapping[str, Any]:
    """The one line that the new process writes, or what can be said without it."""
    readable, _, _ = select.select([ready], [], [], _START_SECONDS)
    line = ready.readline() if readable else b""
    if line:
        return json.loads(line)
    if not readable:
        process.kill()
        return {
            "error": f"The embedded backend did not start within {_START_SECONDS:.0f} s.",
            "hint": f"See {paths.log}.",
        }
    code = process.wait()
    return {"error": f"The embedded backend ended at once (exit code {code}).", "hint": f"See {paths.log}."}


_children: list[subprocess.Popen[bytes]] = []


def _reap_later(process: subprocess.Popen[bytes]) -> None:
    """Keep the handle, so that nobody warns of a child that lives on, and look after those that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(process)


def _found(paths: StateDir, port: int) -> LocalBackend | None:
    """The backend that runs in the directory; None if there is none, or if it is just about to end."""
    if not alive(paths):
        return None
    try:
        backend = _running(paths, state_of(paths), port)
        _register(backend)
    except NoAnswerError:
        if wait_until(lambda: not alive(paths), _STOP_SECONDS):
            return None
        raise
    return backend


def _register(backend: LocalBackend) -> None:
    """Let tasks import from the current directory, as the caller can."""
    with contextlib.suppress(FileNotFoundError):  # it was removed
        ask(backend.endpoint, "register", {"path": str(Path.cwd())})


def _running(paths: StateDir, state: Mapping[str, Any], port: int) -> LocalBackend:
    if state["executable"] != sys.executable:
        raise LocalBackendError(
            f"The backend in {paths.root} runs on another interpreter ({state['executable']}), "
            "and tasks run where it runs.",
            "Stop it, or use another state directory.",
        )
    if port and port != state["port"]:
        raise LocalBackendError(
            f"The backend in {paths.root} is running on port {state['port']}, not on {port}.",
            "Stop it first, or use another state directory.",
        )
    return LocalBackend(state["endpoint"], state["pid"], paths.root)
