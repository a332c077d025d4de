"""Starting, finding and stopping real backends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter import local
from flyte_jupyter.local import _requirements
from flyte_jupyter.local._cli import main
from flyte_jupyter.local._contact import alive
from flyte_jupyter.local._paths import StateDir, component, default_state_dir

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state"
    yield path
    local.stop(path)


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_life(state_dir: Path) -> None:
    assert local.status(state_dir) is None
    assert local.stop(state_dir) is False
    with local.start(state_dir) as backend:
        assert local.start(state_dir).pid == backend.pid
        assert backend.endpoint.startswith("http://localhost:")
        assert backend.endpoint.rpartition("/")[2] not in repr(backend)
        status = local.status(state_dir)
        assert status is not None
        assert status["endpoint"] == backend.endpoint
        assert (status["pid"], status["runs"], status["running_actions"]) == (backend.pid, 0, 0)
        assert status["versions"].keys() == {"flyte_jupyter", "flyte", "flyteidl2", "python"}
        assert state_dir.stat().st_mode & 0o777 == 0o700
        for name in ("backend.json", "state.db", "backend.log"):
            assert (state_dir / name).stat().st_mode & 0o777 == 0o600
        assert os.getsid(backend.pid) != os.getsid(0)
    assert local.status(state_dir) is None
    with local.start(state_dir) as again:
        assert again.endpoint == backend.endpoint


def test_killed_and_started_again(state_dir: Path) -> None:
    first = local.start(state_dir)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: local.status(state_dir) is None)
    second = local.start(state_dir)
    assert second.pid != first.pid
    assert second.endpoint == first.endpoint


def test_two_starters_get_one_backend(state_dir: Path) -> None:
    code = f"from flyte_jupyter import local; print(local.start({str(state_dir)!r}).pid)"
    starters = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        for _ in range(2)
    ]
    assert len({starter.communicate()[0] for starter in starters}) == 1


def test_ends_by_itself_when_nobody_uses_it(state_dir: Path) -> None:
    local.start(state_dir, idle_exit=0.2)
    until(lambda: not _alive(state_dir))
    assert "Nobody used this backend" in (state_dir / "backend.log").read_text()


def _alive(state_dir: Path) -> bool:
    """Ask the lock and not the backend, which a question would keep alive."""
    return alive(StateDir.of(state_dir))


def test_faults(state_dir: Path) -> None:
    with local.start(state_dir, faults=["reset"]) as backend:
        assert (local.status(state_dir) or {})["faults"] == ["reset"]
        backend.set_faults(["early-end", "random-order"])
        assert (local.status(state_dir) or {})["faults"] == ["early-end", "random-order"]
        with pytest.raises(local.LocalBackendError, match="no fault 'flood'"):
            backend.set_faults(["flood"])


def test_port_in_use(state_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(local.LocalBackendError, match=f"Port {port} is in use"):
            local.start(state_dir, port=port)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"port": 8090}, "Port 8090"), ({"port": 70000}, "70000 is no port"), ({"max_parallel": 0}, "at least 1")],
)
def test_bad_options(state_dir: Path, options: dict[str, int], words: str) -> None:
    with pytest.raises(local.LocalBackendError, match=words):
        local.start(state_dir, **options)  # pyright: ignore[reportArgumentType]


def test_state_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(local.LocalBackendError, match=r"state directory .* cannot be written"):
        local.start(tmp_path / "file" / "state")


def test_another_interpreter(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local.start(state_dir):
        monkeypatch.setattr(sys, "executable", "/another/python")
        with pytest.raises(local.LocalBackendError, match="another interpreter"):
            local.start(state_dir)


def test_each_interpreter_has_a_default_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = default_state_dir()
    monkeypatch.setattr(sys, "executable", "/another/python")
    assert default_state_dir() != mine


def test_old_sdk_and_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_requirements, "version", lambda name: "2.10.9")
    with pytest.raises(local.LocalBackendError, match=r"flyte SDK 2\.11 or newer, and this is 2\.10\.9"):
        _requirements.check_requirements()
    monkeypatch.setattr(_requirements, "version", lambda name: "2.11.0rc1")
    _requirements.check_requirements()
    monkeypatch.setattr(_requirements.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(local.LocalBackendError, match=r"flyte-jupyter\[local\]"):
        _requirements.check_requirements()


def test_database_of_another_version(state_dir: Path) -> None:
    import sqlite3

    state_dir.mkdir()
    with sqlite3.connect(state_dir / "state.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(local.LocalBackendError, match="another version of flyte-jupyter"):
        local.start(state_dir)


def test_importing_is_light() -> None:
    code = (
        "import sys, flyte_jupyter.local; "
        "print([name for name in ('hypercorn', 'flyteidl2', 'flyte', 'connectrpc', 'grpc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "[]"


def test_command(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--state-dir", str(state_dir), "--json"]
    assert main(["status", *where]) == 1
    assert json.loads(capsys.readouterr().out) == {"running": False}
    assert main(["start", *where]) == 0
    started = json.loads(capsys.readouterr().out)
    assert main(["status", *where]) == 0
    status = json.loads(capsys.readouterr().out)
    assert {"endpoint", "pid", "state_dir", "versions", "runs", "running_actions"} <= status.keys()
    assert status["pid"] == started["pid"]
    assert main(["start", *where, "--port", "8090"]) == 1
    assert "running on port" in json.loads(capsys.readouterr().out)["error"]
    assert main(["status", "--state-dir", str(state_dir)]) == 0
    assert started["endpoint"] not in capsys.readouterr().out
    assert main(["stop", *where]) == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": True}


def test_components_of_paths() -> None:
    assert component("../x y") == "..%2Fx%20y"
    assert component("..") == "%2E%2E"
    assert component("v1.2") == "v1.2"
