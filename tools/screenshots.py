"""`make screenshots`: the pictures of the README, from the tour as it runs in JupyterLab, light and dark."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.jupyter import Notebook, Server, chromium

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "examples" / "tour.ipynb"
# The cells in the picture.
PIPELINE, RATIOS = 8, 11


def take(server: Server, theme: str) -> None:
    """Run the first half of the tour and take the picture while its pipeline runs."""
    name = f"tour-{theme}.ipynb"
    shutil.copy(TOUR, server.work / name)
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1180, "height": 720}, device_scale_factor=2)
        notebook = Notebook(server, context, name, [], "newest")
        cells = json.loads(TOUR.read_text())["cells"]
        for index, cell in enumerate(cells[: RATIOS + 1]):
            if cell["cell_type"] == "code" and index != PIPELINE:
                notebook.run(index)
        expect(notebook.cell(RATIOS).locator("[data-phase=failed]").first).to_be_visible()
        notebook.start(PIPELINE)
        expect(notebook.cell(PIPELINE).locator("[role=row][data-phase=succeeded]").nth(1)).to_be_visible()
        notebook.page.locator(".jp-Notebook .jp-Cell").nth(PIPELINE).evaluate("cell => cell.scrollIntoView()")
        notebook.page.screenshot(path=str(ROOT / "docs" / f"tour-{theme}.png"))
        notebook.wait(PIPELINE)
        notebook.close()


def main() -> None:
    """Take both."""
    for theme, plugin in (("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")):
        with tempfile.TemporaryDirectory() as home:
            settings = {"@jupyterlab/apputils-extension/themes": {"theme": plugin}}
            server = Server(Path(home), "lab", {"newest": str(ROOT / ".venv/bin/python")}, settings)
            try:
                take(server, theme)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
