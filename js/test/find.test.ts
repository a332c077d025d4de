import { describe, expect, it } from "vitest";
import { type Message, RunWriter } from "../dev/encode";
import { criticalPath } from "../src/critical";
import { extremes } from "../src/groups";
import { nextSort, SORTS, type SortBy } from "../src/order";
import { Phase } from "../src/phases";
import { decodeFrame } from "../src/protocol";
import { RunStore } from "../src/store";
import { ViewState } from "../src/viewstate";
import { VisibleLines } from "../src/visible";

function apply(store: RunStore, { content, buffers }: Message) {
  return store.apply(decodeFrame(content, buffers));
}

function setup() {
  const run = new RunWriter("k", { over: true });
  run.add({ name: "a0", label: "main", phase: 6, queued: 0, started: 0, ended: 100000 });
  run.add({ name: "b1", label: "load p10", phase: 5, parent: 0, queued: 1000, started: 1000, ended: 40000 });
  run.add({ name: "b2", label: "load p2", phase: 5, parent: 0, queued: 2000, started: 2000, ended: 12000 });
  run.add({
    name: "m1",
    label: "fit",
    group: "map",
    phase: 5,
    parent: 0,
    queued: 40000,
    started: 41000,
    ended: 60000,
  });
  run.add({
    name: "m2",
    label: "fit",
    group: "map",
    phase: 6,
    parent: 0,
    queued: 40000,
    started: 42000,
    ended: 95000,
    error: "KeyError: 'price'",
  });
  run.add({ name: "deep", label: "inner", phase: 6, parent: 4, queued: 50000, started: 50000, ended: 94000 });
  const store = new RunStore("k");
  apply(store, run.snapshot());
  const state = new ViewState();
  const lines = new VisibleLines();
  const shown = (labels?: ReadonlyMap<string, string>, labelsAt = 0) => {
    store.tick.value++;
    lines.update(store, state, 100, labels, labelsAt);
    return Array.from({ length: lines.count }, (_, line) => {
      const node = lines.node[line];
      const row = store.forest.row[node];
      return row >= 0 ? store.text(store.name[row]) : `[${store.text(store.forest.groupString[node])}]`;
    });
  };
  return { run, store, state, lines, shown };
}

describe("find", () => {
  it.each([
    ["PRICE", ["a0", "[map]", "m2"], 1],
    ["map", ["a0", "[map]", "m1", "m2"], 2],
    ["inner", ["a0", "[map]", "m2", "deep"], 1],
    ["b1", ["a0", "b1"], 1],
    ["nothing", [], 0],
  ])("of %j leaves matches and their ancestors", (text, left, count) => {
    const { state, lines, shown } = setup();
    state.look({ text });
    expect(shown()).toEqual(left);
    expect(lines.matches.count).toBe(count);
  });

  it("looks through labels of siblings as they come", () => {
    const { state, shown } = setup();
    state.look({ text: "week=3" });
    expect(shown()).toEqual([]);
    expect(shown(new Map([["m1", "store=1, Week=3"]]), 1)).toEqual(["a0", "[map]", "m1"]);
  });

  it("shows phases only, several at once, and follows their changes", () => {
    const { run, store, state, shown } = setup();
    state.togglePhase(Phase.SUCCEEDED);
    expect(shown()).toEqual(["a0", "b1", "b2", "[map]", "m1"]);
    run.rows[1].phase = Phase.ABORTED;
    apply(store, run.delta([1]));
    expect(shown()).toEqual(["a0", "b2", "[map]", "m1"]);
    state.togglePhase(Phase.ABORTED);
    expect(shown()).toEqual(["a0", "b1", "b2", "[map]", "m1"]);
  });

  it("goes from match to match, around the ends, and opens what is closed", () => {
    const { state, lines, shown } = setup();
    state.setAll(false);
    expect(shown()).toEqual(["a0"]);
    state.look({ text: "load" });
    expect(shown()).toEqual(["a0", "b1", "b2"]);
    expect([
      lines.seekMatch(-1, 1),
      lines.seekMatch(1, 1),
      lines.seekMatch(2, 1),
      lines.seekMatch(1, -1),
    ]).toEqual([1, 2, 1, 2]);
    state.toggle("0");
    expect(shown()).toEqual(["a0"]);
    state.look({ text: "" });
    expect(shown()).toEqual(["a0"]);
    state.setAll(true);
    expect(shown().length).toBe(7);
  });

  it("knows strings by what they are after a snapshot has numbered them anew", () => {
    const { store, state, shown } = setup();
    state.look({ text: "inner" });
    expect(shown().length).toBe(4);
    const other = new RunWriter("k");
    other.seq = 9;
    other.add({ name: "a0", label: "inner" });
    other.add({ name: "b", label: "x", parent: 0 });
    apply(store, other.snapshot());
    expect(shown()).toEqual(["a0"]);
  });
});

