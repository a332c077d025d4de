"""Abort run, clicked while `%%flyte_wait` blocks the cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import OpenNotebook
from tests.e2e.view import abort_run, expect_root, expect_rows, expect_text

NESTINGS = {
    "plain": (LOAD, ""),
    "nest_asyncio-before": ("import nest_asyncio; nest_asyncio.apply()\n" + LOAD, ""),
    "nest_asyncio-after": (LOAD, "import nest_asyncio; nest_asyncio.apply()\n"),
    "nest_asyncio2-before": ("import nest_asyncio2; nest_asyncio2.apply()\n" + LOAD, ""),
    "nest_asyncio2-after": (LOAD, "import nest_asyncio2; nest_asyncio2.apply()\n"),
}


@pytest.mark.parametrize("nesting", NESTINGS)
def test_abort_is_clicked_while_the_cell_waits(
    open_notebook: OpenNotebook, kernel: str, nesting: str, tmp_path: Path
) -> None:
    load, after = NESTINGS[nesting]
    start = f"run = flyte.run(fan, n=2, gate={str(tmp_path / 'never')!r})"
    notebook = open_notebook("lab", kernel, [load, after + TASKS, f"%%flyte_wait\n{start}", "run"])
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    cell = notebook.cell(2)
    expect_rows(cell, "running", 3)
    assert not notebook.ended(2)
    abort_run(cell)
    expect_root(cell, "aborted")
    notebook.wait(2)
    assert "RunAbortedError" in notebook.text(2)

    second = notebook.cell(3)
    notebook.run(3)
    expect_rows(second, "aborted", 3)
    notebook.save()
    notebook.reload()
    expect_rows(cell, "aborted", 3)
    expect_rows(second, "aborted", 3)
    notebook.restart_kernel()
    expect_text(second, "fan")
    expect(notebook.page.get_by_text("model not found")).to_have_count(0)


def test_abort_in_notebook_7_while_an_awaiting_cell_waits(
    open_notebook: OpenNotebook, kernel: str, tmp_path: Path
) -> None:
    start = f"await asyncio.sleep(0)\nrun = await flyte.run.aio(fan, n=2, gate={str(tmp_path / 'never')!r})"
    notebook = open_notebook("notebook", kernel, [LOAD, TASKS, f"%%flyte_wait --no-raise\n{start}"])
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    cell = notebook.cell(2)
    expect_rows(cell, "running", 3)
    abort_run(cell)
    expect_root(cell, "aborted")
    notebook.wait(2)
    assert "Error" not in notebook.text(2)


def test_the_stop_button_leaves_the_wait_and_not_the_run(
    open_notebook: OpenNotebook, kernel: str, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    start = f"run = flyte.run(fan, n=2, gate={str(gate)!r})"
    notebook = open_notebook("lab", kernel, [LOAD, TASKS, f"%%flyte_wait\n{start}"])
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    cell = notebook.cell(2)
    expect_rows(cell, "running", 3)
    notebook.interrupt()
    notebook.wait(2)
    expect_rows(cell, "running", 3)
    gate.touch()
    expect_rows(cell, "succeeded", 3)
