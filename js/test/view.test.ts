import { afterEach, describe, expect, it, vi } from "vitest";
import { RunWriter } from "../dev/encode";
import { hostile } from "../dev/scenes";
import {
  actionRow,
  all,
  button,
  click,
  eventually,
  live,
  one,
  openPage,
  type Page,
  placeholder,
  rowCount,
  smallRun,
} from "./page";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
});

async function open(run = smallRun()): Promise<Page> {
  page = openPage(run);
  const { element } = page;
  await eventually(() => expect(live(element)?.querySelector(".run")).toBeTruthy());
  return page;
}

describe("what is in sight", () => {
  it("is asked of a view that has something in it: an empty one stands below its snapshot", async () => {
    const observed: string[] = [];
    const observe = vi.spyOn(IntersectionObserver.prototype, "observe");
    observe.mockImplementation((target) => observed.push(target.shadowRoot?.textContent ?? ""));
    try {
      page = openPage();
      expect(observed).toEqual([]);
      await eventually(() => expect(observed.length).toBe(1));
      expect(observed[0]).toContain("Running");
    } finally {
      observe.mockRestore();
    }
  });
});

const text = (element: Element) => live(element)?.querySelector(".run")?.textContent ?? "";

describe("the header", () => {
  it("says phase, task, name and progress", async () => {
    const { element } = await open();
    expect(one(element, ".badge").textContent).toBe("Running");
    expect(text(element)).toContain("1 of 4 done, 2 running, 1 failed");
    expect(one(element, ".name").textContent).toBe("r1");
    expect(button(element, "Copy run name")).toBeDefined();
  });

  it("links to the console by http and https only", async () => {
    const run = smallRun();
    run.head.url = "javascript:alert(1)";
    const { element, kernel } = await open(run);
    expect(all(element, "a")).toEqual([]);
    run.head.url = "https://example.org/x";
    kernel.delta(run, []);
    await eventually(() => expect(one(element, "a").getAttribute("href")).toBe("https://example.org/x"));
    expect(one(element, "a").getAttribute("rel")).toContain("noopener");
    expect(one(element, "a").getAttribute("aria-label")).toBe("Open in console");
  });

  it("has no Abort button once the run is over", async () => {
    const { element, kernel, run } = await open();
    expect(button(element, "Abort run")).toBeDefined();
    run.head = { ...run.head, phase: 5, ended: Date.now(), over: true };
    kernel.delta(run, []);
    await eventually(() => expect(one(element, ".badge").textContent).toBe("Succeeded"));
    expect(button(element, "Abort run")).toBeUndefined();
  });
});

describe("what is copied of a run", () => {
  it("is a whole cell", async () => {
    const copies = vi.fn(async (_text: string) => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: copies } });
    const { element } = await open();
    await eventually(() => expect(button(element, "More")).toBeDefined());
    click(button(element, "More"));
    await eventually(() => expect(button(element, "Copy Python for this run")).toBeDefined());
    click(button(element, "Copy Python for this run"));
    await eventually(() =>
      expect(copies).toHaveBeenCalledWith('import flyte_jupyter\nflyte_jupyter.remote.Run.get("r1")'),
    );
    vi.unstubAllGlobals();
  });
});

