"""What the server of the launcher does where the SDK is not as it was built for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import flyte_jupyter.local._zygote as zygote_module

ZYGOTE = Path(zygote_module.__file__)


class Server:
    """The script, run as the launcher runs it, with its end of the socket."""

    def __init__(self, mode: str, python_path: Path) -> None:
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(60)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-u", str(ZYGOTE), str(theirs.fileno()), mode, "entry:main"],
                env={**os.environ, "PYTHONPATH": str(python_path)},
                pass_fds=[theirs.fileno()],
                cwd="/",
            )
        self._lines = self.connection.makefile("rb")

    def read(self) -> dict[str, Any]:
        return json.loads(self._lines.readline())

    def start(self, directory: Path, env: dict[str, str]) -> int:
        request = {"op": "start", "id": 1, "args": [], "env": env, "cwd": str(directory), "spawn": False}
        self.connection.sendall(json.dumps({**request, "log": str(directory / "log")}).encode() + b"\n")
        assert self.read()["pid"] > 0
        return self.read()["returncode"]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.process.wait(30)
        self._lines.close()
        self.connection.close()


def package(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


ENTRY = {"entry.py": "import sys\ndef main():\n    print('ran', sys.argv[1:])\n"}
SDK = {"flyte/__init__.py": "", "flyte/_bin/__init__.py": "", "flyte/_bin/runtime.py": ""}
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"flyte/__init__.py": "raise ImportError('too old')"}, "the SDK cannot be imported: too old"),
        (SDK, "the SDK's background thread cannot be stopped"),
        ({**SDK, "flyte/syncify.py": "syncify = None"}, "the SDK's background thread cannot be stopped"),
        (
            {
                **SDK,
                "flyte/syncify.py": THREAD
                + "import asyncio, types\n"
                + "loop = asyncio.new_event_loop()\n"
                + "thread = types.SimpleNamespace(name='x', join=lambda t: None)\n"
                + "bg = types.SimpleNamespace(loop=loop, thread=thread, stop=lambda: None)\n"
                + "syncify = types.SimpleNamespace(_bg_loop=bg)\n",
            },
            "the SDK keeps threads running",
        ),
    ],
    ids=["no-sdk", "no-syncify", "other-syncify", "more-threads"],
)
def test_an_sdk_that_cannot_be_forked_is_spawned(tmp_path: Path, files: dict[str, str], why: str) -> None:
    with Server("warm", package(tmp_path, {**ENTRY, **files})) as server:
        ready = server.read()
        assert ready["ready"]
        assert not ready["warm"]
        assert why in ready["why"]
        env = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
        assert server.start(tmp_path, env) == 0, (tmp_path / "log").read_text()
    assert (tmp_path / "log").read_text() == "ran []\n"
    assert server.process.returncode == 0


def test_the_real_sdk_leaves_one_thread_and_no_module_of_the_project(tmp_path: Path) -> None:
    look = (
        "import os, sys\ndef main():\n    print([name for name in sys.modules if name.startswith('flyte_jupyter')])\n"
    )
    with Server("warm", package(tmp_path, {"entry.py": look})) as server:
        assert server.read() == {"ready": True, "warm": True, "why": ""}
        assert server.start(tmp_path, {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}) == 0
    assert (tmp_path / "log").read_text() == "[]\n"


def test_ends_when_its_owner_is_gone_before_it_is_ready(tmp_path: Path) -> None:
    with Server("cold", tmp_path) as server:
        pass
    assert server.process.returncode == 0
