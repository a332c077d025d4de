import { describe, expect, it } from "vitest";
import { type Message, RunWriter } from "../dev/encode";
import { decodeFrame, FrameError } from "../src/protocol";
import { RunStore } from "../src/store";

function apply(store: RunStore, { content, buffers }: Message) {
  return store.apply(decodeFrame(content, buffers));
}

function fan(n: number): { run: RunWriter; store: RunStore } {
  const run = new RunWriter("k");
  run.add({ name: "a0", label: "main", phase: 4 });
  for (let i = 1; i <= n; i++) run.add({ name: `a${i}`, label: `é${i}`, parent: 0 });
  return { run, store: new RunStore("k") };
}

const name = (store: RunStore, row: number) => store.text(store.name[row]);

describe("RunStore", () => {
  it("takes a snapshot and deltas in turn", () => {
    const { run, store } = fan(2);
    expect(apply(store, run.snapshot())).toBe("applied");
    run.rows[1].phase = 5;
    run.add({ name: "late", parent: 1 });
    expect(apply(store, run.delta([1, 3]))).toBe("applied");
    expect([store.n, store.seq, store.phase[1], name(store, 3)]).toEqual([4, 2, 5, "late"]);
    expect([...store.counts.slice(0, 6)]).toEqual([0, 2, 0, 0, 1, 1]);
  });

  it("wants a snapshot after a gap, and goes on from it", () => {
    const { run, store } = fan(2);
    apply(store, run.snapshot());
    run.rows[1].phase = 4;
    run.delta([1]);
    run.rows[2].phase = 6;
    const second = run.delta([2]);
    expect(apply(store, second)).toBe("gap");
    expect(store.phase[2]).toBe(1);
    expect(apply(store, run.snapshot())).toBe("applied");
    expect([store.phase[1], store.phase[2], store.seq]).toEqual([4, 6, 4]);
  });

  it("ignores what it has seen, and a snapshot from the past", () => {
    const { run, store } = fan(2);
    const old = run.snapshot();
    const first = run.snapshot();
    apply(store, first);
    const delta = run.delta([1]);
    apply(store, delta);
    expect(apply(store, delta)).toBe("ignored");
    expect(apply(store, old)).toBe("ignored");
    expect(store.seq).toBe(3);
  });

  it("cannot begin with a delta", () => {
    const { run, store } = fan(2);
    run.snapshot();
    expect(apply(store, run.delta([1]))).toBe("gap");
    expect(store.n).toBe(0);
  });

  it("grows far beyond its first size", () => {
    const { run, store } = fan(3);
    apply(store, run.snapshot());
    const changed = [];
    for (let i = 0; i < 5000; i++)
      changed.push(run.add({ name: `more ${i}`, parent: i % 4, group: `g${i % 3}` }));
    apply(store, run.delta(changed));
    expect(store.n).toBe(5004);
    expect(name(store, 5003)).toBe("more 4999");
    expect(store.text(store.label[2])).toBe("é2");
    expect(store.counts.reduce((sum, n) => sum + n, 0)).toBe(5004);
  });

  it("replaces everything with a snapshot", () => {
    const { run, store } = fan(5);
    apply(store, run.snapshot());
    const other = new RunWriter("k");
    other.seq = run.seq;
    other.add({ name: "a0", phase: 5 });
    expect(apply(store, other.snapshot())).toBe("applied");
    expect([store.n, store.forest.topSize, [...store.counts][5]]).toEqual([1, 1, 1]);
  });

  it("keeps the head where a delta does not bring one", () => {
    const { run, store } = fan(1);
    apply(store, run.snapshot());
    const delta = run.delta([1]);
    expect(delta.content.head).toBeNull();
    apply(store, delta);
    expect(store.head?.name).toBe("r8s2kq");
  });

  it("knows the kernel's clock", () => {
    const { run, store } = fan(1);
    run.now = Date.now() + 3_600_000;
    apply(store, run.snapshot());
    expect(Math.abs(store.now() - run.now)).toBeLessThan(1000);
  });

  it("counts phases of tomorrow as unknown", () => {
    const { run, store } = fan(1);
    run.rows[1].phase = 77;
    apply(store, run.snapshot());
    expect([...store.counts][0]).toBe(1);
    run.rows[1].phase = 5;
    apply(store, run.delta([1]));
    expect([[...store.counts][0], [...store.counts][5]]).toEqual([0, 1]);
  });

  it("finds the root by its name, not by its place", () => {
    const run = new RunWriter("k");
    run.add({ name: "orphan" });
    run.add({ name: "a0" });
    const store = new RunStore("k");
    apply(store, run.snapshot());
    expect(store.root).toBe(1);
  });
});

describe("text from outside", () => {
  it("loses what would turn or hide other text, and nothing else", () => {
    const run = new RunWriter("k", { task: "a\u202eb" });
    run.add({ name: "a0", label: "x\u0007\u2066y", error: "one\r\ntwo\tthree \u{1f600} é" });
    const store = new RunStore("k");
    apply(store, run.snapshot());
    expect(store.head?.task).toBe("a\ufffdb");
    expect(store.text(store.label[0])).toBe("x\ufffd\ufffdy");
    expect(store.text(store.error[0])).toBe("one\ntwo\tthree \u{1f600} é");
  });
});

describe("decodeFrame", () => {
  it("refuses buffers that do not fit", () => {
    const { run } = fan(2);
    const { content, buffers } = run.snapshot();
    expect(() => decodeFrame(content, buffers.slice(1))).toThrow(FrameError);
    expect(() => decodeFrame({ ...content, changed: 2 }, buffers)).toThrow(FrameError);
    expect(() => decodeFrame(content, [...buffers.slice(0, -1), new DataView(new ArrayBuffer(1))])).toThrow(
      FrameError,
    );
    expect(() =>
      decodeFrame(
        content,
        buffers.map(() => "text"),
      ),
    ).toThrow(FrameError);
  });

  it("passes over columns it does not know", () => {
    const { run, store } = fan(1);
    const { content, buffers } = run.snapshot();
    const columns = [...content.columns, ["cost", "f8"] as [string, "f8"]];
    const extra = [...buffers.slice(0, -2), new DataView(new ArrayBuffer(16)), ...buffers.slice(-2)];
    expect(store.apply(decodeFrame({ ...content, columns }, extra))).toBe("applied");
    expect(store.n).toBe(2);
  });
});