describe("abort", () => {
  it("asks, sends the request, and says so until the phase changes", async () => {
    const { element, kernel, run } = await open();
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Confirm abort")).toBeDefined());
    expect(kernel.received.some((message) => message.type === "request")).toBe(false);
    click(button(element, "Confirm abort"));
    await eventually(() => expect(text(element)).toContain("Aborting…"));
    const request = kernel.received.at(-1);
    expect(request).toMatchObject({ type: "request", method: "abort_run", params: { run: run.key } });
    run.head = { ...run.head, phase: 7, ended: Date.now() };
    kernel.delta(run, []);
    await eventually(() => expect(text(element)).not.toContain("Aborting…"));
  });

  it("can be thought over", async () => {
    const { element, kernel } = await open();
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Keep running")).toBeDefined());
    click(button(element, "Keep running"));
    await eventually(() => expect(button(element, "Abort run")).toBeDefined());
    expect(kernel.received.some((message) => message.type === "request")).toBe(false);
  });

  it("leaves the keyboard in the view when its buttons go: the page's next key deletes a cell", async () => {
    const { element } = await open();
    const focused = () => live(element)?.activeElement?.getAttribute("role") ?? null;
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Confirm abort")).toBeDefined());
    const reason = one(element, "[aria-label='Reason of the abort']");
    reason.focus();
    reason.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true }));
    await eventually(() => expect(text(element)).toContain("Aborting…"));
    await eventually(() => expect(focused()).toBe("treegrid"));
  });

  it("says that the kernel is busy while it does not answer", async () => {
    const { element, kernel } = await open();
    kernel.busy = true;
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Confirm abort")).toBeDefined());
    click(button(element, "Confirm abort"));
    await eventually(() => expect(text(element)).toContain("Sent, no answer yet"));
    kernel.wake();
    await eventually(() => expect(text(element)).toContain("Aborting…"));
  });

  it("says why it could not be done, and can be tried again", async () => {
    const { element, kernel } = await open();
    kernel.answer = () => {
      throw new Error("The backend refused.");
    };
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Confirm abort")).toBeDefined());
    click(button(element, "Confirm abort"));
    await eventually(() => expect(text(element)).toContain("The backend refused."));
    click(button(element, "Dismiss"));
    await eventually(() => expect(button(element, "Abort run")).toBeDefined());
  });

  it("aborts one action with two clicks, and is offered for those that go on only", async () => {
    const { element, kernel, run } = await open();
    const names = () => all(element, "button").map((it) => it.getAttribute("aria-label"));
    expect(names()).not.toContain("Abort action a1");
    click(button(element, "Abort action a2"));
    await eventually(() => expect(names()).toContain("Abort action a2: press again to confirm"));
    click(button(element, "Abort action a2: press again to confirm"));
    await eventually(() => expect(actionRow(element, "a2").textContent).toContain("Aborting…"));
    expect(kernel.received.at(-1)).toMatchObject({
      method: "abort_action",
      params: { run: run.key, action: "a2" },
    });
    Object.assign(run.rows[2], { phase: 7, ended: Date.now() });
    kernel.delta(run, [2]);
    await eventually(() => expect(actionRow(element, "a2").dataset.phase).toBe("aborted"));
    expect(actionRow(element, "a2").textContent).not.toContain("Aborting…");
  });

  it("is told at once where the kernel is gone", async () => {
    const { element, kernel } = await open();
    kernel.gone = true;
    click(button(element, "Abort run"));
    await eventually(() => expect(button(element, "Confirm abort")).toBeDefined());
    click(button(element, "Confirm abort"));
    await eventually(() => expect(text(element)).toContain("cannot be reached"));
    expect(text(element)).toContain("Disconnected");
    kernel.gone = false;
    kernel.emit({ type: "beat", runs: {} });
    await eventually(() => expect(text(element)).not.toContain("Disconnected"));
  });
});

describe("a rerun", () => {
  it("is shown below its run, and the next one below that", async () => {
    const { element, kernel, run } = await open();
    for (const view of ["v2", "v3"]) kernel.runs.set(view, run);
    const views = ["v2", "v3"];
    kernel.answer = () => ({ view: views.shift(), name: `r${3 - views.length}` });
    const titles = () => all(element, ".opened").map((it) => it.textContent);
    click(button(element, "Rerun"));
    await eventually(() => expect(titles().length).toBe(1));
    click(button(element, "Rerun"));
    await eventually(() => expect(titles().length).toBe(2));
    expect(titles()[0]).toContain("Rerun r2");
    click(button(element, "Close"));
    await eventually(() => expect(titles().length).toBe(1));
    expect(titles()[0]).toContain("Rerun r3");
  });
});

