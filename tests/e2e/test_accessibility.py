"""axe finds nothing in the views, in both themes, whatever is open; and all of it can be done with the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.harness import JS, build, open_scene

Step = Callable[[Page], object]


def tab(name: str) -> Step:
    return lambda page: page.get_by_role("tab", name=name).click()


def button(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


STEPS: dict[str, list[tuple[str, Step]]] = {
    "running": [
        ("details", lambda page: page.locator("[data-action=af3q7z] .label").dblclick()),
        *((name, tab(name)) for name in ("Inputs & Outputs", "Logs", "Report", "Events", "Spec")),
        ("find", lambda page: page.get_by_label("Find actions").fill("make")),
        ("menu", button("More")),
        ("no menu", lambda page: page.keyboard.press("Escape")),
        ("confirm", button("Abort run")),
        ("condition", button("Answer…")),
    ],
    "failed": [("error", button("Error"))],
    "aborted": [],
    "empty": [],
    "stale": [],
    "hostile": [],
    "table": [
        ("selected", lambda page: page.get_by_label("Select r3", exact=True).check()),
        ("confirm", button("Abort 1")),
        ("open", button("Open r2")),
    ],
    "logs": [("search", lambda page: page.get_by_label("Search the log").fill("error"))],
}

RUN_AXE = """async () => {
  const options = { iframes: false, resultTypes: ["violations"] };
  const { violations } = await axe.run(document.querySelector("#cell"), options);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any, all, none }) => `${id}: ${html} ${[...any, ...all, ...none].map((it) => it.message)}`));
}"""


@pytest.fixture(scope="module")
def harness(browser: Browser) -> Iterator[BrowserContext]:
    build()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scene", STEPS)
def test_axe_finds_nothing(harness: BrowserContext, scene: str, theme: str) -> None:
    page = open_scene(harness, scene, theme)
    page.add_script_tag(path=JS / "node_modules" / "axe-core" / "axe.min.js")
    found = {"at first": page.evaluate(RUN_AXE)}
    for name, step in STEPS[scene]:
        step(page)
        found[name] = page.evaluate(RUN_AXE)
    page.close()
    assert {name: violations for name, violations in found.items() if violations} == {}


def test_a_run_is_read_with_the_keyboard_alone(harness: BrowserContext) -> None:
    page = open_scene(harness, "failed")
    tree = page.get_by_role("treegrid")
    chosen = page.locator("[role=row][aria-selected=true]")
    tree.focus()
    page.keyboard.press("/")
    expect(page.get_by_label("Find actions")).to_be_focused()
    page.keyboard.type("float")
    expect(page.locator(".found")).to_have_text("2 matches")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(chosen).to_have_attribute("data-action", "af3q7z")
    page.keyboard.press("ArrowDown")
    expect(tree).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tab")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".found")).to_have_count(0)
    page.keyboard.press("Home")
    expect(chosen).to_have_attribute("data-action", "a0")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[role=row][data-action]")).to_have_count(1)
    page.close()


def test_focus_scroll_and_what_is_open_survive_updates(harness: BrowserContext) -> None:
    page = open_scene(harness, "large")
    tree = page.get_by_role("treegrid")
    tree.evaluate("tree => { tree.scrollTop = 26 * 500; }")
    first = page.locator("[role=row][data-action=p420]")
    first.click()
    page.get_by_label("Find actions").focus()
    before = first.bounding_box()
    page.evaluate("""() => {
      const { kernel, run } = dev;
      for (let i = 0; i < 40; i++) run.add({ parent: 2, name: `late${i}`, label: "late", phase: 1 });
      kernel.delta(run, Array.from({ length: 40 }, (_, i) => run.rows.length - 40 + i));
    }""")
    expect(tree).to_have_attribute("aria-rowcount", "10042")
    assert first.bounding_box() == before
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Find actions")).to_be_focused()
    page.close()


def test_the_end_of_a_log_stays_in_sight_when_the_output_is_written_anew(harness: BrowserContext) -> None:
    page = open_scene(harness, "logs")
    last = page.locator(".log-line[data-line='399']")
    expect(last).to_be_in_viewport()
    page.evaluate("""() => {
      const next = dev.place.cloneNode(false);
      dev.place.replaceWith(next);
    }""")
    expect(last).to_be_in_viewport()
    page.get_by_role("region", name="Log of a0").hover()
    page.mouse.wheel(0, -3000)
    expect(page.locator(".log-line[data-line='225']")).to_be_in_viewport()
    expect(page.get_by_role("button", name="To the end")).to_be_visible()
    page.set_viewport_size({"width": 500, "height": 900})
    first = page.evaluate("""() => {
      const root = document.querySelector("[data-flyte-live]").shadowRoot;
      const top = root.querySelector(".log").getBoundingClientRect().top;
      const lines = [...root.querySelectorAll(".log-line")];
      return lines.find((line) => line.getBoundingClientRect().bottom > top + 1).dataset.line;
    }""")
    for _ in range(2):
        page.get_by_role("button", name="Wrap long lines").click()
        expect(page.locator(f".log-line[data-line='{first}']").first).to_be_in_viewport()
    page.close()
