"""What is open is frozen into the file, and comes back to life in a fresh kernel by a click."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import OpenNotebook
from tests.e2e.jupyter import until
from tests.e2e.view import PATIENCE, expect_root


def test_a_frozen_run_comes_back_by_a_click(open_notebook: OpenNotebook, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    gate.touch()
    show = f"run = flyte.run(fan, n=2, gate={str(gate)!r})\nrun.wait(quiet=True)\nflyte_jupyter.show(run, tab='inputs')"
    notebook = open_notebook("lab", "newest", [f"import flyte_jupyter\n{LOAD}", TASKS, show])
    for index in range(3):
        notebook.run(index)
    cell = notebook.cell(2)
    expect_root(cell, "succeeded")
    cell.get_by_role("button", name="Freeze").first.click()
    expect(cell.get_by_text("Frozen", exact=True)).to_be_visible(timeout=PATIENCE)

    def frozen() -> bool:
        return "gate (str)" in "".join(notebook.outputs(2)[-1]["data"]["text/plain"])

    until(frozen, "what is open is in the output", page=notebook.page)

    notebook.save()
    notebook.restart_kernel()
    notebook.reload()
    notebook.wait_kernel()
    cell = notebook.cell(2)
    expect(cell.get_by_text("The run is over; this is its record").first).to_be_visible(timeout=PATIENCE)
    notebook.run(0)
    cell.get_by_role("button", name="Show it live").click(timeout=PATIENCE)
    expect_root(cell, "succeeded")
