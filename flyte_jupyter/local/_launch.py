"""Task processes: how the backend starts, signals and outlives them.

Every process is started by a small server process of ours (`_zygote.py`): forked from an interpreter that has already
imported the SDK where that is possible, otherwise spawned. The server kills what it started when the backend ends,
however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from flyte_jupyter.local._errors import LocalBackendError

__all__ = ["LaunchError", "LaunchSpec", "Launcher", "Process", "create_launcher"]

_logger = logging.getLogger(__name__)

RUNTIME_ENTRY = "flyte._bin.runtime:main"

# Read by the interpreter, the loader, libc or the SDK before a forked process could have them.
_START_TIME_PREFIXES = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_", "LC_", "FLYTE_IO_", "FLYTE_UPLOAD_", "OTEL_")
_START_TIME_NAMES = {"LANG", "LANGUAGE", "FSSPEC_CONFIG_DIR", "_F_P_WRITE_CHUNK_SIZE", "_F_TE_MAX_COROS"}
_APPLIED_AFTER_FORK = {"PYTHONPATH", "PYTHONUNBUFFERED"}

_START_TIMEOUT = 120.0
_CLOSE_GRACE = 1.0
_CLOSE_TIMEOUT = 15.0


class LaunchError(LocalBackendError):
    """A process cannot be started."""


@dataclass(frozen=True)
class LaunchSpec:
    """One process to start.

    Attributes:
        args: The arguments of the SDK's runtime, those after `a0`.
        env: The complete environment; nothing is inherited.
        cwd: Where it runs; must exist.
        log: Its output and its errors are appended here, in the order in which they were written. Created with 0600.
        python_path: Put before everything else in `sys.path`, and into PYTHONPATH for the processes that it starts.
    """

    args: list[str]
    env: dict[str, str] = field(repr=False)  # may hold secrets
    cwd: Path
    log: Path
    python_path: list[str] = field(default_factory=list)


class Launcher(Protocol):
    """Starts processes and ends them all with itself."""

    async def start(self) -> None:
        """Begin to warm up; `launch` waits for it where needed."""
        ...

    async def launch(self, spec: LaunchSpec) -> Process:
        """Start a process.

        Raises:
            LaunchError: It cannot be started; the message says why.
        """
        ...

    async def close(self) -> None:
        """End everything that was started, within seconds."""
        ...


def create_launcher(*, warm: bool | None = None, entry: str = RUNTIME_ENTRY) -> ServedLauncher:
    """Make a launcher for this platform.

    Args:
        warm: Fork processes from an interpreter that has imported the SDK. By default on Linux. Where the SDK does not
            allow it, or a process sets variables that count only when an interpreter starts, it is spawned instead.
        entry: `module:function` that each process runs, without arguments, with `LaunchSpec.args` in `sys.argv[1:]`.
    """
    return ServedLauncher(warm=sys.platform == "linux" if warm is None else warm, entry=entry)


class Process:
    """A process and its group (it leads a session of its own)."""

    def __init__(self, server: _Server, number: int, pid: int) -> None:
        self._server = server
        self._number = number
        self.pid = pid
        self._returncode: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def __repr__(self) -> str:
        return f"<Process {self.pid} {'ended' if self._returncode.done() else 'running'}>"

    @property
    def returncode(self) -> int | None:
        """The exit code, the negative signal number, or None while it runs."""
        return self._returncode.result() if self._returncode.done() else None

    async def wait(self) -> int:
        """Wait for its end.

        Returns:
            The exit code, or the negative number of the signal that ended it; -9 if the server that had started it died
            and the process with it. What the process left running in its group has been killed by then.
        """
        return await asyncio.shield(self._returncode)

    async def terminate(self, grace: float = 3.0) -> None:
        """Send SIGTERM to the process group, SIGKILL after `grace` seconds, and wait for the end."""
        self._server.signal(self._number, signal.SIGTERM)
        done, _ = await asyncio.wait([self._returncode], timeout=grace)
        if not done:
            self._server.signal(self._number, signal.SIGKILL)
        await self.wait()

    def ended(self, returncode: int) -> None:
        """Called by the server's reader when the process has ended."""
        if not self._returncode.done():
            self._returncode.set_result(returncode)


class ServedLauncher:
    """The launcher; see `create_launcher`. It belongs to the event loop that uses it first."""

    def __init__(self, *, warm: bool, entry: str) -> None:
        self._warm = warm
        self._entry = entry
        self._server: _Server | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    @property
    def warm(self) -> bool | None:
        """Whether processes are forked warm, None before the server is ready."""
        return self._server.warm if self._server else None

    @property
    def server_pid(self) -> int | None:
        """The process id of the server, None before `start`."""
        return self._server.pid if self._server else None

    async def start(self) -> None:
        """Begin to warm up; `launch` waits for it where needed."""
        async with self._lock:
            if not self._closed and (self._server is None or self._server.gone):
                self._server = await _Server.start(warm=self._warm, entry=self._entry)

    async def launch(self, spec: LaunchSpec) -> Process:
        """Start a process.

        Raises:
            LaunchError: It cannot be started; the message says why.
        """
        _check(spec)
        env = _environment(spec)
        for last in (False, True):
            server = await self._ready_server()
            try:
                return await server.launch(spec, env)
            except _ServerGoneError:  # before it said that the process runs
                if last:
                    raise LaunchError("The server that starts task processes keeps dying.") from None
        raise AssertionError  # the loop returns or raises

    async def _ready_server(self) -> _Server:
        for last in (False, True):
            if self._closed:
                raise LaunchError("The launcher is closed.")
            await self.start()
            server = self._server
            if server is None:
                continue
            try:
                await server.wait_ready(_START_TIMEOUT)
            except _ServerGoneError:
                if last or not self._warm:
                    raise LaunchError(
                        f"The server that starts task processes ended with {server.returncode} before it was ready."
                    ) from None
                _logger.warning(
                    "The warm start of task processes died (%s); they are spawned from now on.", server.returncode
                )
                self._warm = False
            else:
                return server
        raise LaunchError("The launcher is closed.")

    async def close(self) -> None:
        """End everything that was started, within seconds."""
        self._closed = True
        async with self._lock:
            if self._server is not None:
                await self._server.close()


