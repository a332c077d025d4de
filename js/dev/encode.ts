/** Writes frames as the kernel does; for the harness and for tests. */

import type { Dtype, FrameContent, Head } from "../src/protocol";

export interface RowData {
  parent: number;
  phase: number;
  kind: number;
  attempts: number;
  cache: number;
  queued: number;
  initialized: number;
  started: number;
  ended: number;
  name: string;
  label: string;
  group: string;
  error: string;
}

export const COLUMNS: [string, Dtype][] = [
  ["row", "u4"],
  ["parent", "i4"],
  ["phase", "u1"],
  ["kind", "u1"],
  ["attempts", "u2"],
  ["cache", "u1"],
  ["queued", "f8"],
  ["initialized", "f8"],
  ["started", "f8"],
  ["ended", "f8"],
  ["name", "u4"],
  ["label", "u4"],
  ["group", "u4"],
  ["error", "u4"],
];

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f8: Float64Array };
const TEXTS = new Set(["name", "label", "group", "error"]);

export function rowData(data: Partial<RowData>): RowData {
  return {
    parent: -1,
    phase: 1,
    kind: 1,
    attempts: 1,
    cache: 0,
    queued: Number.NaN,
    initialized: Number.NaN,
    started: Number.NaN,
    ended: Number.NaN,
    name: "",
    label: "",
    group: "",
    error: "",
    ...data,
  };
}

export function headData(data: Partial<Head>): Head {
  return {
    name: "r8s2kq",
    project: "flytesnacks",
    domain: "development",
    org: "",
    task: "main",
    url: "",
    phase: 4,
    error: "",
    abort_reason: "",
    started: null,
    ended: null,
    stale: null,
    over: false,
    ...data,
  };
}

export interface Message {
  content: FrameContent;
  buffers: DataView[];
}

/** A run as the kernel holds it; change `rows` and `head`, then ask for a frame. */
export class RunWriter {
  readonly rows: RowData[] = [];
  head: Head;
  seq = 0;
  now = Date.now();
  #strings = new Map<string, number>();
  #texts: string[] = [];
  #sent = 0;
  #headSent = "";

  constructor(
    readonly key: string,
    head: Partial<Head> = {},
  ) {
    this.head = headData(head);
  }

  add(data: Partial<RowData>): number {
    return this.rows.push(rowData(data)) - 1;
  }

  snapshot(): Message {
    this.#sent = 0;
    return this.#frame("snapshot", [...this.rows.keys()]);
  }

  delta(changed: number[]): Message {
    return this.#frame("delta", changed);
  }

  #index(text: string): number {
    let index = this.#strings.get(text);
    if (index === undefined) {
      index = this.#strings.size;
      this.#strings.set(text, index);
      this.#texts.push(text);
    }
    return index;
  }

  #frame(kind: "snapshot" | "delta", changed: number[]): Message {
    this.#index("");
    const buffers = COLUMNS.map(([name, dtype]) => {
      const values = changed.map((row) => {
        if (name === "row") return row;
        const value = this.rows[row][name as keyof RowData];
        return TEXTS.has(name) ? this.#index(value as string) : (value as number);
      });
      return new DataView(ARRAYS[dtype].from(values).buffer);
    });
    const base = this.#sent;
    const texts = this.#texts.slice(base).map((text) => new TextEncoder().encode(text));
    this.#sent = this.#texts.length;
    const offsets = new Uint32Array(texts.length + 1);
    texts.forEach((text, i) => {
      offsets[i + 1] = offsets[i] + text.length;
    });
    const blob = new Uint8Array(offsets[texts.length]);
    texts.forEach((text, i) => {
      blob.set(text, offsets[i]);
    });
    const head = JSON.stringify(this.head);
    const content: FrameContent = {
      type: "frame",
      kind,
      run: this.key,
      seq: ++this.seq,
      now: this.now,
      head: kind === "snapshot" || head !== this.#headSent ? JSON.parse(head) : null,
      rows: this.rows.length,
      changed: changed.length,
      strings: { base, count: texts.length },
      columns: COLUMNS,
    };
    this.#headSent = head;
    return { content, buffers: [...buffers, new DataView(offsets.buffer), new DataView(blob.buffer)] };
  }
}
