"""What programs make of a notebook: papermill runs it with nobody to look, nbconvert makes a page of the file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.unit.view.hostile import HOSTILE

CELLS = [
    "word = 'default'",
    "import flyte, flyte_jupyter\n%load_ext flyte_jupyter\n%flyte_local",
    """
env = flyte.TaskEnvironment(name="programs")

@env.task
async def say(word: str) -> str:
    print("said", word)
    return word

@env.task
async def broken(word: str) -> str:
    raise ValueError(word)
""",
    "%%flyte_wait --no-raise\nrun = flyte.run(say, word=word)\nbad = flyte.run(broken, word=word)",
    "%flyte_logs {run.name}",
    "%flyte_io {run.name}",
    "%flyte_runs",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A notebook that papermill has run with hostile text as its parameter."""
    home = tmp_path_factory.mktemp("programs")
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "s"), "IPYTHONDIR": str(home / "ip")}
    first, *others = [nbformat.v4.new_code_cell(source) for source in CELLS]
    first.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[first, *others])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, home / "in.ipynb")
    script = "import papermill, sys; papermill.execute_notebook('in.ipynb', 'out.ipynb', {'word': sys.argv[1]})"
    word = HOSTILE.replace("\x00", "")  # no process can be given that
    try:
        subprocess.run([sys.executable, "-c", script, word], cwd=home, env=environment, check=True, timeout=110)
        yield home / "out.ipynb"
    finally:
        stop = [sys.executable, "-m", "flyte_jupyter.cli", "local", "stop"]
        subprocess.run(stop, env=environment, check=False, capture_output=True)


def pages(path: Path) -> list[str]:
    """The static pages of ours in a file."""
    notebook: Any = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    found = [output["data"].get("text/html", "") for output in outputs if "data" in output]
    return [page for page in found if "flyte-jupyter" in page]


def test_papermill_leaves_true_records(executed: Path) -> None:
    shown = pages(executed)
    assert len(shown) == 5
    run, bad, logs, data, table = shown
    assert "Succeeded" in run
    assert "The run is over" in run
    assert "Failed" in bad
    assert "said &lt;/pre&gt;" in logs
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in data
    assert "say" in table
    assert "broken" in table
    assert "application/vnd.jupyter.widget-view+json" not in executed.read_text()


def test_nbconvert_makes_a_page_in_which_text_is_text(executed: Path) -> None:
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--output", "page.html", executed.name]
    subprocess.run(command, cwd=executed.parent, check=True, capture_output=True, timeout=110)
    page = (executed.parent / "page.html").read_text()
    # nbconvert writes markup its own way; what a browser makes of it counts.
    found = BeautifulSoup(page, "html.parser").select(".flyte-jupyter")
    assert len(found) == 5
    for element, shown in zip(found, pages(executed), strict=True):
        assert element.get_text() == BeautifulSoup(shown, "html.parser").get_text()
        assert not element.select("script, img, iframe, style")
    assert "<script>alert(1)</script>" in found[3].get_text()
