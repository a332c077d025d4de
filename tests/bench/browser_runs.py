"""Runs in JupyterLab: a large one, a lively one, an ordinary one, and fifty in one page."""

from __future__ import annotations

import json
import time
from statistics import median, quantiles

from playwright.sync_api import Page

from flyte_jupyter.remote import background
from tests.bench.bench_live import drain, look
from tests.bench.fake_runs import LINES, MARKS
from tests.bench.page import Held, Lab, busy, observe, observed, painted, scroll, value
from tests.e2e.jupyter import FIND_PANEL, Notebook, until

ROWS = 100_000
RATE = 2_000
SECONDS = 10
RUNS = 50
ORDINARY = 20
_AFTERWARDS_MS = 2000  # JupyterLab looks for headings in new outputs some time after them
RATIO_BUDGET = 6.0

# Counts the frames that come, and the rows that change in them; and what changes in rows of the last view.
_COUNT = f"""
() => {{
  {FIND_PANEL}
  window.got = {{frames: 0, rows: 0, drawn: 0}};
  panel.sessionContext.session.kernel.iopubMessage.connect((_, message) => {{
    const content = message.content?.data?.content;
    if (message.header.msg_type !== 'comm_msg' || content?.type !== 'frame') return;
    window.got.frames += 1;
    window.got.rows += content.changed;
  }});
  const grid = [...document.querySelectorAll('[data-flyte-live]')].at(-1).shadowRoot.querySelector('[role=treegrid]');
  new MutationObserver(records => {{ window.got.drawn += records.length; }})
    .observe(grid, {{subtree: true, characterData: true, attributeFilter: ['data-phase']}});
}}
"""
# Notes when each marked change is painted: the number of attempts says which it is.
_MARKED = """
() => {
  window.marked = {};
  const rows = [...document.querySelectorAll('[data-flyte-live]')].at(-1).shadowRoot.querySelector('.rows');
  const note = records => {
    for (const {target} of records) {
      const cell = (target.nodeType === 3 ? target.parentElement : target).closest?.('.attempts');
      const number = Number(cell?.textContent) - 2;
      if (!(number >= 0) || number in window.marked) continue;
      window.marked[number] = 0;
      requestAnimationFrame(() => setTimeout(() => { window.marked[number] = Date.now() / 1000; }));
    }
  };
  new MutationObserver(note).observe(rows, {subtree: true, characterData: true, childList: true});
}
"""
_CLEAR = "window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs');"
# When so many outputs stand in the page, and are painted.
_STANDING = """
([selector, count]) => new Promise(resolve => {
  const look = () => {
    const found = [...document.querySelectorAll(selector)];
    if (found.filter(one => !one.shadowRoot || one.shadowRoot.querySelector('[role=row]')).length >= count)
      requestAnimationFrame(() => setTimeout(() => resolve(Date.now() / 1000)));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def large(lab: Lab) -> None:
    """One run of 100,000 actions."""
    run, port = background().run, lab.runs.port
    bare = min(run(drain(port, ROWS, run=f"r-{ROWS}-0")) for _ in range(3))
    looked = min(run(drain(port, ROWS, look, run=f"r-{ROWS}-0")) for _ in range(3))
    first = best = float("inf")
    mere = "from IPython.display import HTML\nprint('began', time.time())\ndisplay(HTML('<p class=mere>mere HTML</p>'))"
    shows = [f"print('began', time.time())\nshow('r-{ROWS}-0-{n}')" for n in range(4)]
    with lab.notebook("large", *shows, *[mere] * 3) as (notebook, _):
        for index in range(1, len(shows) + 1):
            notebook.start(index)
            some = painted(notebook.page, r" of \d+,\d{3}\b")
            end = painted(notebook.page, rf" of {ROWS:,}\b")
            notebook.wait(index)
            began = value(notebook, index, "began")
            first, best = min(first, some - began), min(best, end - began)
            notebook.script(_CLEAR)
        plain = float("inf")
        for index in range(len(shows) + 1, len(shows) + 4):
            notebook.start(index)
            end = _standing(notebook.page, ".jp-OutputArea-output .mere", 1)
            notebook.wait(index)
            plain = min(plain, end - value(notebook, index, "began"))
            notebook.script(_CLEAR)
    print(f"{ROWS:,} actions, from the cell's start, best of {len(shows)}; budget {RATIO_BUDGET:.0f} x the bare drain")
    print(f"  bare grpc.aio drain            {bare * 1000:8.1f} ms")
    print(f"  the same, fields looked at     {looked * 1000:8.1f} ms   {looked / bare:.2f} x: the floor, in Python")
    print(f"  JupyterLab paints mere HTML    {plain * 1000:8.1f} ms   beside that, or after it")
    print(f"  a tree is painted              {first * 1000:8.1f} ms   {first / bare:.2f} x, and grows")
    print(
        f"  the whole tree                 {best * 1000:8.1f} ms   {best / bare:.2f} x, {best / looked:.2f} x the floor"
    )


def lively(lab: Lab) -> None:
    """The same, with 2,000 changes a second, while somebody scrolls."""
    with lab.notebook("lively", f"show('r-{ROWS}-{RATE}')") as (notebook, kernel):
        page = notebook.page
        notebook.start(1)
        painted(page, rf" of {ROWS:,}\b")
        notebook.wait(1)
        page.wait_for_timeout(2000)
        page.evaluate(_COUNT)
        observe(page)
        before, begin = busy(kernel), time.monotonic()
        scroll(page, SECONDS)
        used, took = busy(kernel) - before, time.monotonic() - begin
        held = observed(page)
        got = page.evaluate("() => window.got")
    print(f"{ROWS:,} actions, {RATE:,} changes a second, scrolled for {took:.0f} s")
    print(f"  reached the page in a second   {got['rows'] / took:8.0f} rows in {got['frames'] / took:.1f} frames")
    print(f"  drawn in a second              {got['drawn'] / took:8.0f} changes of rows in sight")
    print(held.line())
    print(f"  frames painted a second        {held.frames / took:8.1f}")
    print(f"  kernel                         {100 * used / took:8.1f} % of a core, budget 50")


def ordinary(lab: Lab) -> None:
    """A run of twenty actions: from the backend's write of a change to its paint."""
    with lab.notebook("ordinary", f"show('r-{ORDINARY}-0-marks')") as (notebook, _):
        page = notebook.page
        notebook.start(1)
        painted(page, rf" of {ORDINARY}\b")
        page.evaluate(_MARKED)
        until(lambda: len(lab.runs.written()) == MARKS, "all changes are written", page=page)
        page.wait_for_timeout(1000)
        seen: dict[str, float] = page.evaluate("() => window.marked")
    written = lab.runs.written()
    took = [at - written[int(number)] for number, at in seen.items() if at]
    cuts = quantiles(took, n=20)
    print(f"a run of {ORDINARY} actions, from the backend's write to the painted row, {len(took)} of {MARKS} changes")
    print(f"  median                         {median(took) * 1000:8.1f} ms   budget 50")
    print(f"  95 of 100 within               {cuts[18] * 1000:8.1f} ms   budget 150")


