import { afterEach, describe, expect, it } from "vitest";
import type { LookMessage } from "../dev/kernel";
import { logPiece } from "../dev/sights";
import { actionRow, all, button, click, eventually, one, openPage, type Page, smallRun } from "./page";
import { openDetails, pane, press } from "./pane";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
});

describe("a log in the details", () => {
  it("shows lines, searches, selects and hides the system's", async () => {
    const { element, kernel } = await openDetails("a1", {}, smallRun(), "Logs");
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
    const { element, kernel } = await openDetails("a1", {}, smallRun(), "Logs");
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
    const { element, kernel } = await openDetails("a2", {}, smallRun(), "Logs");
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
    const { element, kernel } = await openDetails("a2", {}, smallRun(), "Logs");
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