class _ServerGoneError(Exception):
    """The server died or was closed."""


class _Server:
    """The connection to one server process."""

    def __init__(self, process: subprocess.Popen[bytes], env: dict[str, str], connection: asyncio.StreamWriter) -> None:
        self._process = process
        self._env = env
        self._connection = connection
        self._numbers = itertools.count(1)
        self._starting: dict[int, asyncio.Future[Process]] = {}
        self._running: dict[int, Process] = {}
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._reading: asyncio.Task[None] | None = None
        self.gone = False

    @classmethod
    async def start(cls, *, warm: bool, entry: str) -> _Server:
        ours, theirs = socket.socketpair()
        env = {name: value for name, value in os.environ.items() if not name.startswith("FSSPEC_")}
        env["PYTHONUNBUFFERED"] = "1"
        script = Path(__file__).with_name("_zygote.py")
        with theirs:
            process = subprocess.Popen(  # noqa: ASYNC220 - returns as soon as the interpreter is executed
                [sys.executable, "-u", str(script), str(theirs.fileno()), "warm" if warm else "cold", entry],
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        server = cls(process, env, writer)
        server._reading = asyncio.create_task(server._read(reader), name="flyte-jupyter-launcher")
        return server

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    @property
    def warm(self) -> bool | None:
        return self._ready.result() if self._ready.done() and not self._ready.exception() else None

    async def wait_ready(self, timeout: float) -> None:
        done, _ = await asyncio.wait([self._ready], timeout=timeout)
        if not done:
            raise LaunchError(f"The server that starts task processes is not ready after {timeout:.0f} s.")
        self._ready.result()

    async def launch(self, spec: LaunchSpec, env: dict[str, str]) -> Process:
        if self.gone:
            raise _ServerGoneError
        number = next(self._numbers)
        started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._starting[number] = started
        request = {"args": spec.args, "env": env, "cwd": str(spec.cwd), "log": str(spec.log)}
        self._write(op="start", id=number, spawn=needs_spawn(env, self._env), **request)
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            self.signal(number, signal.SIGKILL)  # nobody will hold it, so it must not run on
            raise

    def signal(self, number: int, signum: int) -> None:
        if not self.gone:
            self._write(op="signal", id=number, signal=int(signum))

    def _write(self, **message: Any) -> None:
        self._connection.write(json.dumps(message).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._handle(json.loads(line))
        except ConnectionError:
            pass
        finally:
            self._on_gone()

    def _handle(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            if message["why"]:
                _logger.warning("Task processes are spawned, not forked: %s.", message["why"])
            self._ready.set_result(message["warm"])
        elif "pid" in message:
            process = self._running[message["id"]] = Process(self, message["id"], message["pid"])
            self._starting.pop(message["id"]).set_result(process)
        elif "error" in message:
            self._starting.pop(message["id"]).set_exception(LaunchError(f"{message['error']}."))
        elif process := self._running.pop(message["id"], None):
            process.ended(message["returncode"])

    def _on_gone(self) -> None:
        self.gone = True
        self._connection.close()
        for future in (self._ready, *self._starting.values()):
            if not future.done():
                future.set_exception(_ServerGoneError())
                future.exception()  # seen, also if nobody waits
        for process in self._running.values():
            # The system kills a process whose server died, but not the processes that it has started in turn.
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.ended(-signal.SIGKILL)
        self._starting.clear()
        self._running.clear()
        self._process.poll()

    async def close(self) -> None:
        await asyncio.gather(*(process.terminate(_CLOSE_GRACE) for process in list(self._running.values())))
        self._connection.close()  # at which the server kills what is left and exits
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, self._process.wait, _CLOSE_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await loop.run_in_executor(None, self._process.wait)
        if self._reading is not None:
            await self._reading


def needs_spawn(env: Mapping[str, str], base: Mapping[str, str]) -> bool:
    """Whether `env` sets what counts only when an interpreter starts, and otherwise than `base`, the server's own."""
    return any(
        base.get(name) != value
        for name, value in env.items()
        if (name.startswith(_START_TIME_PREFIXES) or name in _START_TIME_NAMES) and name not in _APPLIED_AFTER_FORK
    )


def _environment(spec: LaunchSpec) -> dict[str, str]:
    """The environment of the process, `python_path` in it."""
    if not spec.python_path:
        return spec.env
    entries = [*spec.python_path, *filter(None, [spec.env.get("PYTHONPATH")])]
    return {**spec.env, "PYTHONPATH": os.pathsep.join(entries)}


def _check(spec: LaunchSpec) -> None:
    """Say at once what the new process could only write nowhere."""
    if not spec.cwd.is_dir():
        raise LaunchError(f"The work directory {spec.cwd} does not exist.")
    try:
        os.close(os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    except OSError as error:
        raise LaunchError(f"The log {spec.log} cannot be written: {error.strerror}.") from error
