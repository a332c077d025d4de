import { describe, expect, it } from "vitest";
import { type Message, RunWriter } from "../dev/encode";
import { keyOf } from "../src/order";
import { decodeFrame } from "../src/protocol";
import { RunStore } from "../src/store";
import { ViewState } from "../src/viewstate";
import { VisibleLines } from "../src/visible";

function apply(store: RunStore, { content, buffers }: Message) {
  return store.apply(decodeFrame(content, buffers));
}

function setup() {
  const run = new RunWriter("k");
  run.add({ name: "a0" });
  run.add({ name: "load", parent: 0 });
  run.add({ name: "m1", parent: 0, group: "map", phase: 5, queued: 10, ended: 30 });
  run.add({ name: "inner", parent: 2 });
  run.add({ name: "end", parent: 0 });
  run.add({ name: "m2", parent: 0, group: "map", phase: 4, queued: 5 });
  const store = new RunStore("k");
  apply(store, run.snapshot());
  return { run, store, state: new ViewState(), lines: new VisibleLines() };
}

/** The tree as text: one "depth name" per line. */
function shown(store: RunStore, state: ViewState, lines: VisibleLines): string[] {
  lines.update(store, state);
  return Array.from({ length: lines.count }, (_, line) => {
    const node = lines.node[line];
    const row = store.forest.row[node];
    const name = row >= 0 ? store.text(store.name[row]) : `[${store.text(store.forest.groupString[node])}]`;
    return `${lines.depth[line]} ${name}`;
  });
}

const ALL = ["0 a0", "1 load", "1 [map]", "2 m1", "3 inner", "2 m2", "1 end"];

describe("the list of visible lines", () => {
  it("has groups as folders where their first member is", () => {
    const { store, state, lines } = setup();
    expect(shown(store, state, lines)).toEqual(ALL);
    const folder = lines.node[2];
    expect([store.forest.size[folder], store.forest.size[lines.node[0]]]).toEqual([2, 3]);
  });

  it("leaves out what is collapsed", () => {
    const { store, state, lines } = setup();
    state.toggle("2");
    expect(shown(store, state, lines)).toEqual(["0 a0", "1 load", "1 [map]", "2 m1", "2 m2", "1 end"]);
    state.toggle("0/map");
    expect(shown(store, state, lines)).toEqual(["0 a0", "1 load", "1 [map]", "1 end"]);
    state.toggle("0/map");
    state.toggle("2");
    expect(shown(store, state, lines)).toEqual(ALL);
  });

  it("appends what comes, and keeps the state over a snapshot", () => {
    const { run, store, state, lines } = setup();
    state.toggle("0/map");
    shown(store, state, lines);
    run.add({ name: "m3", parent: 0, group: "map" });
    run.add({ name: "load2", parent: 1 });
    apply(store, run.delta([6, 7]));
    const expected = ["0 a0", "1 load", "2 load2", "1 [map]", "1 end"];
    expect(shown(store, state, lines)).toEqual(expected);
    apply(store, run.snapshot());
    expect(shown(store, state, lines)).toEqual(expected);
    expect(lines.lineOfKey(store, "0/map")).toBe(3);
    expect(lines.lineOfKey(store, "7")).toBe(2);
    expect(lines.lineOfKey(store, "2")).toBe(-1);
    expect(keyOf(store, lines.node[3])).toBe("0/map");
  });

  it("moves a row whose parent or group was told late to where it belongs", () => {
    const run = new RunWriter("k");
    run.add({ name: "child" });
    run.add({ name: "a0" });
    run.add({ name: "second", parent: 1 });
    const store = new RunStore("k");
    const state = new ViewState();
    const lines = new VisibleLines();
    apply(store, run.snapshot());
    expect(shown(store, state, lines)).toEqual(["0 child", "0 a0", "1 second"]);
    run.rows[0].parent = 1;
    run.rows[2].group = "g";
    apply(store, run.delta([0, 2]));
    expect(shown(store, state, lines)).toEqual(["0 a0", "1 child", "1 [g]", "2 second"]);
  });

  it("is not led astray by rows that are their own ancestors", () => {
    const run = new RunWriter("k");
    run.add({ name: "a0" });
    run.add({ name: "x", parent: 2 });
    run.add({ name: "y", parent: 1 });
    run.add({ name: "self", parent: 3 });
    run.add({ name: "beyond", parent: 900 });
    const store = new RunStore("k");
    apply(store, run.snapshot());
    expect(shown(store, new ViewState(), new VisibleLines())).toEqual(["0 a0", "0 self", "0 beyond"]);
  });

  it("has the numbers of a group as its members change", () => {
    const { run, store, lines, state } = setup();
    shown(store, state, lines);
    const folder = lines.node[2];
    expect([...(store.forest.stats(folder)?.counts ?? [])].slice(4, 6)).toEqual([1, 1]);
    Object.assign(run.rows[5], { phase: 6, ended: 90 });
    apply(store, run.delta([5]));
    const stats = store.forest.stats(folder);
    expect([...(stats?.counts ?? [])].slice(4, 7)).toEqual([0, 1, 1]);
    expect([stats?.start, stats?.end]).toEqual([5, 90]);
  });
});

describe("100,000 rows", () => {
  it("are all there, and listed anew only when something moved", () => {
    const run = new RunWriter("k");
    run.add({ name: "a0" });
    for (let i = 1; i < 100_000; i++)
      run.add({ name: `n${i}`, parent: i < 20 ? 0 : Math.floor(i / 20), group: "" });
    const store = new RunStore("k");
    apply(store, run.snapshot());
    const lines = new VisibleLines();
    const state = new ViewState();
    lines.update(store, state);
    expect(lines.count).toBe(100_000);
    const { node } = lines;
    const { shape } = store.forest;
    run.rows[70_000].phase = 5;
    apply(store, run.delta([70_000]));
    lines.update(store, state);
    expect(store.forest.shape).toBe(shape);
    expect(lines.node).toBe(node);
  });
});
