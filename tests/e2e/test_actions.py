"""Each line of `%flyte_on`, as written, in a notebook in the browser: what a person sees when it fires."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.e2e.cells import LOAD
from tests.e2e.conftest import OpenNotebook
from tests.e2e.jupyter import Notebook
from tests.e2e.view import PATIENCE, expect_root, expect_text

TASKS = Path(__file__).parents[1] / "integration" / "actions" / "acting_runs.py"
RUN = "run = flyte.run({task})\nmy_run = run.name\nrun"


def notebook_of(open_notebook: OpenNotebook, *cells: str) -> Notebook:
    """A notebook with the tasks beside it, and these cells after those that begin."""
    begin = [LOAD, "import flyte\nfrom acting_tasks import *\nflyte.deploy(env)"]
    notebook = open_notebook("lab", "newest", [*begin, *cells])
    shutil.copy(TASKS, notebook.server.work / "acting_tasks.py")
    notebook.run(0)
    notebook.run(1)
    return notebook


def allow(notebook: Notebook, index: int) -> None:
    """Run a cell that asks, and answer yes in the page."""
    notebook.start(index)
    answer = notebook.cell(index).locator("input.jp-Stdin-input")
    answer.wait_for(timeout=PATIENCE)
    answer.fill("y")
    answer.press("Enter")
    notebook.wait(index)


def toasts(notebook: Notebook) -> Locator:
    return notebook.page.locator("[data-flyte-toasts] .toast")


def test_a_failure_is_told_in_the_page_and_on_the_run(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        RUN.format(task="sleepy"),
        "%flyte_on {my_run} aborted -> notify",
        "%flyte_on list",
        "run.abort()",
    )
    for index in (2, 3, 4):
        notebook.run(index)
    view, listed = notebook.cell(2), notebook.cell(4)
    expect_text(view, "1 armed")
    expect_text(listed, "notify")
    notebook.run(5)
    expect(toasts(notebook)).to_have_count(1, timeout=PATIENCE)
    expect(toasts(notebook)).to_contain_text("aborted")
    expect_text(notebook.cell(3), "(acting.sleepy) aborted")
    expect_text(view, "1 armed, fired once")
    expect(listed.get_by_role("row").filter(has_text="notify")).to_contain_text("succeeded", timeout=PATIENCE)
    view.get_by_role("button", name="1 armed, fired once").click()
    expect_text(view, "aborted → notify")
    toasts(notebook).get_by_role("button", name="Dismiss").click()
    expect(toasts(notebook)).to_have_count(0)


def test_a_success_starts_the_next_task(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        "%flyte_on task acting.train succeeded -> run_task acting.score inputs.model=outputs.o0 --max 1",
        RUN.format(task="train, x=4"),
        "%flyte_runs",
        "%flyte_on history",
    )
    allow(notebook, 2)
    expect_text(notebook.cell(2), "it may launch and read")
    for index in (3, 4, 5):
        notebook.run(index)
    history = notebook.cell(5)
    expect(history.get_by_role("row").filter(has_text="started fja")).to_have_count(1, timeout=PATIENCE)
    expect(notebook.cell(4).get_by_role("row").filter(has_text="score")).to_contain_text("Succeeded", timeout=PATIENCE)


def test_a_line_of_the_log_aborts_the_run(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        RUN.format(task="diverges"),
        '%flyte_on {my_run} log /loss=nan/ -> abort --reason "diverged"',
    )
    notebook.run(2)
    allow(notebook, 3)
    expect_root(notebook.cell(2), "aborted")


def test_a_failure_is_rerun_twice_at_most(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        RUN.format(task="broken"),
        "%flyte_on {my_run} failed -> rerun --recover --max 2 --replay",
        "%flyte_on history",
    )
    notebook.run(2)
    allow(notebook, 3)
    notebook.run(4)
    rows = notebook.cell(4).get_by_role("row")
    expect(rows.filter(has_text="It has fired 2 times.")).to_have_count(1, timeout=PATIENCE)
    expect(rows.filter(has_text="(recovers ")).to_have_count(2)


def test_what_waits_for_an_answer_is_told(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        "import os\nos.environ['SLACK_URL'] = 'https://127.0.0.1:1/very-secret'",
        "%flyte_on condition paused -> notify webhook=env:SLACK_URL",
        RUN.format(task="asks"),
        "%flyte_on history",
        "run.abort()",
    )
    for index in (2, 3, 4, 5):
        notebook.run(index)
    # Addresses of one's own network are refused unless allowed, and the refusal is shown in words.
    expect(notebook.cell(5).get_by_role("row").filter(has_text="waits for")).to_contain_text(
        re.compile("private"), timeout=PATIENCE
    )
    assert "very-secret" not in str(notebook.save()["cells"][3:])
    notebook.run(6)


def test_a_cell_runs_when_the_run_has_succeeded(open_notebook: OpenNotebook) -> None:
    notebook = notebook_of(
        open_notebook,
        RUN.format(task="train, x=4"),
        "%%flyte_on {my_run} succeeded --replay\nprint('it gave', run.outputs().o0)",
    )
    notebook.run(2)
    notebook.run(3)
    expect_text(notebook.cell(3), "it gave 5")
