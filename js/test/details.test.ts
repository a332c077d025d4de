import { afterEach, describe, expect, it, vi } from "vitest";
import { RunWriter } from "../dev/encode";
import type { LookMessage } from "../dev/kernel";
import { details, io, logPiece } from "../dev/sights";
import type { Details, Io } from "../src/sights";
import { actionRow, all, button, click, eventually, live, one, openPage, type Page, smallRun } from "./page";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
});

type See = Partial<Record<LookMessage["topic"], unknown>>;

/** Opens the details of an action whose looks see `see`. */
async function open(action: string, see: See = {}, run = smallRun(), tab?: string): Promise<Page> {
  page = openPage(run);
  const { element, kernel } = page;
  kernel.see = (look, sight) => {
    const row = run.rows.find(({ name }) => name === look.action);
    if (look.topic in see) sight({ value: see[look.topic] });
    else if (look.topic === "details" && row) sight({ value: details(row) });
  };
  await eventually(() => actionRow(element, action));
  click(actionRow(element, action));
  click(actionRow(element, action));
  await eventually(() => one(element, ".pane [role=tab][aria-selected=true]"));
  if (tab) {
    click(all(element, "[role=tab]").find((it) => it.textContent === tab));
    await eventually(() => expect(one(element, "[role=tab][aria-selected=true]").textContent).toBe(tab));
  }
  const topics: Record<string, string> = { Logs: "logs", "Inputs & Outputs": "io" };
  const topic = topics[tab ?? ""] ?? "details";
  await eventually(() =>
    expect(kernel.received.some((it) => it.type === "look" && it.topic === topic)).toBe(true),
  );
  return page;
}

const pane = (element: Element) => one(element, ".pane").textContent ?? "";
const press = (target: Element, key: string) =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }),
  );
const requests = (kernel: Page["kernel"], method: string) =>
  kernel.received.filter((message) => message.type === "request" && message.method === method);

describe("the details", () => {
  it("tell attempts, error and facts, and are let go when they are closed", async () => {
    const { element, kernel } = await open("a3");
    await eventually(() => expect(one(element, ".headline").textContent).toContain("could not convert"));
    expect(pane(element)).toContain("2 frames of libraries");
    click(one(element, ".frames"));
    await eventually(() => expect(pane(element)).toContain("site-packages/pandas"));
    expect(pane(element)).toContain("Ada Lovelace <ada@example.com>");
    expect(all(element, ".strip i").length).toBeGreaterThan(0);
    click(button(element, "Close details"));
    await eventually(() => expect(all(element, ".pane")).toEqual([]));
    await eventually(() => expect(kernel.received.filter(({ type }) => type === "away").length).toBe(1));
    click(actionRow(element, "a3"));
    await eventually(() => one(element, "[role=tabpanel]"));
    press(one(element, "[role=tabpanel]"), "Escape");
    await eventually(() => expect(all(element, ".pane")).toEqual([]));
  });

  it("look at one action at a time", async () => {
    const { element, kernel } = await open("a3");
    click(actionRow(element, "a1"));
    await eventually(() => expect(one(element, ".pane").getAttribute("aria-label")).toBe("Details of a1"));
    const looked = () =>
      kernel.received.filter((it) => it.type === "look").map((it) => (it as LookMessage).action);
    await eventually(() => expect(looked()).toEqual(["a3", "a1"]));
    expect([looked(), kernel.received.filter(({ type }) => type === "away").length]).toEqual([
      ["a3", "a1"],
      1,
    ]);
  });

  it("have tabs for the keyboard", async () => {
    const { element } = await open("a3");
    const selected = () => one(element, "[role=tab][aria-selected=true]").textContent;
    press(one(element, "[role=tab][aria-selected=true]"), "ArrowRight");
    await eventually(() => expect(selected()).toBe("Inputs & Outputs"));
    press(one(element, "[role=tab][aria-selected=true]"), "End");
    await eventually(() => expect(selected()).toBe("Spec"));
    press(one(element, "[role=tab][aria-selected=true]"), "Escape");
    await eventually(() => expect(all(element, ".pane")).toEqual([]));
  });

  it("switch attempts, and ask for the log of the chosen one", async () => {
    const run = smallRun();
    run.rows[2].attempts = 3;
    const { element, kernel } = await open("a2", {}, run, "Logs");
    const asked = () =>
      (kernel.received.findLast((it) => it.type === "look" && it.topic === "logs") as LookMessage).params;
    expect(asked()).toEqual({ attempt: null, from: 0, of: null });
    const select = one(element, ".attempt select") as HTMLSelectElement;
    expect(select.value).toBe("3");
    select.value = "1";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await eventually(() => expect(asked()).toEqual({ attempt: 1, from: 0, of: null }));
    select.value = "3";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await eventually(() => expect(asked()).toEqual({ attempt: null, from: 0, of: null }));
    run.rows[2].attempts = 4;
    kernel.delta(run, [2]);
    await eventually(() => expect(select.value).toBe("4"));
    expect(select.selectedOptions[0].textContent).toBe("4 (latest)");
  });

  it("say what went wrong and keep what was seen", async () => {
    const run = smallRun();
    const { element, kernel } = await open("a2", {}, run);
    await eventually(() => expect(pane(element)).toContain("forecast.train"));
    const { lid } = kernel.received.find((it) => it.type === "look") as LookMessage;
    kernel.emit({ type: "sight", lid, seq: 2, error: "The backend does not answer." });
    await eventually(() => expect(pane(element)).toContain("The backend does not answer."));
    expect(pane(element)).toContain("forecast.train");
  });
});

