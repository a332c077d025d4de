import { describe, expect, it } from "vitest";
import type { LookMessage } from "../dev/kernel";
import { details, io } from "../dev/sights";
import type { Details, Io } from "../src/sights";
import { actionRow, all, button, click, eventually, live, one, smallRun } from "./page";
import { openDetails, pane, press, requests, type See } from "./pane";

describe("the details", () => {
  it("tell attempts, error and facts, and are let go when they are closed", async () => {
    const { element, kernel } = await openDetails("a3");
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
    const { element, kernel } = await openDetails("a3");
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
    const { element } = await openDetails("a3");
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
    const { element, kernel } = await openDetails("a2", {}, run, "Logs");
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
    const { element, kernel } = await openDetails("a2", {}, run);
    await eventually(() => expect(pane(element)).toContain("forecast.train"));
    const { lid } = kernel.received.find((it) => it.type === "look") as LookMessage;
    kernel.emit({ type: "sight", lid, seq: 2, error: "The backend does not answer." });
    await eventually(() => expect(pane(element)).toContain("The backend does not answer."));
    expect(pane(element)).toContain("forecast.train");
  });
});

describe("a condition", () => {
  const paused = () => {
    const run = smallRun();
    run.add({ name: "ok", label: "approve", kind: 3, phase: 9, parent: 0, queued: Date.now() });
    return run;
  };

  it("makes the run paused, and is answered with a value of its type", async () => {
    const { element, kernel, run } = await openDetails("ok", {}, paused());
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
    const { element } = await openDetails("ok", {}, run);
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
    const { element } = await openDetails("a1", { report: { attempt: 1, html } }, smallRun(), "Report");
    await eventually(() => one(element, "iframe"));
    const frame = one(element, "iframe");
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
    expect(frame.getAttribute("srcdoc")).toContain(html);
  });

  it("is drawn anew in the same frame when it has changed, which keeps its height and what is scrolled", async () => {
    const { element, kernel } = await openDetails(
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
    const { element } = await openDetails("a1", { report: { attempt: 1, none: true } }, smallRun(), "Report");
    await eventually(() => expect(pane(element)).toContain("There is no report."));
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
    const { element } = await openDetails("a3", see, run, tab);
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
    const { element, kernel } = await openDetails("a1", {}, smallRun(), "Logs");
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
