"""The backend's process: everything put together, served, and ended when nobody needs it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import os
import platform
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from flyte_jupyter._version import __version__
from flyte_jupyter.local._app import App, Ending
from flyte_jupyter.local._attempt import Site, own_environment
from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._engine import Engine
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._faults import Faults
from flyte_jupyter.local._files import Files
from flyte_jupyter.local._launch import Launcher, create_launcher
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._services import applications
from flyte_jupyter.local._state import State
from flyte_jupyter.local._store import Store

_logger = logging.getLogger(__name__)

_FORBIDDEN_PORT = 8090  # the SDK rewrites it to 8080 in the URLs it shows
_DAY = 86400.0


@dataclass(frozen=True)
class Options:
    """How to serve.

    Attributes:
        paths: The state directory.
        port: The port on loopback; 0 takes the last one again, or any.
        max_parallel: Attempts that run at once.
        idle_exit: Seconds without client and without running action after which the backend ends.
        faults: Faults to have from the start.
        ready_fd: A file descriptor that gets one line of JSON when the backend is ready or has failed to be.
    """

    paths: StateDir
    port: int = 0
    max_parallel: int | None = None
    idle_exit: float = 1800.0
    faults: Sequence[str] = ()
    ready_fd: int | None = None


def serve(options: Options) -> int:
    """Serve until told to stop.

    Returns:
        The exit code of the process.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("hypercorn").setLevel(logging.WARNING)
    try:
        for name in os.environ.keys() - own_environment().keys():
            del os.environ[name]
        options.paths.prepare()
        with _exclusive(options.paths.serve_lock):
            asyncio.run(_serve(options))
    except LocalBackendError as error:
        _tell(options.ready_fd, {"error": error.message, "hint": error.hint})
        _logger.error("%s", error)
        return 1
    except Exception as error:
        _tell(options.ready_fd, {"error": f"The embedded backend failed to start: {error!r}.", "hint": ""})
        _logger.exception("The backend failed")
        return 1
    return 0


@contextlib.contextmanager
def _exclusive(path: Path):
    """Hold the lock that says: a backend lives here."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalBackendError(f"A backend is already running in {path.parent}.") from None
        yield


def _tell(fd: int | None, message: Mapping[str, Any]) -> None:
    if fd is not None:
        with contextlib.suppress(OSError):
            os.write(fd, json.dumps(message).encode() + b"\n")
            os.close(fd)


def _bind(port: int, last: int) -> socket.socket:
    """The listening socket: the port asked for, or the last one, or any."""
    if port == _FORBIDDEN_PORT:
        raise LocalBackendError(
            f"Port {port} cannot be used: the SDK shows wrong addresses for it.", "Choose another one."
        )
    for candidate in [port] if port else [*([last] if last else []), 0]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if port:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise LocalBackendError(
                    f"Port {port} {reason}.", "Choose another one, or none to have any free one."
                ) from error
        else:
            return listener
    raise LocalBackendError("No port on 127.0.0.1 can be had.")


def read_state(path: Path) -> dict[str, Any]:
    """What the last backend wrote about itself; empty if there was none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _write_state(path: Path, backend: Backend) -> None:
    state = {
        "pid": os.getpid(),
        "port": int(backend.authority.rpartition(":")[2]),
        "token": backend.token,
        "endpoint": backend.endpoint,
        "executable": sys.executable,
        "python": platform.python_version(),
    }
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(state, indent=1))
    partial.replace(path)


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    async with serving(options, create_launcher(), stop) as backend:
        _tell(options.ready_fd, {"endpoint": backend.endpoint, "pid": os.getpid()})
        _logger.info("Serving on %s, pid %d", backend.authority, os.getpid())
        await stop.wait()
    _logger.info("Ended")


