"""Interpreters with an SDK, backends that run on them, and waiting."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[2]
SCENARIOS = Path(__file__).parent / "local" / "scenarios"
# For programs that call a backend with the SDK.
LEAVING = {"PYTHONPATH": str(Path(__file__).parent / "leaving")}


@dataclass(frozen=True)
class Sdk:
    """An interpreter and the versions of what it has."""

    python: str
    version: str
    ipykernel: str

    def run(self, *arguments: str, cwd: Path = REPOSITORY, env: dict[str, str] | None = None) -> Finished:
        """Run the interpreter and wait for its end."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=cwd,
            env={**os.environ, "DO_NOT_TRACK": "1", **(env or {})},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def script(self, path: Path, code: str, *arguments: str) -> Finished:
        """Write `code` to `path` and run it there."""
        path.write_text(code)
        return self.run(str(path), *arguments, cwd=path.parent, env=LEAVING)


@dataclass(frozen=True)
class Finished:
    """How a process ended and what it said."""

    returncode: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What the last line of its output says, in JSON."""
        assert self.out.strip(), self.err
        return json.loads(self.out.strip().splitlines()[-1])


class Backend:
    """A backend with a state directory of its own, steered by the command."""

    def __init__(self, sdk: Sdk, state_dir: Path) -> None:
        self.sdk = sdk
        self.state_dir = state_dir
        self.endpoint = ""
        self.pid = 0

    def command(self, name: str, *options: str, env: dict[str, str] | None = None) -> Finished:
        """Give `flyte-jupyter local NAME`."""
        place = ("--state-dir", str(self.state_dir), "--json")
        return self.sdk.run("-m", "flyte_jupyter.local", name, *place, *options, env=env)

    def start(self, *options: str) -> dict[str, Any]:
        """Start it; it must start."""
        done = self.command("start", *options)
        assert done.returncode == 0, done.out + done.err
        self.endpoint, self.pid = done.json["endpoint"], done.json["pid"]
        return done.json

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return self.command("status").json

    def stop(self) -> None:
        """Stop it, if it runs."""
        self.command("stop")

    def script(self, path: Path, code: str, *arguments: str) -> Any:
        """Run a script of the SDK that prints JSON at its end; the endpoint is its first argument."""
        done = self.sdk.script(path, code, self.endpoint, *arguments)
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.out}\n{done.err}"
        return done.json

    def log(self) -> str:
        """What it has logged."""
        return (self.state_dir / "backend.log").read_text(errors="replace")


def until(condition: Callable[[], T], what: str, seconds: float = 60) -> T:
    """Wait until `condition` returns something true, and return that."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    if sys.platform == "linux":
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].strip()
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        command = ["ps", "-o", "stat=", "-p", str(pid)]
        state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def _parents() -> list[tuple[int, int]]:
    if sys.platform != "linux":
        listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        return [(int(pid), int(parent)) for pid, parent in map(str.split, listing.splitlines())]
    found: list[tuple[int, int]] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                stat = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                found.append((int(entry.name), int(stat[1])))
    return found


def descendants(pid: int) -> list[int]:
    """The processes that `pid` has started, and theirs."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found += level
    return found
