"""A page that makes no model of what it does not display, as VS Code and Colab: the run is an ordinary widget there."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import OpenNotebook
from tests.e2e.jupyter import until
from tests.e2e.view import abort_run, expect_rows, expect_text, rows

# JupyterLab makes the hub's model; this one does nothing there, as where there is none.
UNADOPTED = """
import traitlets
from flyte_jupyter.view import _session

class Mute(_session.Hub):
    _esm = traitlets.Unicode("export default {}").tag(sync=True)

_session.Hub = Mute
"""


def test_a_run_is_an_ordinary_widget_where_nothing_is_adopted(open_notebook: OpenNotebook, tmp_path: Path) -> None:
    fan = f"flyte.run(fan, n=3, gate={str(tmp_path / 'gate')!r})"
    notebook = open_notebook("lab", "newest", [LOAD + UNADOPTED, TASKS, fan, fan])
    for index in range(3):
        notebook.run(index)
    first = notebook.cell(2)
    expect_rows(first, "running", 4)
    assert "application/vnd.jupyter.widget-view+json" in notebook.outputs(2)[-1]["data"]
    abort_run(first)
    # When it is over the record takes the place of the widget: a file with a widget in it shows nothing elsewhere.
    until(lambda: list(notebook.outputs(2)[-1]["data"]) == ["text/html", "text/plain"], "a record", page=notebook.page)
    expect_text(first, "Aborted")
    expect(rows(first)).to_have_count(0)

    notebook.run(3)
    (tmp_path / "gate").touch()
    expect_text(notebook.cell(3), "Succeeded")
    assert "widgets" not in notebook.save()["metadata"]