describe("the tree", () => {
  it("is a treegrid whose rows tell action, phase and place", async () => {
    const { element } = await open();
    const row = actionRow(element, "a2");
    expect(row.closest("[role=treegrid]")).not.toBeNull();
    expect(row.dataset.phase).toBe("running");
    const aria = (name: string) => row.getAttribute(`aria-${name}`);
    expect(["level", "rowindex"].map(aria)).toEqual(["2", "4"]);
    expect(actionRow(element, "a0").getAttribute("aria-expanded")).toBe("true");
  });

  it("follows the newest action until somebody takes the scrollbar", async () => {
    const { element } = await open();
    const follow = () => button(element, "Follow the newest action") as HTMLElement;
    click(follow());
    await eventually(() => expect(follow().getAttribute("aria-pressed")).toBe("true"));
    one(element, ".tree").dispatchEvent(new Event("pointerdown"));
    await eventually(() => expect(follow().getAttribute("aria-pressed")).toBe("false"));
  });

  it("says on hover when an action ran, with the zone", async () => {
    const { element } = await open();
    const time = actionRow(element, "a2").querySelector<HTMLElement>(".time");
    time?.dispatchEvent(new MouseEvent("mouseenter"));
    expect(time?.title).toMatch(/^Queued .* UTC.*\nStarted .* UTC[^\n]*$/);
  });

  it("folds and unfolds also when nothing else happens", async () => {
    const run = smallRun();
    run.head = { ...run.head, over: true };
    const { element } = await open(run);
    click(button(element, "Collapse all"));
    await rowCount(element, 4);
    click(one(element, "[data-action=a0] .twisty"));
    await rowCount(element, 1);
    click(button(element, "Expand all"));
    await rowCount(element, 4);
  });

  it("draws the rows in sight only", async () => {
    const run = smallRun();
    for (let i = 0; i < 5000; i++) run.add({ name: `n${i}`, parent: 0 });
    const { element } = await open(run);
    expect(all(element, "[data-action]").length).toBeLessThan(60);
    expect(one(element, "[role=treegrid]").getAttribute("aria-rowcount")).toBe("5005");
    const tree = one(element, "[role=treegrid]");
    tree.scrollTop = 26 * 3000;
    tree.dispatchEvent(new Event("scroll"));
    await eventually(() => actionRow(element, "n3000"));
    expect(all(element, "[data-action]").length).toBeLessThan(60);
  });

  it("shows the newest first where that is asked for, and as they came again", async () => {
    const { element } = await open();
    const top = (row: HTMLElement) => Number.parseInt(row.style.top, 10);
    const names = () =>
      all(element, "[role=row][data-action]")
        .sort((a, b) => top(a) - top(b))
        .map((row) => row.dataset.action);
    await eventually(() => expect(names()).toEqual(["a0", "a1", "a2", "a3"]));
    click(button(element, "Newest first"));
    await eventually(() => expect(names()).toEqual(["a0", "a2", "a1", "a3"]));
    click(button(element, "Newest first"));
    await eventually(() => expect(names()).toEqual(["a0", "a1", "a2", "a3"]));
  });

  it("obeys the keyboard and keeps the keys from the page", async () => {
    const { element } = await open();
    const tree = one(element, "[role=treegrid]");
    const leaked: string[] = [];
    document.body.addEventListener("keydown", (event) => leaked.push(event.key), { once: true });
    const press = (key: string) =>
      tree.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }),
      );
    const selected = () => all(element, "[aria-selected=true]").map((row) => row.dataset.action);
    press("ArrowDown");
    await eventually(() => expect(selected()).toEqual(["a0"]));
    expect(tree.getAttribute("aria-activedescendant")).toBe(actionRow(element, "a0").id);
    press("End");
    await eventually(() => expect(selected()).toEqual(["a3"]));
    press("ArrowUp");
    await eventually(() => expect(selected()).toEqual(["a2"]));
    press("ArrowLeft");
    await eventually(() => expect(selected()).toEqual(["a0"]));
    press("ArrowLeft");
    await rowCount(element, 1);
    press("ArrowRight");
    await rowCount(element, 4);
    press("ArrowRight");
    await eventually(() => expect(selected()).toEqual(["a1"]));
    press("Home");
    await eventually(() => expect(selected()).toEqual(["a0"]));
    press("t");
    press("r");
    await eventually(() => expect(selected()).toEqual(["a2"]));
    press("+");
    const whole = () => button(element, "Show the whole time axis");
    await eventually(() => expect(whole()).toBeDefined());
    await new Promise((resolve) => setTimeout(resolve, 750)); // the word that was typed is over
    press("0");
    await eventually(() => expect(whole()).toBeUndefined());
    expect(leaked).toEqual([]);
    press("F5");
    expect(leaked).toEqual(["F5"]);
  });

  it("shows groups as folders with their counts", async () => {
    const run = smallRun();
    for (let i = 0; i < 3; i++) run.add({ name: `g${i}`, parent: 0, group: "map", phase: i === 0 ? 5 : 4 });
    const { element } = await open(run);
    const folder = one(element, "[role=row][data-group=map]");
    expect(folder.textContent).toContain("1 of 3");
    expect(folder.dataset.phase).toBe("running");
    expect(actionRow(element, "g0").getAttribute("aria-level")).toBe("3");
  });

  it("says when nothing has come yet", async () => {
    const { element } = await open(new RunWriter("host|p/d/r0", { name: "r0", phase: 1 }));
    expect(text(element)).toContain("No actions yet");
  });

  it("keeps what was collapsed and selected when the view comes back", async () => {
    const { element } = await open();
    click(one(element, "[data-action=a0] .twisty"));
    await rowCount(element, 1);
    element.remove();
    await eventually(() => expect(live(element)).toBeNull());
    const again = placeholder("v1");
    document.body.append(again);
    await rowCount(again, 1);
  });
});