def many(lab: Lab) -> None:
    """Fifty runs in one page, beside the same outputs as HTML that nothing adopts."""
    show = (
        f"begin = time.time()\nfor n in range({RUNS}): show(f'r-{{20 + n}}-20')\n"
        "print('began', begin, 'took', time.time() - begin)"
    )
    with lab.notebook("many", show) as (notebook, _):
        shown, held = _shown(notebook, "[data-flyte-live]")
        took = value(notebook, 1, "took")
        html = [output["data"]["text/html"] for output in notebook.outputs(1) if "data" in output]
        observe(notebook.page)
        notebook.page.wait_for_timeout(5000)
        going = observed(notebook.page)
    static = [("".join(one)).replace("data-flyte-hub", "data-none").replace("fj-hub-", "fj-none-") for one in html]
    plain = (
        f"import json\nfrom IPython.display import HTML, display\nhtml = json.loads({json.dumps(json.dumps(static))})\n"
        "begin = time.time()\nfor one in html: display(HTML(one))\nprint('began', begin)"
    )
    with lab.notebook("plain", plain) as (notebook, _):
        peer, alone = _shown(notebook, ".jp-OutputArea-output .flyte-jupyter")
    print(f"{RUNS} runs in one page, each changing 20 times a second")
    print(f"  mere HTML: JupyterLab alone    {peer * 1000:8.1f} ms")
    print(alone.line())
    print(f"  live: the cell took            {took * 1000:8.1f} ms   {took * 1000 / RUNS:.1f} ms each")
    print(f"  live: all painted after        {shown * 1000:8.1f} ms   {shown / peer:.2f} x mere HTML")
    print(held.line())
    print("  afterwards, for 5 s")
    print(going.line())


def frozen(lab: Lab) -> None:
    """A run of 100,000 actions, frozen with the log of a million lines open."""
    with lab.notebook("frozen", f"show('r-{ROWS}-0', tab='logs')") as (notebook, _):
        page = notebook.page
        before = len(json.dumps(notebook.save()))
        notebook.start(1)
        painted(page, rf"line {LINES - 1} of the log")
        notebook.wait(1)
        page.get_by_role("button", name="Freeze").click()
        page.get_by_text("Frozen", exact=True).wait_for()
        until(lambda: f"line {LINES - 1} " in json.dumps(notebook.outputs(1)), "the record is written", page=page)
        added = len(json.dumps(notebook.save())) - before
    print(f"{ROWS:,} actions and a log of {LINES:,} lines, frozen")
    print(f"  added to the notebook          {added / 1024:8.1f} kB   budget 64")


def _shown(notebook: Notebook, selector: str) -> tuple[float, Held]:
    """Run the first cell: seconds until all its outputs are painted, and how the page was held meanwhile."""
    page = notebook.page
    observe(page)
    notebook.start(1)
    stood = _standing(page, selector)
    notebook.wait(1)
    page.wait_for_timeout(_AFTERWARDS_MS)
    held = observed(page)
    return stood - value(notebook, 1, "began"), held


def _standing(page: Page, selector: str, count: int = RUNS) -> float:
    return page.evaluate(_STANDING, [selector, count])