describe("inputs and outputs", () => {
  it("fold, show tables, and ask for all of what was shortened", async () => {
    const { element, kernel } = await open("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    expect(all(element, ".records th").map((it) => it.textContent)).toEqual(["fold", "loss", "seconds"]);
    expect(all(element, "img").map((it) => it.getAttribute("src")?.slice(0, 15))).toEqual([
      "data:image/png;",
    ]);
    click(button(element, "Fold config"));
    await eventually(() => expect(pane(element)).not.toContain("lightgbm"));
    kernel.answer = () => ({ text: "everything" });
    click(all(element, ".linkish").find((it) => it.textContent?.startsWith("See all 18,204")));
    await eventually(() => expect(one(element, "pre.all").textContent).toBe("everything"));
    expect(requests(kernel, "value")[0]).toMatchObject({
      params: { action: "a1", path: ["inputs", "note"] },
    });
  });

  it.each([
    ["The inputs are being read.", null, null, ["The inputs are being read.", "Not there yet."]],
    ["There are no outputs yet.", [], null, ["There are no inputs.", "There are no outputs yet."]],
    [
      "It did not succeed, so it has no outputs.",
      [],
      [],
      ["There are no inputs.", "It did not succeed, so it has no outputs."],
    ],
    ["", [], [], ["There are no inputs.", "There are no outputs."]],
  ])("say once what is missing: %s", async (note, inputs, outputs, said) => {
    const { element } = await open("a1", { io: { note, inputs, outputs } }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(all(element, ".tab .dim").map((it) => it.textContent)).toEqual(said));
  });

  it("copy the whole of a value that is shortened, or nothing", async () => {
    const copies = vi.fn(async (_text: string) => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: copies } });
    const { element, kernel } = await open("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    kernel.answer = () => {
      throw new Error("It was deleted.");
    };
    click(button(element, "Copy note"));
    await eventually(() => expect(pane(element)).toContain("It was deleted."));
    kernel.answer = () => ({ text: "everything" });
    click(button(element, "Copy note"));
    await eventually(() => expect(button(element, "Copy note")?.title).toBe("Copied"));
    click(button(element, "Copy horizon"));
    await eventually(() => expect(copies.mock.calls).toEqual([["everything"], ["28"]]));
    vi.unstubAllGlobals();
  });

  it("read on in a long list, a piece at a time, and say what is not shown", async () => {
    const items = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        name: String(from + i),
        type: "int",
        kind: "value" as const,
        text: `#${from + i}`,
        path: ["inputs", "xs", from + i],
      }));
    const xs = { name: "xs", type: "list[int]", kind: "list" as const, text: "[…]", path: ["inputs", "xs"] };
    const inputs = [{ ...xs, size: 2_050, items: items(0, 50) }];
    const { element, kernel } = await open(
      "a1",
      { io: { note: "", inputs, outputs: [] } },
      smallRun(),
      "Inputs & Outputs",
    );
    kernel.answer = (_method, params) => {
      const from = Number(params.from);
      const to = Math.min(from + 1_000, 2_050);
      return { items: items(from, to), left_out: 2_050 - to, code: "load()" };
    };
    await eventually(() => expect(button(element, "See 1,000 more")).toBeDefined());
    click(button(element, "See 1,000 more"));
    await eventually(() =>
      expect(one(element, ".rest").textContent).toContain("The first 1,050 of 2,050 items."),
    );
    expect(button(element, "Copy Python that loads xs")).toBeUndefined();
    click(button(element, "See all 2,050"));
    await eventually(() => expect(all(element, ".nodes .nodes > .node").length).toBe(2_050));
    expect(pane(element)).toContain("#2049");
    expect(all(element, ".rest")).toEqual([]);
    expect(requests(kernel, "value").map((it) => (it as { params: { from: number } }).params.from)).toEqual([
      50, 1_050,
    ]);
  });

  it("show all rows of a table, and each as a value", async () => {
    const file = {
      name: "f",
      type: "Dir",
      kind: "blob" as const,
      text: "s3://b/d",
      path: ["outputs", "o0", 0, 1],
      uri: "s3://b/d",
      bytes: 5,
      files: 2,
      code: "file()",
    };
    const record = (i: number) => ({
      name: String(i),
      type: "dict",
      kind: "record" as const,
      text: "{…}",
      path: ["outputs", "o0", i],
      size: 1,
      items: [file],
    });
    const rs = {
      name: "o0",
      type: "list[Rec]",
      kind: "list" as const,
      text: "[…]",
      path: ["outputs", "o0"],
      size: 2,
    };
    const bytes = {
      name: "raw",
      type: "bytes",
      kind: "blob" as const,
      text: "315 bytes",
      path: ["outputs", "raw"],
    };
    const outputs = [
      { ...rs, items: [record(0)], columns: ["t", "f"], rows: [["w".repeat(100), "d"]] },
      { ...bytes, bytes: 315, code: "save()" },
    ];
    const { element, kernel } = await open(
      "a1",
      { io: { note: "", inputs: [], outputs } },
      smallRun(),
      "Inputs & Outputs",
    );
    await eventually(() => expect(one(element, ".rest").textContent).toContain("The first 1 of 2 rows."));
    kernel.answer = () => ({ items: [record(1)], rows: [["second", "d"]], left_out: 0 });
    click(button(element, "See all 2"));
    await eventually(() => expect(all(element, "tbody tr").length).toBe(2));
    expect(all(element, "td").map((it) => it.title)).toContain("w".repeat(100));
    click(button(element, "Unfold row 1"));
    await eventually(() =>
      expect(one(element, ".records .reference").textContent).toContain("5 B in 2 files"),
    );
    expect(button(element, "Copy Python that loads f")).toBeDefined();
    expect(button(element, "Copy Python that loads raw")).toBeDefined();
  });

  it("say why the whole of a value cannot be had", async () => {
    const { element, kernel } = await open("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    kernel.answer = () => {
      throw new Error("It was deleted.");
    };
    click(all(element, ".linkish")[0]);
    await eventually(() => expect(pane(element)).toContain("It was deleted."));
  });
});

