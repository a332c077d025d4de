import { afterEach, describe, expect, it } from "vitest";
import type { LookMessage } from "../dev/kernel";
import { runTable } from "../dev/sights";
import { all, button, click, eventually, live, one, openPage, type Page, smallRun } from "./page";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
});

const NOW = Date.now();

async function open(
  change: (table: ReturnType<typeof runTable>) => object = (table) => table,
  welcome: object = {},
): Promise<Page> {
  page = openPage(smallRun(), (kernel, run) => {
    kernel.runs.delete("v1");
    kernel.runs.set("v2", run);
    kernel.welcomes.set("v1", { kind: "table", title: "Runs of p/d", ...welcome });
    kernel.see = (look, sight) => sight({ value: change(runTable(NOW, look.params as never)) });
  });
  const { element } = page;
  await eventually(() => expect(live(element)?.querySelector("tbody")).toBeTruthy());
  return page;
}

const ids = (element: Element) => all(element, "tr[data-row]").map((row) => row.dataset.row);
const asked = ({ kernel }: Page) =>
  (kernel.received.findLast((it) => it.type === "look") as LookMessage).params;
const requests = ({ kernel }: Page, method: string) =>
  kernel.received.filter((message) => message.type === "request" && message.method === method);
const press = (target: Element, key: string) =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }),
  );

