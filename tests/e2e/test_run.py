"""A run in the cell that started it: it appears, changes and ends; reload, restart and a second view."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import OpenNotebook
from tests.e2e.jupyter import until
from tests.e2e.view import expect_root, expect_rows, expect_text, rows


def test_a_run_lives_in_its_cell(open_notebook: OpenNotebook, application: str, kernel: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    notebook = open_notebook(
        application, kernel, [LOAD, TASKS, f"run = flyte.run(fan, n=3, gate={str(gate)!r})\nrun", "run"]
    )
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    first, second = notebook.cell(2), notebook.cell(3)
    expect_rows(first, "running", 4)
    expect(first.get_by_role("button", name="Abort run", exact=True)).to_be_enabled()

    notebook.run(3)
    expect_rows(second, "running", 4)

    notebook.save()
    notebook.reload()
    expect_rows(first, "running", 4)
    expect_rows(second, "running", 4)

    gate.touch()
    expect_rows(first, "succeeded", 4)
    expect_rows(second, "succeeded", 4)

    notebook.reload()
    expect_rows(first, "succeeded", 4)

    notebook.restart_kernel()
    expect_text(first, "fan")
    expect(notebook.page.get_by_text("model not found")).to_have_count(0)


def test_the_saved_file_shows_the_run_without_a_kernel(
    open_notebook: OpenNotebook, application: str, kernel: str
) -> None:
    notebook = open_notebook(application, kernel, [LOAD, TASKS, "run = flyte.run(parent_of_broken, word='thing')\nrun"])
    for index in range(3):
        notebook.run(index)
    cell = notebook.cell(2)
    expect_root(cell, "failed")
    expect_text(cell, "no such thing")

    def frozen() -> bool:
        html = str(notebook.save()["cells"][2]["outputs"])
        return "no such thing" in html and "failed" in html.lower()

    until(frozen, "the failure is in the saved file", page=notebook.page)
    saved = notebook.save()
    assert "widget-view" not in str(saved)
    assert "widgets" not in saved["metadata"]

    notebook.restart_kernel()
    notebook.reload()
    expect_text(cell, "parent_of_broken")
    expect_text(cell, "no such thing")
    expect(rows(cell)).to_have_count(0)
    expect(notebook.page.get_by_text("model not found")).to_have_count(0)