@contextlib.asynccontextmanager
async def serving(options: Options, launcher: Launcher, stop: asyncio.Event) -> AsyncIterator[Backend]:
    """Serve within the `async with`; `stop` is set when a client asks for the end or when nobody uses the backend.

    Raises:
        LocalBackendError: the port or the database cannot be used, or there is no such fault.
    """
    paths = options.paths
    last = read_state(paths.state_file)
    faults = Faults(options.faults)
    listener = _bind(options.port, last.get("port", 0))
    authority = f"localhost:{listener.getsockname()[1]}"
    token = last.get("token") or secrets.token_urlsafe(32)
    store = Store(paths.database)
    state = State(store)
    recovered = state.recover()
    if recovered:
        _logger.info("Aborted %d actions that were underway when the last backend ended", recovered)
    engine = Engine(state, Site(paths, f"http://{authority}/{token}"), launcher, options.max_parallel)
    backend = Backend(paths, state, engine, authority, token, faults)
    server = _Server(backend, stop, options.idle_exit)
    await launcher.start()
    over = asyncio.Event()
    listening = asyncio.ensure_future(hypercorn_serve(server.app, _config(listener), shutdown_trigger=over.wait))
    idle = asyncio.ensure_future(server.end_when_idle())
    _write_state(paths.state_file, backend)
    try:
        yield backend
    finally:
        idle.cancel()
        over.set()
        await listening
        await engine.close()
        store.close()


def _config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.keep_alive_timeout = _DAY  # one connection may wait on a stream for hours
    config.keep_alive_max_requests = 1_000_000_000
    config.h2_max_concurrent_streams = 1000
    config.backlog = 1024
    config.graceful_timeout = 0.5  # open streams would hold the end up
    return config


class _Implemented:
    """An application, and which of its RPCs are more than declared."""

    def __init__(self, application: Any) -> None:
        self.application = application
        service = application._service
        own = {name.replace("_", "") for name in vars(type(service)) if not name.startswith("_")}
        self._own = own

    def implements(self, path: str) -> bool:
        return path.rpartition("/")[2].lower() in self._own


class _Server:
    def __init__(self, backend: Backend, stop: asyncio.Event, idle_exit: float) -> None:
        self._backend = backend
        self._stop = stop
        self._idle_exit = idle_exit
        services = {application.path: _Implemented(application) for application in applications(backend)}
        files = Files(backend.paths.data, backend.paths.uploads)
        self.app = App(backend.token, services, files, self.admin)

    async def end_when_idle(self) -> None:
        """End the backend when for long nobody asked anything and nothing runs."""
        while True:
            idle = time.monotonic() - self.app.last_used
            if not self.app.requests and not self._backend.engine.underway and idle >= self._idle_exit:
                _logger.info("Nobody used this backend for %.0f s", idle)
                self._stop.set()
                return
            await asyncio.sleep(max(0.05, min(self._idle_exit - idle, self._idle_exit, 60.0)))

    async def admin(self, what: str, request: Mapping[str, Any]) -> Any:
        """What the process that started the backend asks of it."""
        backend = self._backend
        if self._stop.is_set():
            raise Ending
        if what == "status":
            return {
                "pid": os.getpid(),
                "state_dir": str(backend.paths.root),
                "executable": sys.executable,
                "versions": versions(),
                "runs": backend.state.store.count_runs(),
                "running_actions": backend.engine.underway,
                "max_parallel": backend.engine.admission.limit,
                "faults": backend.faults.names,
            }
        if what == "register":
            path = str(request["path"])
            known = backend.engine.python_path
            known[:] = [path, *(item for item in known if item != path)]
            return {}
        if what == "faults":
            backend.faults.set(request["names"])
            return {"faults": backend.faults.names}
        if what == "stop":
            self._stop.set()
            return {}
        raise LookupError(what)


def versions() -> dict[str, str]:
    """The versions that matter."""
    found = {"flyte_jupyter": __version__, "python": platform.python_version()}
    for name in ("flyte", "flyteidl2"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
