"""The server that starts every task process, and ends with it whatever it started.

It runs as a script of its own (`python -u _zygote.py FD warm|cold ENTRY`), stays single-threaded, and imports nothing
of flyte_jupyter, so that a process forked from it looks like a fresh interpreter that has imported the SDK and no more.
The backend holds the other end of the socket FD; when that end closes, however the backend died, everything started
here is killed.

Lines of JSON go both ways:

    <- {"ready": true, "warm": true, "why": ""}
    -> {"op": "start", "id": 1, "args": [...], "env": {...}, "cwd": "/...", "log": "/...", "spawn": false}
    <- {"id": 1, "pid": 4711}            or {"id": 1, "error": "..."}
    -> {"op": "signal", "id": 1, "signal": 15}
    <- {"id": 1, "returncode": -15}
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import errno
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_PYTHON_EXIT_FAILURE = 1
_CANNOT_EXECUTE = 126

# What a task process needs in any case. Without the first two there is no warm start; of the others, which the SDK
# imports on its way to a running task, each that is missing in some version only makes that step slower.
_REQUIRED = ("flyte", "flyte._bin.runtime")
_OFTEN = (
    "cloudpickle",
    "flyte._initialize",
    "flyte._internal.controllers",
    "flyte._internal.controllers.remote",
    "flyte._internal.controllers.remote._client",
    "flyte._internal.runtime.convert",
    "flyte._internal.runtime.entrypoints",
    "flyte._internal.runtime.io",
    "flyte._internal.runtime.taskrunner",
    "flyte.io",
    "flyte.remote",
    "flyte.remote._client.auth._authenticators.external_command",
    "flyte.remote._client.auth._authenticators.factory",
    "flyte.remote._client.auth._interceptors.default_metadata",
    "flyte.remote._client.auth._interceptors.retry",
    "flyte.remote._client.auth._keyring",
    "flyte.remote._client.auth._session",
    "flyte.remote._client.controlplane",
    "flyte.report",
    "flyte.storage",
    "fsspec.implementations.local",
    "h2.connection",
    "httpcore",
    "httpx",
    "opentelemetry.baggage.propagation",  # these three and _glue: what the first client of pyqwest imports
    "opentelemetry.metrics",
    "opentelemetry.propagate",
    "pyqwest",
    "pyqwest._glue",
    "rich.logging",
)


class CannotWarmError(Exception):
    """The SDK cannot be prepared for forking; the reason is the message."""


def _thread_count() -> int:
    """Threads of this process as the system counts them, native ones included."""
    if _LINUX:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - runs before every fork
    return threading.active_count()


def warm_up() -> Callable[[], None]:
    """Import the SDK and make it safe to fork.

    Returns:
        What each forked child calls first: it brings the SDK's background thread back.

    Raises:
        CannotWarmError: The SDK is missing or is built differently; processes are then spawned.
    """
    try:
        for name in _REQUIRED:
            importlib.import_module(name)
    except Exception as error:
        raise CannotWarmError(f"the SDK cannot be imported: {error}") from error
    for name in _OFTEN:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    try:
        background = importlib.import_module("flyte.syncify").syncify._bg_loop
        restart: Any = type(background).__init__
        name = background.thread.name
        background.stop()
        background.thread.join(5)
        background.loop.close()
        atexit.unregister(background.stop)
    except Exception as error:
        raise CannotWarmError(f"the SDK's background thread cannot be stopped: {error!r}") from error
    # A thread that was joined leaves the system's list a moment later, on a busy machine many moments.
    end = time.monotonic() + 5
    while _thread_count() != 1 and time.monotonic() < end:
        time.sleep(0.001)
    if _thread_count() != 1:
        raise CannotWarmError("the SDK keeps threads running, and a process with threads must not fork")
    with contextlib.suppress(Exception):
        _share_tls_roots()

    def restore() -> None:
        restart(background, name)
        # A daemon thread that waits for work: ending it at exit would only take time, and run the destructors of native
        # libraries in a thread while the process is going away.
        atexit.unregister(background.stop)

    return restore


def _share_tls_roots() -> None:
    """Read the root certificates once instead of twice per process (25 ms each time).

    The SDK makes an httpx client for its logins whether or not it will ever log in. It gets the very context that httpx
    would have made, unless the task asks for other certificates.
    """
    httpx = importlib.import_module("httpx")
    session: Any = importlib.import_module("flyte.remote._client.auth._session")
    original = session.get_async_session
    own = {name: os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    context = httpx.create_ssl_context()

    def get_async_session(*args: Any, **kwargs: Any) -> Any:
        if all(os.environ.get(name) == value for name, value in own.items()) and not kwargs.get("cert"):
            kwargs.setdefault("verify", context)
        return original(*args, **kwargs)

    session.get_async_session = get_async_session


def _prctl(option: int, value: int) -> None:
    if _LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


class Zygote:
    """Starts, signals and reaps processes on behalf of the backend at the other end of `connection`."""

    def __init__(self, connection: socket.socket, entry: str, restore: Callable[[], None] | None) -> None:
        """Serve `connection`; `restore` makes a forked SDK usable, None means that every process is spawned."""
        self._connection = connection
        self._entry = entry
        self._restore = restore
        self._running: dict[int, int] = {}  # pid -> id
        self._pids: dict[int, int] = {}  # id -> pid
        self._pending = b""
        self._stop = False
        self._own_path = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)

    def serve(self) -> None:
        """Answer requests until the backend is gone or SIGTERM arrives; then kill everything that was started."""
        # Orphans of the tasks become our children: the end of the backend ends them too, whatever session they are in.
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            self._selector.register(self._connection, selectors.EVENT_READ)
            self._selector.register(self._wake_read, selectors.EVENT_READ)
            while not self._stop:
                ready = {key.fd for key, _ in self._selector.select()}
                if self._wake_read in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4096)
                self._reap()
                if self._connection.fileno() in ready and not self._receive():
                    break
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self._end_everything()

    def _on_term(self, *_: object) -> None:
        self._stop = True

    def _send(self, **message: Any) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> bool:
        chunk = self._connection.recv(1 << 18)
        if not chunk:
            return False
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["op"] == "start":
                self._start(request)
            elif (pid := self._pids.get(request["id"])) is not None:
                self._signal(pid, request["signal"])
        return True

    def _signal(self, pid: int, number: int) -> None:
        # Only called for processes that have not been reaped: the number cannot belong to another process meanwhile.
        try:
            os.killpg(pid, number)
        except OSError:
            with contextlib.suppress(OSError):  # not yet the leader of its group
                os.kill(pid, number)

    def _start(self, request: dict[str, Any]) -> None:
        spawn = self._restore is None or request["spawn"]
        server = os.getpid()
        # A signal for the child must not run this process's handlers in it: it waits until the child has its own.
        blocked = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        try:
            pid = os.fork()
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            self._send(id=request["id"], error=f"no process could be started: {error.strerror}")
            return
        if pid == 0:
            self._become_child(request, server, blocked, spawn)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
        self._running[pid] = request["id"]
        self._pids[request["id"]] = pid
        self._send(id=request["id"], pid=pid)

    def _become_child(self, request: dict[str, Any], server: int, blocked: set[Any], spawn: bool) -> NoReturn:
        try:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != server:
                os._exit(_PYTHON_EXIT_FAILURE)
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            self._selector.close()
            self._connection.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            os.chdir(request["cwd"])
            if spawn:
                module, _, function = self._entry.partition(":")
                code = f"from {module} import {function}; {function}()"
                os.execve(sys.executable, [sys.executable, "-c", code, *request["args"]], request["env"])  # noqa: S606
        except BaseException as error:
            sys.stderr.write(f"The task process cannot be started: {error}\n")
            os._exit(_CANNOT_EXECUTE)
        self._run(request)

    def _run(self, request: dict[str, Any]) -> NoReturn:
        """Turn this forked process into what `python -c "from MODULE import main; main()" ARGS` is, run it and exit."""
        code = _PYTHON_EXIT_FAILURE
        try:
            self._set_environment(request["env"])
            sys.argv = ["-c", *request["args"]]
            sys.modules["__main__"] = types.ModuleType("__main__")
            assert self._restore is not None
            self._restore()
            module, _, function = self._entry.partition(":")
            getattr(importlib.import_module(module), function)()
            code = 0
        except SystemExit as stop:
            code = _exit_code(stop)
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
        _leave(code)

    def _set_environment(self, env: dict[str, str]) -> None:
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        wanted = [entry for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry]
        sys.path[:] = ["", *wanted, *(entry for entry in sys.path[1:] if entry not in self._own_path)]
        importlib.invalidate_caches()
        with contextlib.suppress(Exception):  # fsspec reads FSSPEC_* when it is imported
            config = importlib.import_module("fsspec.config")
            config.set_conf_env(config.conf)
        _set_log_levels()

    def _reap(self) -> None:
        for pid, status in _ended_children():
            number = self._running.pop(pid, None)
            if number is None:
                continue  # an orphan of a task
            del self._pids[number]
            # What the process left behind ends with it, as in a container.
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            self._send(id=number, returncode=os.waitstatus_to_exitcode(status))

    def _end_everything(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for pid in self._running:
            self._signal(pid, signal.SIGKILL)
        # The children of what is killed become ours in turn, until none is left. The deadline is for those stuck in the
        # kernel.
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for pid in _children():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                time.sleep(0.005)


def _ended_children() -> list[tuple[int, int]]:
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, status))


def _children() -> list[int]:
    """Processes whose parent is this one; on Linux only, where orphans can be ours without our having started them."""
    found: list[int] = []
    if not _LINUX:
        return found
    own = str(os.getpid())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # pid (name, which may hold spaces and brackets) state parent
                if (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1] == own:
                    found.append(int(entry.name))
    return found


def _set_log_levels() -> None:
    """Apply LOG_LEVEL and USER_LOG_LEVEL, which the SDK reads when it is imported, before this environment is known."""
    import logging

    with contextlib.suppress(Exception):
        sdk = importlib.import_module("flyte._logging")
        for name, level in (("flyte", sdk.get_env_log_level()), ("flyte.user", sdk.get_env_user_log_level())):
            logger = logging.getLogger(name)
            logger.setLevel(level)
            for handler in logger.handlers:
                handler.setLevel(level)


def _exit_code(stop: SystemExit) -> int:
    """What the interpreter exits with for `stop`, printing what it would print."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    sys.stderr.write(f"{stop.code}\n")
    return _PYTHON_EXIT_FAILURE