describe("errors", () => {
  it("show their first line in the row, and open the details", async () => {
    const { element } = await open();
    const inline = one(element, "[data-action=a3] .inline-error");
    expect(inline.textContent).toBe("ValueError: no");
    click(inline);
    await eventually(() => expect(one(element, ".pane").getAttribute("aria-label")).toBe("Details of a3"));
  });

  it("are offered where the kernel has not sent their text", async () => {
    const run = smallRun();
    run.rows[3].error = "";
    const { element } = await open(run);
    expect(one(element, ".inline-error").textContent).toBe("Show error");
  });

  it("of the run stand below the header, and unfold", async () => {
    const run = smallRun();
    run.head = { ...run.head, phase: 6, error: "RuntimeError: top\n1\n2\n3\n4\n5" };
    const { element, kernel } = await open(run);
    kernel.answer = () => ({ kind: "SYSTEM", code: "", message: "everything" });
    expect(one(element, ".error.root pre").textContent).toBe("RuntimeError: top\n1\n2\n3");
    run.head = { ...run.head, error: "KeyError: 1\nTraceback (most recent call last):\n  deep" };
    kernel.delta(run, []);
    await eventually(() => expect(one(element, ".error.root pre").textContent).toBe("KeyError: 1"));
    click(one(element, ".fold"));
    await eventually(() => expect(one(element, ".error.root pre").textContent).toBe("everything"));
    expect(kernel.received.at(-1)).toMatchObject({ method: "error", params: { action: "a0" } });
  });
});

describe("notes", () => {
  it("do not trouble a finished run with a lost kernel", async () => {
    const run = smallRun();
    run.head = { ...run.head, phase: 5, ended: Date.now(), over: true };
    const { element, kernel } = await open(run);
    kernel.gone = true;
    click(one(element, "[data-action=a3] .inline-error"));
    await eventually(() => expect(one(element, ".pane").textContent).toContain("cannot be reached"));
    expect(text(element)).not.toContain("Disconnected");
  });

  it("say that the backend is lost, and why the run was aborted", async () => {
    const run = smallRun();
    run.head = { ...run.head, stale: { since: Date.now() - 5000, reason: "No answer." } };
    const { element, kernel } = await open(run);
    expect(text(element)).toMatch(/Stale: as of .*, 5s ago\. Reconnecting… No answer\./);
    run.head = { ...run.head, stale: null, phase: 7, abort_reason: "wrong table" };
    kernel.delta(run, []);
    await eventually(() => expect(text(element)).toContain("Aborted: wrong table"));
    expect(text(element)).not.toContain("Stale");
  });
});

describe("hostile text", () => {
  it("stays text wherever it stands", async () => {
    const { element } = await open(hostile(Date.now()));
    const root = live(element) as ShadowRoot;
    expect(root.querySelectorAll("img, script, a, iframe, object").length).toBe(0);
    expect(root.textContent).toContain('<img src=x onerror="window.hacked=1">');
    expect("hacked" in window).toBe(false);
  });
});