describe("the order of siblings", () => {
  const children = (by: SortBy, again = false) => {
    const { state, shown } = setup();
    state.sort.value = again ? nextSort(SORTS[by], by) : SORTS[by];
    return shown().filter((name) => ["b1", "b2", "[map]"].includes(name));
  };

  it("is by what was asked for, and turned by asking again", () => {
    expect(children("start")).toEqual(["b1", "b2", "[map]"]);
    expect(children("start", true)).toEqual(["[map]", "b2", "b1"]);
    expect(children("duration")).toEqual(["[map]", "b1", "b2"]);
    expect(children("duration", true)).toEqual(["b2", "b1", "[map]"]);
    expect(children("phase")[0]).toBe("[map]");
    expect(children("name")).toEqual(["b2", "b1", "[map]"]);
    expect(nextSort(nextSort(SORTS.name, "name"), "name")).toBe(SORTS.start);
  });

  it("moves at most once a second while the run goes on, and at once at its end", () => {
    const run = new RunWriter("k");
    run.add({ name: "a0", phase: 4, queued: 0, started: 0 });
    run.add({ name: "x", phase: 4, parent: 0, queued: 0, started: 10 });
    run.add({ name: "y", phase: 4, parent: 0, queued: 0, started: 20 });
    const store = new RunStore("k");
    apply(store, run.snapshot());
    const state = new ViewState();
    const lines = new VisibleLines();
    state.sort.value = SORTS.duration;
    const at = (now: number) => {
      lines.update(store, state, now);
      return Array.from({ length: lines.count }, (_, line) =>
        store.text(store.name[store.forest.row[lines.node[line]]]),
      );
    };
    expect(at(100)).toEqual(["a0", "x", "y"]);
    Object.assign(run.rows[1], { phase: 5, ended: 11 });
    run.add({ name: "z", phase: 4, parent: 0, queued: 0, started: 0 });
    apply(store, run.delta([1, 3]));
    expect(at(500)).toEqual(["a0", "x", "y"]);
    expect(at(1200)).toEqual(["a0", "z", "y", "x"]);
    Object.assign(run.rows[0], { phase: 5, ended: 1300 });
    Object.assign(run.rows[2], { phase: 5, ended: 21 });
    Object.assign(run.rows[3], { phase: 5, ended: 2 });
    run.head = { ...run.head, over: true };
    apply(store, run.delta([0, 2, 3]));
    expect(at(1250)).toEqual(["a0", "z", "y", "x"]);
  });
});

describe("100,000 rows", () => {
  it("are sorted and searched without a wait that is felt", () => {
    const run = new RunWriter("k");
    run.add({ name: "a0", phase: 4, queued: 0, started: 0 });
    for (let i = 1; i < 100_000; i++) {
      run.add({
        name: `n${i}`,
        label: "work",
        parent: 0,
        group: "map",
        phase: 5,
        queued: i,
        started: i,
        ended: i * 2,
      });
    }
    const store = new RunStore("k");
    apply(store, run.snapshot());
    const state = new ViewState();
    const lines = new VisibleLines();
    state.sort.value = SORTS.duration;
    state.look({ text: "n999" });
    lines.update(store, state, 1);
    expect(lines.matches.count).toBe(111);
    expect(store.text(store.name[store.forest.row[lines.node[2]]])).toBe("n99999");
  });
});

describe("the critical path", () => {
  it("is what the end had to wait for, back to the start", () => {
    const { store, state, shown } = setup();
    expect([...criticalPath(store)]).toEqual([1, 1, 0, 0, 1, 1]);
    state.look({ critical: true });
    expect(shown()).toEqual(["a0", "b1", "[map]", "m2", "deep"]);
  });

  it("is empty where there is no root", () => {
    expect([...criticalPath(new RunStore("k"))]).toEqual([]);
  });
});

describe("a folder", () => {
  it("knows its slowest and its first failed member", () => {
    const { store, lines, shown } = setup();
    const folder = lines.node[shown().indexOf("[map]")];
    expect(extremes(store, folder, 1000)).toEqual({ slowest: 4, took: 53_000, failed: 4 });
  });

  it("has no slowest member while all of them wait", () => {
    const { store, lines, shown } = setup();
    const folder = lines.node[shown().indexOf("[map]")];
    store.started.fill(Number.NaN);
    expect(extremes(store, folder, 1000).slowest).toBe(-1);
  });
});
