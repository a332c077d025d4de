"""`flyte-jupyter actions`: what was armed is done without a notebook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from flyte_jupyter import on
from flyte_jupyter.actions import Notify, Service
from flyte_jupyter.actions._db import DIRECTORY
from flyte_jupyter.remote import background
from tests.integration.actions.conftest import Start
from tests.integration.support import REPOSITORY, Backend, until

COMMAND = [sys.executable, "-m", "flyte_jupyter.cli", "actions"]


def tell(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_it_does_what_a_notebook_armed(service: Service, backend: Backend, start: Start, tmp_path: Path) -> None:
    armed = on(task="acting.train").succeeded.do(Notify(text="{task} is done"))
    background().run(service.close())
    out = tmp_path / "out"
    with out.open("w") as file:
        watching = subprocess.Popen(
            [*COMMAND, "watch", backend.endpoint], cwd=REPOSITORY, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: "1 armed" in out.read_text(), "the watch")
        start("train")
        until(lambda: f"[{armed.id}] acting.train is done" in out.read_text(), "the notice")
        until(lambda: f"[{armed.id}] succeeded" in out.read_text(), "the end")
        line = f"[{armed.id}] task acting.train succeeded -> notify {{task}} is done: "
        assert f"{line}armed, fired once; succeeded: acting.train is done (shown)" in tell("list")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 0
    finally:
        watching.kill()
        watching.wait()
    assert "Traceback" not in out.read_text()
    assert backend.endpoint.rpartition("/")[2] not in out.read_text(), "the token"
    assert f"{line}not connected, fired once" in tell("list")
    assert "acting.train is done" in tell("history", str(armed.id))
    assert "There is no armed action 99" in tell("history", "99")
    assert os.environ[DIRECTORY] == str(tmp_path / "actions")
