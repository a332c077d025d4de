/** The contract with the kernel: what it writes is what the page reads. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytes } from "../src/bytes";
import { count, duration, elapsed, headline, progress, time, timestamp } from "../src/format";
import { decodeFrame, type FrameContent } from "../src/protocol";
import { RunStore } from "../src/store";

const GOLDEN = join(import.meta.dirname, "..", "..", "tests", "golden");

interface Golden {
  name: string;
  frames: { content: FrameContent; buffers: string[] }[];
  expect: { head: object; rows: Record<string, unknown>[] };
}

const load = (name: string) => JSON.parse(readFileSync(join(GOLDEN, name), "utf8"));
const names = readdirSync(GOLDEN).filter(
  (name) => name.endsWith(".json") && !["format.json", "messages.json"].includes(name),
);

const orNull = (n: number) => (Number.isNaN(n) ? null : n);

function rowOf(store: RunStore, row: number): Record<string, unknown> {
  const text = (index: number) => store.text(index);
  return {
    row,
    parent: store.parent[row],
    phase: store.phase[row],
    kind: store.kind[row],
    attempts: store.attempts[row],
    cache: store.cache[row],
    queued: orNull(store.queued[row]),
    initialized: orNull(store.initialized[row]),
    started: orNull(store.started[row]),
    ended: orNull(store.ended[row]),
    name: text(store.name[row]),
    label: text(store.label[row]),
    group: text(store.group[row]),
    error: text(store.error[row]),
  };
}

describe("golden frames", () => {
  it("are there", () => {
    expect(names.length).toBeGreaterThan(2);
  });

  it.each(names)("%s", (name) => {
    const golden: Golden = load(name);
    const store = new RunStore(golden.frames[0].content.run);
    for (const { content, buffers } of golden.frames) {
      const binary = buffers.map((text) => {
        // At an odd place in its memory, as a message's buffers may be.
        const bytes = Buffer.from(text, "base64");
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        return new DataView(shifted.buffer, 1);
      });
      expect(store.apply(decodeFrame(content, binary))).not.toBe("gap");
    }
    expect(store.head).toEqual(golden.expect.head);
    expect(Array.from({ length: store.n }, (_, row) => rowOf(store, row))).toEqual(golden.expect.rows);
  });
});

interface Case {
  fn: "duration" | "elapsed" | "count" | "progress" | "time" | "timestamp" | "bytes" | "headline";
  in: never;
  out: string;
}

function formatted({ fn, in: input }: Case): string {
  switch (fn) {
    case "progress": {
      const counts = new Uint32Array(11);
      for (const [phase, n] of Object.entries<number>(input)) counts[Number(phase)] = n;
      return progress(counts);
    }
    case "time": {
      const { ms, now, offset } = input as { ms: number; now: number; offset: number };
      return time(ms, now, offset);
    }
    case "timestamp": {
      const { ms, offset } = input as { ms: number; offset: number };
      return timestamp(ms, offset);
    }
    case "count":
      return count(input);
    case "elapsed":
      return elapsed(input);
    case "duration":
      return duration(input);
    case "bytes":
      return bytes(input);
    case "headline":
      return headline(input);
  }
}

describe("formats", () => {
  it.each<Case>(load("format.json"))("$fn($in) is $out", (row) => {
    expect(formatted(row)).toBe(row.out);
  });

  it("tells local time where no offset is given", () => {
    const ms = Date.UTC(2026, 10, 21, 6, 31, 12);
    expect(time(ms, ms)).toBe(new Date(ms).toTimeString().slice(0, 8));
  });
});
