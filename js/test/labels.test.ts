import { afterEach, describe, expect, it } from "vitest";
import { RunWriter } from "../dev/encode";
import { actionRow, all, eventually, one, openPage, type Page } from "./page";
import { requests } from "./pane";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
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
