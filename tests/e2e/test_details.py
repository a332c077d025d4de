"""What a person sees of an action beside the tree, and what they can do there: in Lab and in Notebook 7."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.cells import LOAD
from tests.e2e.conftest import OpenNotebook
from tests.e2e.jupyter import Notebook
from tests.e2e.view import PATIENCE, expect_root, expect_text, rows

TASKS = """
import asyncio
import flyte

env = flyte.TaskEnvironment(name="seen")

@env.task
async def leaf(x: int) -> dict[str, int]:
    for step in range(300):
        print(f"step {step} of leaf {x}")
    return {"twice": 2 * x}

@env.task
async def fan(n: int) -> int:
    with flyte.group("leaves"):
        return sum(one["twice"] for one in await asyncio.gather(*(leaf(x) for x in range(n))))

@env.task
async def either(well: bool) -> int:
    return 1 if well else 1 // 0

@env.task
async def asks() -> str:
    condition = await flyte.new_condition.aio("publish", prompt="Publish **now**?", data_type=bool)
    return "published" if await condition.wait.aio() else "kept"
"""
# Each application with one of the kernels.
PLACES = [("lab", "newest"), ("notebook", "before")]


def started(open_notebook: OpenNotebook, place: tuple[str, str], *cells: str) -> Notebook:
    notebook = open_notebook(*place, [LOAD, TASKS, *cells])
    notebook.run(0)
    notebook.run(1)
    return notebook


def open_tab(cell: Locator, name: str) -> Locator:
    """Choose a tab of the details, and return its panel."""
    cell.get_by_role("tab", name=name).click()
    return cell.get_by_role("tabpanel")


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_click_on_an_action_tells_all_of_it(open_notebook: OpenNotebook, place: tuple[str, str]) -> None:
    notebook = started(open_notebook, place, "run = flyte.run(fan, n=3)\nrun.wait(quiet=True)\nrun")
    notebook.run(2)
    cell = notebook.cell(2)
    expect_root(cell, "succeeded")
    expect_text(cell, "leaves")
    expect_text(cell, "x=1")
    rows(cell).filter(has_text="x=1").click()
    expect(cell.get_by_role("tabpanel")).to_contain_text("seen.leaf", timeout=PATIENCE)
    expect(open_tab(cell, "Inputs & Outputs")).to_contain_text("twice", timeout=PATIENCE)
    expect(open_tab(cell, "Logs")).to_contain_text("step 299 of leaf 1", timeout=PATIENCE)
    cell.get_by_role("textbox", name="Search the log").fill("step 7 ")
    expect(cell.get_by_text("1 line", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(open_tab(cell, "Spec")).to_contain_text("seen.leaf", timeout=PATIENCE)
    cell.get_by_role("button", name="Close details").click()
    expect(cell.get_by_role("tabpanel")).to_have_count(0)


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_paused_run_is_answered_in_its_view(open_notebook: OpenNotebook, place: tuple[str, str]) -> None:
    notebook = started(
        open_notebook, place, "run = flyte.run(asks)\nrun", "run.wait(quiet=True)\nprint(run.outputs()[0])"
    )
    notebook.run(2)
    cell = notebook.cell(2)
    cell.get_by_role("button", name="Answer").first.click()
    expect(cell.get_by_role("region", name="Condition")).to_contain_text("Publish **now**?", timeout=PATIENCE)
    cell.get_by_role("radio", name="True").check()
    cell.get_by_role("button", name="Signal").click()
    expect_root(cell, "succeeded")
    expect_text(cell, "Answered")
    notebook.run(3)
    assert "published" in notebook.text(3)


def test_a_rerun_is_shown_below_its_run(open_notebook: OpenNotebook) -> None:
    notebook = started(open_notebook, PLACES[0], "run = flyte.run(leaf, x=4)\nrun.wait(quiet=True)\nrun")
    notebook.run(2)
    cell = notebook.cell(2)
    expect_root(cell, "succeeded")
    cell.get_by_role("button", name="Rerun").click()
    expect(cell.locator("[role=row][data-action=a0][data-phase=succeeded]")).to_have_count(2, timeout=PATIENCE)


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_table_of_runs_opens_and_aborts_them_in_place(open_notebook: OpenNotebook, place: tuple[str, str]) -> None:
    start = "one, two = flyte.run(leaf, x=1), flyte.run(asks)\none.wait(quiet=True)\nprint('names', one.name, two.name)"
    notebook = started(open_notebook, place, "%flyte_runs", start)
    notebook.run(2)
    notebook.run(3)
    table = notebook.cell(2)
    one, two = (
        table.get_by_role("row").filter(has_text=name) for name in notebook.text(3).rpartition("names ")[2].split()
    )
    expect(one).to_contain_text("Succeeded", timeout=PATIENCE)
    two.get_by_role("checkbox").check()
    table.get_by_role("button", name="Abort").first.click()
    table.get_by_role("button", name="Confirm").click()
    expect(two).to_contain_text("Aborted", timeout=PATIENCE)
    one.get_by_role("button").first.click()
    expect_root(table, "succeeded")


def test_a_table_begins_with_what_its_cell_asks_for(open_notebook: OpenNotebook) -> None:
    start = "for well in (True, False): flyte.run(either, well=well).wait(quiet=True)"
    asks = ("%flyte_runs --task seen.either --phase failed", "%flyte_runs --task seen.either --limit 1")
    notebook = started(open_notebook, PLACES[0], start, *asks)
    for index in (2, 3, 4):
        notebook.run(index)
    failed, short = notebook.cell(3), notebook.cell(4)
    expect(failed.locator("tr[data-row]")).to_have_count(1, timeout=PATIENCE)
    expect(failed.locator("select[aria-label=Phase] option:checked")).to_have_text("Failed")
    expect(failed.locator("select[aria-label=Task] option:checked")).to_have_text("seen.either")
    expect(short.locator("tr[data-row]")).to_have_count(1, timeout=PATIENCE)
    short.get_by_role("button", name="Next page").click()
    expect(short.get_by_role("status")).to_contain_text("2 to 2 of 2", timeout=PATIENCE)


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_later_kernel_brings_a_snapshot_back_to_life(open_notebook: OpenNotebook, place: tuple[str, str]) -> None:
    show = "run = flyte.run(fan, n=2)\nrun.wait(quiet=True)\n%flyte_run {run.name} --tab spec"
    notebook = started(open_notebook, place, show)
    notebook.run(2)
    cell = notebook.cell(2)
    expect_root(cell, "succeeded")
    notebook.save()
    notebook.restart_kernel()
    notebook.reload()
    expect_text(cell, "fan")
    expect(rows(cell)).to_have_count(0)
    notebook.run(0)
    cell.get_by_role("button", name="Show it live").click(timeout=PATIENCE)
    expect_root(cell, "succeeded")
    expect(cell.get_by_role("tab", selected=True)).to_have_text("Spec", timeout=PATIENCE)