describe("a table", () => {
  it("shows the kernel's rows, typed", async () => {
    const { element } = await open();
    expect(ids(element).length).toBe(20);
    const cells = [...one(element, "tr[data-row=r2]").querySelectorAll("td")].map((it) =>
      it.textContent?.trim(),
    );
    expect(cells.slice(2)).toEqual([
      "Failed",
      "lake.compact",
      "r2xc7y",
      cells[5],
      "1m 06s",
      "Ada Lovelace",
      "",
    ]);
    expect(one(element, "tr[data-row=r1] .tag").textContent).toBe("team: vision");
    expect(one(element, "th[aria-sort]").textContent).toBe("Started");
    // A narrow page leaves out columns by their type, head and cells alike.
    const types = (of: string) =>
      all(element, of)
        .map((it) => it.className)
        .filter((it) => it.startsWith("of-"));
    expect(types("thead th")).toEqual(types("tr[data-row=r2] td"));
  });

  it("is no higher than its cell asked for", async () => {
    const { element } = await open(undefined, { height: 300 });
    expect(one(element, ".table-view").style.maxHeight).toBe("300px");
    page?.cleanup();
    document.body.replaceChildren();
    const asItComes = await open();
    expect(one(asItComes.element, ".table-view").style.maxHeight).toBe("");
  });

  it("begins with what its cell asked for, and shows that", async () => {
    const begin = { filters: { phase: "5,6" }, size: 5, text: "lake" };
    const opened = await open((table) => ({ ...table, asked: { ...table.asked, ...begin } }));
    const { element } = opened;
    expect(asked(opened)).toEqual({});
    const filter = one(element, "select[aria-label=Phase]") as HTMLSelectElement;
    expect(filter.selectedOptions[0].textContent).toBe("5 or Failed");
    expect((one(element, "[aria-label=Search]") as HTMLInputElement).value).toBe("lake");
    click(all(element, "th .sort").find((it) => it.textContent === "Task"));
    await eventually(() => expect(asked(opened)).toEqual({ ...begin, sort: ["task", "desc"], page: 0 }));
  });

  it("asks the kernel to sort, filter, search and turn pages", async () => {
    const opened = await open();
    const { element } = opened;
    click(all(element, "th .sort").find((it) => it.textContent === "Task"));
    await eventually(() => expect(asked(opened)).toMatchObject({ sort: ["task", "desc"], page: 0 }));
    const filter = one(element, "select[aria-label=Phase]") as HTMLSelectElement;
    filter.value = "6";
    filter.dispatchEvent(new Event("change", { bubbles: true }));
    await eventually(() => expect(asked(opened)).toMatchObject({ filters: { phase: "6" } }));
    await eventually(() => expect(button(element, "Next page")).toBeDefined());
    click(button(element, "Next page"));
    await eventually(() => expect(ids(element)[0]).toBe("r20"));
    const search = one(element, "[aria-label=Search]") as HTMLInputElement;
    search.value = "score";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await eventually(() =>
      expect(asked(opened)).toMatchObject({ text: "score", page: 0, filters: { phase: "6" } }),
    );
    await eventually(() => expect(ids(element)[0]).toBe("r1"));
  });

  it("aborts what is selected, after a second thought, with a reason", async () => {
    const opened = await open();
    const { element, kernel } = opened;
    for (const id of ["r0", "r1", "r3"]) {
      one(element, `[aria-label="Select ${id}"]`).dispatchEvent(new Event("change", { bubbles: true }));
    }
    await eventually(() => expect(one(element, ".acts").textContent).toContain("3 selected"));
    click(button(element, "Abort 2"));
    await eventually(() => expect(button(element, "Confirm abort of 2")).toBeDefined());
    const reason = one(element, "[aria-label=Reason]") as HTMLInputElement;
    reason.value = "a mistaken loop";
    reason.dispatchEvent(new Event("input", { bubbles: true }));
    kernel.answer = () => ({ failed: { r3: "Run r3 is over already." } });
    expect(requests(opened, "act")).toEqual([]);
    click(button(element, "Confirm abort of 2"));
    await eventually(() =>
      expect(requests(opened, "act")[0]).toMatchObject({
        params: { view: "v1", act: "abort", rows: ["r0", "r3"], reason: "a mistaken loop" },
      }),
    );
    await eventually(() =>
      expect(one(element, ".outcome.bad").textContent).toContain("Run r3 is over already."),
    );
  });

  it("opens a run in place", async () => {
    const opened = await open();
    const { element, kernel } = opened;
    kernel.answer = () => ({ view: "v2", name: "r4" });
    press(one(element, "tr[data-row=r4]"), "Enter");
    await eventually(() => {
      const inside = one(element, ".opened > div:last-child > div").shadowRoot;
      expect(inside?.querySelectorAll("[data-action]").length).toBe(4);
    });
    expect(requests(opened, "open")[0]).toMatchObject({ params: { view: "v1", row: "r4" } });
    click(button(element, "Close r4"));
    await eventually(() => expect(all(element, ".opened")).toEqual([]));
    expect(kernel.received.at(-1)?.type).toBe("bye");
  });

  it("says why a row cannot be opened", async () => {
    const { element, kernel } = await open();
    kernel.answer = () => {
      throw new Error("Run r5 is gone.");
    };
    click(button(element, "Open r5"));
    await eventually(() => expect(one(element, ".inside").textContent).toBe("Run r5 is gone."));
  });

  it("acts at once on a row where that needs no thought", async () => {
    const opened = await open((table) => ({
      ...table,
      opens: false,
      acts: [{ name: "activate", title: "Activate", confirm: false, reason: false }],
      rows: table.rows.slice(0, 2).map((row, i) => ({ ...row, acts: i === 0 ? ["activate"] : [] })),
    }));
    const buttons = all(opened.element, "tbody button");
    expect(buttons.map((it) => it.textContent)).toEqual(["Activate"]);
    click(buttons[0]);
    await eventually(() =>
      expect(requests(opened, "act")[0]).toMatchObject({ params: { act: "activate", rows: ["r0"] } }),
    );
  });

  it("is walked with the keyboard", async () => {
    const { element } = await open();
    const root = live(element) as ShadowRoot;
    one(element, "tr[data-row=r0]").focus();
    for (const [key, id] of [
      ["ArrowDown", "r1"],
      ["End", "r19"],
      ["ArrowUp", "r18"],
      ["Home", "r0"],
    ]) {
      press(root.activeElement as Element, key);
      expect((root.activeElement as HTMLElement).dataset.row).toBe(id);
    }
    press(root.activeElement as Element, " ");
    await eventually(() => expect(one(element, ".acts").textContent).toContain("1 selected"));
  });

  it("says that there is nothing, and what is wrong", async () => {
    const { element } = await open((table) => ({
      ...table,
      rows: [],
      more: false,
      note: "Read the last 1,000 runs.",
    }));
    expect(live(element)?.textContent).toContain("There are no runs.");
    expect(live(element)?.textContent).toContain("Read the last 1,000 runs.");
  });

  it("keeps hostile text as text", async () => {
    const evil = "<img src=x onerror=window.hacked=1>";
    const { element } = await open((table) => ({
      ...table,
      rows: table.rows.map((row) => ({
        ...row,
        cells: { ...row.cells, task: evil, labels: { [evil]: evil }, started: 1e300, phase: 77 },
      })),
    }));
    expect(live(element)?.textContent).toContain(evil);
    expect(all(element, "img")).toEqual([]);
  });
});
