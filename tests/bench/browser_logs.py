"""A log of a million lines in JupyterLab."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.bench.fake_runs import LINES
from tests.bench.page import Lab, observe, observed, painted, value

# From a key in the field to the painted number of lines.
_SEARCH = """
([text, count]) => new Promise(resolve => {
  const root = [...document.querySelectorAll('[data-flyte-live]')].at(-1).shadowRoot;
  const field = root.querySelector('input[aria-label="Search the log"]');
  const type = what => {
    field.value = what;
    field.dispatchEvent(new InputEvent('input', {bubbles: true}));
  };
  let begin = 0;
  let first = 0;
  type('');
  const look = () => {
    const said = root.querySelector('.found')?.textContent ?? '';
    if (!begin && !said) {
      begin = performance.now();
      type(text);
    }
    if (begin && !first && /^[1-9]/.test(said)) first = performance.now() - begin;
    if (begin && said === count) setTimeout(() => resolve([first, performance.now() - begin]));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""


def search(page: Page, text: str, lines: int) -> tuple[float, float]:
    """How many ms it takes until the number of lines is painted, and until a first one is."""
    first, last = page.evaluate(_SEARCH, [text, f"{lines:,} lines"])
    return last, first


def long_log(lab: Lab) -> None:
    """A log of a million lines: into the view, then searched."""
    with lab.notebook("log", "print('began', time.time())\nshow_logs('r-2-0')") as (notebook, kernel):
        page = notebook.page
        before = kernel.memory_info().rss
        observe(page)
        notebook.start(1)
        first = painted(page, r"line \d+ of the log")
        end = painted(page, rf"line {LINES - 1} of the log")
        held = observed(page)
        notebook.wait(1)
        began = value(notebook, 1, "began")
        grown = kernel.memory_info().rss - before
        heap = page.evaluate("() => performance.memory.usedJSHeapSize")
        observe(page)
        rare = min(search(page, word, LINES // 1000) for word in ("needle", "Needle", "NEEDLE"))
        common = min(search(page, letter, LINES) for letter in ("l", "L", "o"))
        searching = observed(page)
    took = end - began
    print(f"a log of {LINES:,} lines")
    print(f"  first lines painted            {(first - began) * 1000:8.1f} ms")
    print(f"  into the view                  {took * 1000:8.1f} ms   {LINES / took:,.0f} lines/s, budget 100,000")
    print(f"  kernel grown by                {grown / 2**20:8.1f} MB   the page's heap is {heap / 2**20:.0f} MB")
    print(held.line())
    print(f"  searched for a rare word       {rare[0]:8.1f} ms   budget 300; first hits after {rare[1]:.0f} ms")
    print(f"  searched for a common letter   {common[0]:8.1f} ms   budget 300; first hits after {common[1]:.0f} ms")
    print(searching.line())
