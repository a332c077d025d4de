"""A page of JupyterLab that is measured: its main thread, what it paints, and the kernel behind it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page

from tests.bench.fake_runs import FakeRuns, fake_runs
from tests.e2e.conftest import KERNELS
from tests.e2e.jupyter import Notebook, Server, chromium

TASK_BUDGET_MS = 50

# From here on: how long the main thread was held, and how often the page painted.
_OBSERVE = """
() => {
  window.tasks = [];
  window.observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.tasks.push(entry.duration);
  });
  window.observer.observe({entryTypes: ['longtask']});
  window.frames_ = 0;
  window.counting = true;
  const count = () => { window.frames_ += 1; if (window.counting) requestAnimationFrame(count); };
  requestAnimationFrame(count);
}
"""
_OBSERVED = """
() => {
  window.counting = false;
  for (const entry of window.observer.takeRecords()) window.tasks.push(entry.duration);
  window.observer.disconnect();
  return [window.tasks, window.frames_];
}
"""
# The page's clock in ms since 1970 when `argument` is found in the shadow root of the last view, and painted.
_PAINTED = """
argument => new Promise(resolve => {
  const pattern = new RegExp(argument);
  const look = () => {
    const root = [...document.querySelectorAll('[data-flyte-live]')].at(-1)?.shadowRoot;
    if (root && pattern.test(root.textContent)) requestAnimationFrame(() => resolve(Date.now()));
    else requestAnimationFrame(look);
  };
  look();
})
"""


@dataclass
class Held:
    """How the main thread was held while it was observed: tasks above 50 ms, and frames that were painted."""

    tasks: list[float]
    frames: int

    def line(self) -> str:
        """Return it as a line of the output."""
        longest = max(self.tasks, default=0)
        word = f"{longest:8.1f} ms" if self.tasks else f"   below {TASK_BUDGET_MS} ms"
        return f"  longest main-thread task       {word}   budget {TASK_BUDGET_MS}, {len(self.tasks)} above"


def observe(page: Page) -> None:
    """Begin to observe the main thread."""
    page.evaluate(_OBSERVE)


def observed(page: Page) -> Held:
    """What was observed since."""
    return Held(*page.evaluate(_OBSERVED))


def painted(page: Page, pattern: str) -> float:
    """The time in seconds since 1970 when a text stands in the last view; returns when it does."""
    return page.evaluate(_PAINTED, pattern) / 1000


def scroll(page: Page, seconds: float) -> None:
    """Turn the wheel over the tree for so long."""
    box = page.locator("[role=treegrid]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + box["height"] / 2)
    for step in range(int(seconds * 20)):
        page.mouse.wheel(0, 120 if step % 40 < 20 else -120)
        page.wait_for_timeout(50)


def busy(process: psutil.Process) -> float:
    """Seconds of CPU that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


@dataclass
class Lab:
    """JupyterLab, a browser and the scripted server of runs."""

    server: Server
    browser: Browser
    runs: FakeRuns

    @contextmanager
    def notebook(self, name: str, *cells: str) -> Iterator[tuple[Notebook, psutil.Process]]:
        """A fresh notebook in a page of its own, connected in its cell 0; and its kernel."""
        address = f"'localhost:{self.runs.port}'"
        first = (
            "%load_ext flyte_jupyter\nimport os, time\nfrom flyte_jupyter import remote, show, show_logs\n"
            f"_ = remote.connect({address}, project='p', domain='development', transport='grpc')\nprint(os.getpid())"
        )
        context = self.browser.new_context(viewport={"width": 1280, "height": 900})
        notebook = Notebook(self.server, context, f"{name}.ipynb", [first, *cells], "newest")
        try:
            notebook.run(0)
            yield notebook, psutil.Process(int(notebook.text(0)))
        finally:
            with suppress(AssertionError):
                notebook.close()
            context.close()


@contextmanager
def lab() -> Iterator[Lab]:
    """All that is measured."""
    with fake_runs() as runs, tempfile.TemporaryDirectory() as home, chromium() as browser:
        server = Server(Path(home), "lab", {"newest": KERNELS["newest"]})
        try:
            yield Lab(server, browser, runs)
        finally:
            server.stop()


def value(notebook: Notebook, index: int, word: str) -> float:
    """The number that a cell printed behind a word."""
    words: list[Any] = notebook.text(index).split()
    return float(words[words.index(word) + 1])