describe("a condition", () => {
  const paused = () => {
    const run = smallRun();
    run.add({ name: "ok", label: "approve", kind: 3, phase: 9, parent: 0, queued: Date.now() });
    return run;
  };

  it("makes the run paused, and is answered with a value of its type", async () => {
    const { element, kernel, run } = await open("ok", {}, paused());
    expect(one(element, ".badge").textContent).toBe("Paused");
    await eventually(() => expect(one(element, ".prompt b").textContent).toBe("model 7"));
    expect(one(element, ".prompt a").getAttribute("href")).toBe("https://example.com/r");
    one(element, "form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await eventually(() => expect(pane(element)).toContain("Choose true or false."));
    expect(requests(kernel, "signal")).toEqual([]);
    one(element, "input[value=true]").dispatchEvent(new Event("change", { bubbles: true }));
    one(element, "form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await eventually(() =>
      expect(requests(kernel, "signal")[0]).toMatchObject({
        params: { run: run.key, action: "ok", value: true },
      }),
    );
    await eventually(() => expect(pane(element)).toContain("Signalled"));
  });

  it("tells what was answered and by whom", async () => {
    const run = paused();
    run.rows[4].phase = 5;
    const { element } = await open("ok", {}, run);
    await eventually(() => expect(pane(element)).toContain("Answered True by Ada Lovelace"));
    expect(all(element, "form")).toEqual([]);
    expect(all(element, "[role=tab]").map((it) => it.textContent)).toEqual([
      "Overview",
      "Inputs & Outputs",
      "Spec",
    ]);
  });
});

describe("a report", () => {
  it("stands in a sandbox without the page's origin", async () => {
    const html = "<script>parent.hacked=1</script>";
    const { element } = await open("a1", { report: { attempt: 1, html } }, smallRun(), "Report");
    await eventually(() => one(element, "iframe"));
    const frame = one(element, "iframe");
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
    expect(frame.getAttribute("srcdoc")).toContain(html);
  });

  it("is drawn anew in the same frame when it has changed, which keeps its height and what is scrolled", async () => {
    const { element, kernel } = await open(
      "a2",
      { report: { attempt: 1, html: "one" } },
      smallRun(),
      "Report",
    );
    await eventually(() => one(element, "iframe"));
    const frame = one(element, "iframe");
    const { lid } = kernel.received.findLast(
      (it) => it.type === "look" && it.topic === "report",
    ) as LookMessage;
    kernel.emit({ type: "sight", lid, seq: 2, value: { attempt: 1, html: "two" } });
    await eventually(() => expect(frame.getAttribute("srcdoc")).toMatch(/^two/));
    expect(one(element, "iframe")).toBe(frame);
  });

  it("is said not to be there", async () => {
    const { element } = await open("a1", { report: { attempt: 1, none: true } }, smallRun(), "Report");
    await eventually(() => expect(pane(element)).toContain("There is no report."));
  });
});

describe("a log in the details", () => {
  it("shows lines, searches, selects and hides the system's", async () => {
    const { element, kernel } = await open("a1", {}, smallRun(), "Logs");
    const { lid } = kernel.received.findLast(
      (it) => it.type === "look" && it.topic === "logs",
    ) as LookMessage;
    const { value, buffers } = logPiece(0, 25, 0);
    kernel.emit({ type: "sight", lid, seq: 1, value }, buffers);
    await eventually(() => expect(all(element, ".log-line").length).toBe(25));
    expect(one(element, "[data-line='17'] .bold").textContent).toBe("ERROR");
    const search = one(element, "[aria-label='Search the log']") as HTMLInputElement;
    search.value = "error";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await eventually(() => expect(one(element, "[data-line='17'] mark").textContent).toBe("ERROR"));
    press(search, "Enter");
    await eventually(() => expect(one(element, ".log-line.current").dataset.line).toBe("17"));
    search.value = "error could";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    const marks = () => all(element, "[data-line='17'] mark").map((it) => it.textContent);
    await eventually(() => expect(marks()).toEqual(["ERROR", " could"]));
    click(one(element, "[data-line='3'] .number"));
    await eventually(() => expect(pane(element)).toContain("1 line selected"));
    press(one(element, ".log"), "Escape");
    await eventually(() => expect(pane(element)).not.toContain("selected"));
    click(button(element, "Hide lines of the system"));
    await eventually(() => expect(all(element, ".log-line").length).toBe(22));
    click(button(element, "Wrap long lines"));
    await eventually(() => expect(all(element, ".log-line").length).toBeGreaterThan(22));
  });

  it.each([
    ["of today", Date.now() - 60_000, 9],
    ["of another day", Date.UTC(2024, 1, 3), 17],
  ])("has room for its times: those %s", async (_, at, cells) => {
    const { element, kernel } = await open("a1", {}, smallRun(), "Logs");
    const { lid } = kernel.received.findLast(
      (it) => it.type === "look" && it.topic === "logs",
    ) as LookMessage;
    const { value, buffers } = logPiece(0, 1, at);
    kernel.emit({ type: "sight", lid, seq: 1, value }, buffers);
    await eventually(() => one(element, ".log-line"));
    click(button(element, "Times"));
    await eventually(() => expect(one(element, ".log-line .at").style.width).toBe(`${cells}ch`));
    expect(one(element, ".log-line .at").textContent?.length).toBe(cells - 1);
  });

  it("is that of the next attempt when one begins, and asks for what it missed of that one", async () => {
    const { element, kernel } = await open("a2", {}, smallRun(), "Logs");
    const looks = () =>
      kernel.received.filter((it) => it.type === "look" && it.topic === "logs") as LookMessage[];
    const { lid } = looks()[0];
    const say = (seq: number, attempt: number, text: string, more: object = {}) =>
      kernel.emit(
        { type: "sight", lid, seq, value: { attempt, first: 0, count: 1, marks: [], note: "", ...more } },
        [new Float64Array(1), new Uint8Array(1), new TextEncoder().encode(`${text}\n`)],
      );
    const shown = () => all(element, ".log-line .text").map((it) => it.textContent);
    say(1, 1, "of the first");
    await eventually(() => expect(shown()).toEqual(["of the first"]));
    click(one(element, ".log-line .number"));
    await eventually(() => expect(pane(element)).toContain("1 line selected"));
    say(2, 2, "of the second", { restart: true });
    await eventually(() => expect(shown()).toEqual(["of the second"]));
    expect(pane(element)).not.toContain("1 line selected");
    say(4, 2, "missed one");
    await eventually(() => expect(looks().at(-1)?.params).toEqual({ attempt: null, from: 1, of: 2 }));
  });

  it("alone has attempts to choose from, and begins with the one that was asked for", async () => {
    const run = smallRun();
    run.rows[2].attempts = 3;
    const welcome = { kind: "logs" as const, action: "a2", tab: "logs", attempt: 2, title: "Log of r1/a2" };
    page = openPage(run, (kernel) => kernel.welcomes.set("v1", welcome));
    const { element, kernel } = page;
    const asked = () =>
      kernel.received
        .filter((it) => it.type === "look" && it.topic === "logs")
        .map((it) => (it as LookMessage).params);
    await eventually(() => expect(asked()).toMatchObject([{ attempt: 2 }]));
    const select = one(element, ".attempt select") as HTMLSelectElement;
    expect(select.value).toBe("2");
    select.value = "3";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await eventually(() => expect(asked()).toMatchObject([{ attempt: 2 }, { attempt: null }]));
    expect(select.selectedOptions[0].textContent).toBe("3 (latest)");
  });

  it("alone offers an attempt that there is not only where it was asked for", async () => {
    const welcome = { kind: "logs" as const, action: "a2", tab: "logs", attempt: 1_000_000, title: "Log" };
    page = openPage(smallRun(), (kernel) => kernel.welcomes.set("v1", welcome));
    const { element } = page;
    await eventually(() => one(element, ".attempt select"));
    const select = one(element, ".attempt select") as HTMLSelectElement;
    expect([...select.options].map((it) => it.textContent)).toEqual(["1 (latest)", "1000000"]);
    expect(select.value).toBe("1000000");
  });

  it("says that it is asked for, that there is none yet, or none at all", async () => {
    const { element, kernel } = await open("a2", {}, smallRun(), "Logs");
    expect(pane(element)).toContain("Loading the log…");
    const look = () =>
      kernel.received.findLast((it) => it.type === "look" && it.topic === "logs") as LookMessage;
    const value = { attempt: 1, first: 0, count: 0, marks: [], note: "" };
    kernel.emit({ type: "sight", lid: look().lid, seq: 1, value }, []);
    await eventually(() => expect(pane(element)).toContain("Waiting for the log…"));
    click(actionRow(element, "a1"));
    await eventually(() => expect(look().action).toBe("a1"));
    kernel.emit({ type: "sight", lid: look().lid, seq: 1, end: true });
    await eventually(() => expect(pane(element)).toContain("There is no log."));
  });
});

describe("labels of siblings", () => {
  it("are asked for where names repeat, for rows in sight", async () => {
    const run = new RunWriter("k", { name: "r" });
    run.add({ name: "a0", label: "main" });
    for (let i = 0; i < 300; i++) run.add({ name: `m${i}`, label: "fit", parent: 0, phase: 5 });
    run.add({ name: "z", label: "only", parent: 0 });
    page = openPage(run);
    const { element, kernel } = page;
    kernel.answer = (_, { actions }) => ({
      labels: Object.fromEntries((actions as string[]).map((name) => [name, `x=${name.slice(1)}`])),
    });
    await eventually(() => expect(actionRow(element, "m3").textContent).toContain("x=3"));
    expect(all(element, "[data-action=a0] .inputs")).toEqual([]);
    const [asked] = requests(kernel, "labels") as unknown as { params: { actions: string[] } }[];
    expect(asked.params.actions).toContain("m0");
    expect(asked.params.actions.length).toBeLessThan(60);
    expect(requests(kernel, "labels").length).toBe(1);
  });
});

describe("what is looked for", () => {
  it("is looked for in the labels of all rows, and the number of matches says while it was not", async () => {
    const run = new RunWriter("k", { name: "r" });
    run.add({ name: "a0", label: "main" });
    const add = (from: number, to: number) => {
      for (let i = from; i < to; i++) run.add({ name: `m${i}`, label: "fit", parent: 0, phase: 5 });
    };
    add(1, 600);
    page = openPage(run);
    const { element, kernel } = page;
    let unread = 0;
    const asked: unknown[] = [];
    kernel.answer = (_, { actions, from }) => {
      let names = actions as string[];
      if (typeof from === "number") {
        asked.push(from);
        names = run.rows.slice(from).map(({ name }) => name);
      }
      const labels = Object.fromEntries(names.map((name) => [name, `x=${name.slice(1)}.`]));
      return typeof from === "number" ? { labels, unread } : { labels };
    };
    const look = (text: string) => {
      const input = one(element, "[aria-label='Find actions']") as HTMLInputElement;
      input.value = text;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    };
    const found = () => one(element, ".found").textContent;
    await eventually(() => expect(actionRow(element, "m3").textContent).toContain("x=3."));
    expect(asked).toEqual([]);
    look("x=450.");
    await eventually(() => expect(found()).toBe("0 matches so far"));
    expect(one(element, "[role=treegrid]").textContent).toContain("Nothing matches so far.");
    await eventually(() => expect(found()).toBe("1 match"));
    expect(actionRow(element, "m450").textContent).toContain("x=450.");
    look("x=5");
    await eventually(() => expect(found()).toBe("111 matches"));
    expect(asked).toEqual([0]);
    unread = 7;
    add(600, 602);
    kernel.delta(run, [600, 601]);
    look("x=60");
    await eventually(() => expect(found()).toBe("3 matches so far"));
    await eventually(() => expect(asked).toEqual([0, 600]));
    await eventually(() => expect(found()).toBe("3 matches so far"));
  });
});

describe("times of tasks that were seen ended only", () => {
  it("are asked for once, for those alone", async () => {
    const run = new RunWriter("k", { name: "r" });
    run.add({ name: "a0", label: "main" });
    const at = Date.now() - 9000;
    const ended = { parent: 0, phase: 5, queued: at, ended: at + 5000 };
    run.add({ ...ended, name: "m1", label: "fit", started: at });
    run.add({ ...ended, name: "m2", label: "sum", started: at + 2000 });
    run.add({ ...ended, name: "m3", label: "say", started: at, kind: 2 });
    page = openPage(run);
    const { kernel } = page;
    await eventually(() => expect(requests(kernel, "labels").length).toBe(1));
    expect(requests(kernel, "labels")[0]).toMatchObject({ params: { actions: [], times: ["m1"] } });
  });
});

describe("labels of a few siblings", () => {
  it("are asked for wherever they stand, and for no other", async () => {
    const run = new RunWriter("k", { name: "r" });
    run.add({ name: "a0", label: "main" });
    run.add({ name: "m1", label: "fit", parent: 0 });
    run.add({ name: "z", label: "only", parent: 0 });
    for (const name of ["m2", "m3"]) run.add({ name, label: "fit", parent: 0 });
    page = openPage(run);
    const { kernel } = page;
    await eventually(() => expect(requests(kernel, "labels").length).toBe(1));
    expect(requests(kernel, "labels")[0]).toMatchObject({ params: { actions: ["m1", "m2", "m3"] } });
  });
});

describe("hostile text", () => {
  const evil = `</script><img src=x onerror="window.hacked=1"><svg onload=window.hacked=1>\u202e javascript:window.hacked=1`;
  const everywhere = <T>(data: T): T =>
    JSON.parse(JSON.stringify(data), (key, value) =>
      typeof value === "string" && !["kind", "type", "format", "image"].includes(key) ? evil : value,
    );

  it.each(["Overview", "Inputs & Outputs", "Events", "Spec"])("stays text in %s", async (tab) => {
    const run = smallRun();
    const row = run.rows[3];
    const see: See = {
      details: everywhere<Details>({
        ...details(row),
        condition: details({ ...row, kind: 3, phase: 9 }).condition,
      }),
      io: {
        ...everywhere<Io>(io),
        inputs: [
          { ...io.inputs?.[0], image: evil },
          { ...io.inputs?.[1], image: "data:image/svg+xml;base64,AA" },
        ],
      },
      events: {
        attempts: {
          "1": [{ time: 1e300, kind: "Warning", reason: evil, source: evil, message: evil, count: 2 }],
        },
      },
      spec: { sections: [{ title: evil, rows: [[evil, evil]] }] },
    };
    const { element } = await open("a3", see, run, tab);
    await eventually(() => expect(pane(element)).toContain('<img src=x onerror="window.hacked=1">'));
    const root = live(element) as ShadowRoot;
    const links = [...root.querySelectorAll("a")].filter((it) => !it.href.startsWith("https://example.com/"));
    expect(links.filter((it) => !/^https?:/.test(it.href))).toEqual([]);
    const pictures = [...root.querySelectorAll("img")].map((it) => it.getAttribute("src")?.slice(0, 15));
    expect(pictures.every((src) => src === "data:image/png;")).toBe(true);
    expect(root.querySelectorAll("script, object, embed, iframe, svg[onload]").length).toBe(0);
    expect(root.textContent).not.toContain("\u202e");
    expect("hacked" in window).toBe(false);
  });

  it("stays text in logs", async () => {
    const { element, kernel } = await open("a1", {}, smallRun(), "Logs");
    const { lid } = kernel.received.findLast(
      (it) => it.type === "look" && it.topic === "logs",
    ) as LookMessage;
    const text = new TextEncoder().encode(`\u001b[31m${evil}\u001b[0m\n`);
    const value = { attempt: 1, first: 0, count: 1, marks: [], note: "" };
    kernel.emit({ type: "sight", lid, seq: 1, value }, [new Float64Array(1), new Uint8Array(1), text]);
    await eventually(() => expect(one(element, ".log-line .text").textContent).toContain("<img src=x"));
    expect(all(element, ".log img, .log svg, .log script")).toEqual([]);
    expect(pane(element)).not.toContain("\u202e");
  });
});
