"""Starting, dying, coming back, refusing: the backend as a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.support import Backend, Sdk, alive, descendants, until

INIT = """
import asyncio, json, os, pathlib, subprocess, sys, time
import flyte
from flyte.remote import Action, ActionDetails, Run

env = flyte.TaskEnvironment(name="life")

@env.task
async def double(x: int) -> int:
    return 2 * x

@env.task
async def sleeps(directory: str, name: str) -> int:
    sleeping = [sys.executable, "-c", "import time; time.sleep(300)"]
    child = subprocess.Popen(sleeping, start_new_session=name == "detached")
    path = pathlib.Path(directory, name + ".part")
    path.write_text(f"{os.getpid()} {child.pid}")
    path.rename(path.with_suffix(""))
    await asyncio.sleep(300)
    return 1

@env.task
async def nested(directory: str) -> int:
    return sum(await asyncio.gather(sleeps(directory, "child"), sleeps(directory, "detached")))

@env.task
async def pauses(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "awake"

def init():
    flyte.init(endpoint=sys.argv[1], insecure=True, project="project", domain="development")
"""

DESCRIBE = f"""{INIT}
async def describe(name):
    run = await Run.get.aio(name)
    details = (await run.details.aio()).action_details
    error = details.error_info.message if details.error_info else ""
    reason = details.abort_info.reason if details.abort_info else ""
    outputs = list(await run.outputs.aio()) if run.phase == "succeeded" else []
    actions = [[action.name, action.phase.value] async for action in Action.listall.aio(for_run_name=name)]
    return {{"phase": run.phase.value, "why": error + reason, "outputs": outputs, "actions": actions}}

async def main():
    names = sys.argv[2:] or [run.name async for run in Run.listall.aio()]
    print(json.dumps({{name: await describe(name) for name in names}}))

if __name__ == "__main__":
    init()
    asyncio.run(main())
"""


DOUBLE_FOUR = ["run = flyte.run(double, x=4)", "run.wait(quiet=True)", "print(json.dumps(list(run.outputs())))"]


def describe(backend: Backend, tmp_path: Path, *names: str) -> dict[str, Any]:
    return backend.script(tmp_path / "describe.py", DESCRIBE, *names)


def submit(backend: Backend, tmp_path: Path, *lines: str) -> Any:
    """Run a script that starts runs; `lines` are its body, the last prints JSON."""
    body = "\n".join(f"    {line}" for line in lines)
    return backend.script(tmp_path / "life.py", f"{INIT}\nif __name__ == '__main__':\n    init()\n{body}\n")


def pids_in(*paths: Path) -> list[int]:
    until(lambda: all(path.exists() for path in paths), "the processes of the tasks")
    return [int(word) for path in paths for word in path.read_text().split()]


def test_killed_backend_loses_no_run_and_leaves_no_process(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start("--max-parallel", "2")
    names = submit(
        own_backend,
        tmp_path,
        "done = flyte.run(double, x=21)",
        "done.wait(quiet=True)",
        f"tree = flyte.run(nested, directory={str(tmp_path)!r})",
        f"while not all(pathlib.Path({str(tmp_path)!r}, name).exists() for name in ('child', 'detached')):",
        "    time.sleep(0.05)",
        "queued = [flyte.run(sleeps, directory='/nowhere', name=str(i)) for i in range(3)]",
        "print(json.dumps([run.name for run in (done, tree, *queued)]))",
    )
    pids = pids_in(tmp_path / "child", tmp_path / "detached")
    pids += [own_backend.pid, *descendants(own_backend.pid)]
    assert all(map(alive, pids))
    os.kill(own_backend.pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), f"the end of every process of {pids}")

    killed, endpoint = own_backend.pid, own_backend.endpoint
    own_backend.start()
    assert own_backend.pid != killed
    assert own_backend.endpoint == endpoint, "clients that wait find it again"
    found = describe(own_backend, tmp_path)
    assert set(found) == set(names)
    done, tree, *queued = (found[name] for name in names)
    assert done["phase"] == "succeeded"
    assert done["outputs"] == [42]
    for run in (tree, *queued):
        assert run["phase"] in ("aborted", "failed")
        assert "backend" in run["why"]
        assert {phase for _, phase in run["actions"]} <= {"aborted", "failed"}
    assert len(tree["actions"]) == 3
    assert submit(own_backend, tmp_path, *DOUBLE_FOUR) == [8]


def test_no_acknowledged_run_is_lost_at_any_moment(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start("--max-parallel", "2")
    script = tmp_path / "many.py"
    body = "for i in range(200):\n        print(flyte.run(double, x=i).name, flush=True)"
    script.write_text(f"{INIT}\nif __name__ == '__main__':\n    init()\n    {body}\n")
    client = subprocess.Popen(
        [own_backend.sdk.python, str(script), own_backend.endpoint],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdout is not None
    names = [client.stdout.readline().strip() for _ in range(5)]
    os.kill(own_backend.pid, signal.SIGKILL)
    client.kill()
    names += client.stdout.read().split()
    client.wait()
    own_backend.start()
    found = describe(own_backend, tmp_path)
    assert set(names) <= set(found)
    assert {run["phase"] for run in found.values()} <= {"succeeded", "aborted", "failed"}


def test_killed_task_server_fails_its_tasks_and_is_replaced(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start()
    (name,) = submit(
        own_backend,
        tmp_path,
        f"print(json.dumps([flyte.run(sleeps, directory={str(tmp_path)!r}, name='child').name]))",
    )
    pids = pids_in(tmp_path / "child")
    (server,) = [pid for pid in descendants(own_backend.pid) if pids[0] in descendants(pid)]
    os.kill(server, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), "the end of the task's processes")

    why = "json.dumps(run.details().action_details.error_info.message)"
    assert "SIGKILL" in submit(
        own_backend, tmp_path, f"run = Run.get({name!r})", "run.wait(quiet=True)", f"print({why})"
    )
    assert submit(own_backend, tmp_path, *DOUBLE_FOUR) == [8]
    assert own_backend.status()["pid"] == own_backend.pid


def test_stop_ends_every_process(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start()
    submit(own_backend, tmp_path, f"flyte.run(nested, directory={str(tmp_path)!r})", "print('1')")
    pids = pids_in(tmp_path / "child", tmp_path / "detached")
    pids += [own_backend.pid, *descendants(own_backend.pid)]
    own_backend.stop()
    until(lambda: not any(map(alive, pids)), "the end of every process")
    assert own_backend.command("status").json == {"running": False}


def test_start_twice_gives_the_same_backend(backend: Backend) -> None:
    again = backend.command("start").json
    assert (again["endpoint"], again["pid"]) == (backend.endpoint, backend.pid)


def test_status(backend: Backend) -> None:
    status = backend.status()
    assert status["endpoint"] == backend.endpoint
    assert status["pid"] == backend.pid
    assert status["state_dir"] == str(backend.state_dir)
    assert status["versions"]["flyte"] == backend.sdk.version
    assert status["executable"] == backend.sdk.python
    assert status["runs"] >= 0
    assert status["running_actions"] >= 0


def test_state_directory_is_for_its_owner_alone(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start()
    submit(own_backend, tmp_path, *DOUBLE_FOUR)
    modes = {
        path: stat.S_IMODE(path.stat().st_mode) for path in (own_backend.state_dir, *own_backend.state_dir.iterdir())
    }
    assert modes[own_backend.state_dir] == 0o700
    secrets = [
        path for path in modes if path.name == "backend.json" or path.name.startswith(("state.db", "backend.log"))
    ]
    assert len(secrets) >= 3
    assert {oct(modes[path]) for path in secrets} == {"0o600"}


def test_token_reaches_no_log(backend: Backend) -> None:
    assert backend.endpoint.rpartition("/")[2] not in backend.log()


def test_ends_by_itself_when_nobody_uses_it_but_not_while_a_task_runs(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start("--idle-exit", "4")
    with kept_in_use(own_backend):  # however long the SDK takes to be imported
        (name,) = submit(own_backend, tmp_path, "print(json.dumps([flyte.run(pauses, seconds=6.0).name]))")
    pids = [own_backend.pid, *descendants(own_backend.pid)]
    until(lambda: not any(map(alive, pids)), "its end")
    own_backend.start()
    assert describe(own_backend, tmp_path, name)[name]["outputs"] == ["awake"]


@contextlib.contextmanager
def kept_in_use(backend: Backend) -> Iterator[None]:
    """Be a client that asks now and then."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.5):
            request = urllib.request.Request(
                f"{backend.endpoint}/flyteidl2.workflow.RunService/ListRuns",
                b'{"projectId": {"name": "project", "domain": "development"}}',
                {"Content-Type": "application/json"},
            )
            urllib.request.urlopen(request, timeout=30).close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_queued_action_is_aborted_at_once(own_backend: Backend, tmp_path: Path) -> None:
    own_backend.start("--max-parallel", "1")
    found = submit(
        own_backend,
        tmp_path,
        f"first = flyte.run(sleeps, directory={str(tmp_path)!r}, name='first')",
        "second = flyte.run(sleeps, directory='/nowhere', name='second')",
        "second.abort(reason='not needed')",
        "second.wait(quiet=True)",
        "print(json.dumps([Run.get(second.name).phase.value, Run.get(first.name).done()]))",
    )
    assert found == ["aborted", False]


def test_port_in_use(own_backend: Backend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = own_backend.command("start", "--port", str(port))
    assert done.returncode == 1
    assert str(port) in done.json["error"]
    assert "in use" in done.json["error"]
    assert own_backend.command("status").json == {"running": False}


def test_state_directory_that_cannot_be_written(sdk: Sdk, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Backend(sdk, tmp_path / "file" / "state").command("start")
    assert done.returncode == 1
    assert "cannot be written" in done.json["error"]
    assert str(tmp_path) in done.json["error"]


def test_sdk_that_is_too_old(own_backend: Backend, tmp_path: Path) -> None:
    old = tmp_path / "old" / "flyte-2.0.1.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: flyte\nVersion: 2.0.1\n")
    done = own_backend.command("start", env={"PYTHONPATH": str(old.parent)})
    assert done.returncode == 1
    assert "2.0.1" in done.json["error"]
    assert "pip install" in done.json["hint"]


@pytest.mark.parametrize("options", [("--port", "70000"), ("--max-parallel", "0")])
def test_options_that_make_no_sense(own_backend: Backend, options: tuple[str, str]) -> None:
    done = own_backend.command("start", *options)
    assert done.returncode == 1
    assert json.loads(done.out)["error"].endswith(".")
    assert "Traceback" not in done.err
