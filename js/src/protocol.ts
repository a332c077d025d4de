/** The hub's protocol as the page sees it; `docs/protocol.md` is the contract. */

/** The part of an anywidget model that the views use. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: "msg:custom", handler: (content: unknown, buffers?: unknown) => void): void;
  on(event: "comm_live_update", handler: () => void): void;
  off(event: "msg:custom", handler: (content: unknown, buffers?: unknown) => void): void;
  off(event: "comm_live_update", handler: () => void): void;
}

export type RunKey = string;

export interface Stale {
  since: number;
  reason: string;
}

/** What a frame says about the run as a whole. Times are ms since 1970. */
export interface Head {
  name: string;
  project: string;
  domain: string;
  org: string;
  task: string;
  url: string;
  phase: number;
  error: string;
  abort_reason: string;
  started: number | null;
  ended: number | null;
  stale: Stale | null;
  over: boolean;
}

export type Dtype = "u1" | "u2" | "u4" | "i4" | "f8";

export interface FrameContent {
  type: "frame";
  kind: "snapshot" | "delta";
  run: RunKey;
  seq: number;
  now: number;
  head: Head | null;
  rows: number;
  changed: number;
  strings: { base: number; count: number };
  columns: [string, Dtype][];
}

export type FromKernel =
  | { type: "here"; places: string[] }
  | Welcome
  | { type: "unknown"; vid: string; view: string }
  | FrameContent
  | { type: "reply"; rid: string; ok: boolean; result?: unknown; error?: string }
  | SightContent
  | ToastContent
  | { type: "armed"; run: RunKey; armed: ArmedAction[] }
  | { type: "beat"; runs: Record<RunKey, number> };

export interface Welcome {
  type: "welcome";
  vid: string;
  view: string;
  kind: "run" | "logs" | "table";
  run: RunKey;
  console: string;
  /** What to open at first, or "". */
  action: string;
  tab: string;
  /** Which attempt, null for the latest. */
  attempt: number | null;
  height: number | null;
  title: string;
}

/** What came of a look; `value` is the whole value, and for logs the next chunk. */
export interface SightContent {
  type: "sight";
  lid: string;
  seq: number;
  value?: unknown;
  error?: string;
  end?: boolean;
}

/** A notice for the person, wherever they look. */
export interface ToastContent {
  type: "toast";
  id: string;
  title: string;
  text: string;
  /** A page about it, or "". */
  url: string;
}

/** What is armed on a run. All words are texts for a person. */
export interface ArmedAction {
  id: number;
  on: string;
  action: string;
  standing: string;
  fired: number;
  /** What it did last, and the state of that execution; "" for nothing yet. */
  last: string;
  state: string;
  error: string;
}

export type ToKernel =
  | { type: "ready" }
  | { type: "hello"; view: string; vid: string }
  | { type: "seen"; vid: string; visible: boolean }
  | { type: "bye"; vid: string }
  | { type: "resync"; run: RunKey }
  | { type: "look"; vid: string; lid: string; topic: Topic; run: RunKey; action: string; params: object }
  | { type: "away"; vid: string; lid: string }
  | { type: "request"; vid: string; rid: string; method: Method; params: Record<string, unknown> };

export type Method =
  | "abort_run"
  | "abort_action"
  | "error"
  | "rerun"
  | "signal"
  | "labels"
  | "value"
  | "freeze"
  | "open"
  | "part"
  | "act";

export type Topic = "details" | "io" | "logs" | "events" | "spec" | "report" | "table";

export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A frame with its columns as typed arrays. They may be views of the message's memory: copy what is kept. */
export interface Frame {
  content: FrameContent;
  columns: Map<string, Column>;
  offsets: Uint32Array;
  blob: Uint8Array;
}

/** Raised for a frame that does not keep to the contract. */
export class FrameError extends Error {}

const SIZES: Record<Dtype, number> = { u1: 1, u2: 2, u4: 4, i4: 4, f8: 8 };

function bytesOf(buffer: unknown): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  throw new FrameError("A buffer of the frame is not binary.");
}

/** `count` values of `dtype` in `bytes`; copied only where they are not aligned. */
function typed(bytes: Uint8Array, dtype: Dtype, count: number): Column {
  const size = SIZES[dtype];
  if (size === undefined) throw new FrameError(`Unknown dtype ${dtype}.`);
  if (bytes.byteLength !== count * size) {
    throw new FrameError(`A column has ${bytes.byteLength} bytes instead of ${count * size}.`);
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case "u1":
      return new Uint8Array(buffer, byteOffset, count);
    case "u2":
      return new Uint16Array(buffer, byteOffset, count);
    case "u4":
      return new Uint32Array(buffer, byteOffset, count);
    case "i4":
      return new Int32Array(buffer, byteOffset, count);
    case "f8":
      return new Float64Array(buffer, byteOffset, count);
  }
}

/**
 * Reads the buffers of a frame.
 *
 * Throws FrameError where they do not fit what the content announces.
 */
export function decodeFrame(content: FrameContent, buffers: unknown): Frame {
  const list = Array.isArray(buffers) ? buffers : [];
  const { columns: names, changed, strings } = content;
  if (list.length !== names.length + 2) {
    throw new FrameError(`The frame has ${list.length} buffers instead of ${names.length + 2}.`);
  }
  const columns = new Map<string, Column>();
  names.forEach(([name, dtype], i) => {
    columns.set(name, typed(bytesOf(list[i]), dtype, changed));
  });
  const offsets = typed(bytesOf(list[names.length]), "u4", strings.count + 1) as Uint32Array;
  const blob = bytesOf(list[names.length + 1]);
  if (offsets[strings.count] > blob.byteLength) throw new FrameError("The string table is cut short.");
  return { content, columns, offsets, blob };
}

/** Random lower-case letters and digits, enough to be unique in a page. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => (b % 36).toString(36)).join("");
}
