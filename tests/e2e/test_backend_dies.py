"""The backend dies in the middle of a run: the view says so, and recovers when it is back."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import OpenNotebook
from tests.e2e.view import expect_root, expect_rows, expect_text

KILL = """
import os, signal
from flyte_jupyter import local
os.kill(local.status()["pid"], signal.SIGKILL)
"""


def test_the_view_recovers_when_the_backend_is_back(open_notebook: OpenNotebook, tmp_path: Path) -> None:
    start = f"run = flyte.run(fan, n=2, gate={str(tmp_path / 'never')!r})\nrun"
    notebook = open_notebook("lab", "newest", [LOAD, TASKS, start, KILL, "%flyte_local"])
    for index in range(3):
        notebook.run(index)
    cell = notebook.cell(2)
    expect_rows(cell, "running", 3)
    notebook.run(3)
    expect_text(cell, "reconnecting")
    notebook.run(4)
    expect_root(cell, "aborted")