def _leave(code: int) -> NoReturn:
    """End this process as the interpreter would: wait for non-daemon threads, run exit functions, flush the output.

    A full finalisation would only take apart, page by page, the memory that is shared with the server.
    """
    try:
        for module, function in ((threading, "_shutdown"), (atexit, "_run_exitfuncs")):
            getattr(module, function, lambda: None)()
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def main() -> None:
    """Serve the socket whose descriptor is the first argument; the second is `warm` or `cold`, the third the entry."""
    fd, mode, entry = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    why = sys.argv[4] if len(sys.argv) > 4 else ""
    sys.path[0] = ""  # as `python -c` has it; the directory of this file is no place for imports
    restore: Callable[[], None] | None = None
    if mode == "warm":
        try:
            restore = warm_up()
        except CannotWarmError as error:
            # Whatever the attempt has left behind, threads among it, must not be forked.
            os.set_inheritable(fd, True)
            arguments = [sys.executable, "-u", __file__, str(fd), "cold", entry, str(error)]
            os.execv(sys.executable, arguments)  # noqa: S606
    os.set_inheritable(fd, False)
    connection = socket.socket(fileno=fd)
    zygote = Zygote(connection, entry, restore)
    gc.collect()
    gc.freeze()
    try:
        connection.sendall(json.dumps({"ready": True, "warm": restore is not None, "why": why}).encode() + b"\n")
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ECONNRESET):
            raise
        return
    zygote.serve()


if __name__ == "__main__":
    main()
