"""The views' own harness (js/dev) in a page: scenes of a simulated kernel, for what needs a browser and no Jupyter."""

from __future__ import annotations

import mimetypes
import subprocess
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Route

JS = Path(__file__).resolve().parents[2] / "js"
ORIGIN = "http://harness.test/"


def build() -> None:
    """Bundle the harness into js/dev/out/."""
    subprocess.run(["node", "dev/build.mjs"], cwd=JS, check=True)


def open_scene(context: BrowserContext, scene: str, theme: str = "light") -> Page:
    """A page with the scene, ready when its view is there."""
    page = context.new_page()
    page.route(f"{ORIGIN}**", _serve)
    page.goto(f"{ORIGIN}index.html?scene={scene}&theme={theme}")
    page.locator("[data-flyte-live] .run").first.wait_for()
    return page


def _serve(route: Route) -> None:
    path = JS / "dev" / (route.request.url.removeprefix(ORIGIN).split("?")[0] or "index.html")
    if not path.is_file():
        route.fulfill(status=404)
        return
    route.fulfill(body=path.read_bytes(), content_type=mimetypes.guess_type(path.name)[0] or "text/plain")
