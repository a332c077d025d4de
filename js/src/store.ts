/**
 * What the page knows of one run: columns, strings, tree and counts. Every mount of the run shares it.
 *
 * A frame writes typed arrays and bumps `tick` once; whoever draws reads `tick` and then only the rows in sight.
 */

import { signal } from "@preact/signals";
import { Forest, type Rows } from "./forest";
import { printable } from "./format";
import { isTerminal, PHASES } from "./phases";
import type { Column, Frame, FrameContent, Head, RunKey } from "./protocol";
import { grown, StringTable } from "./strings";

/** How many frames the estimate of the kernel's clock looks back. */
const CLOCK_SAMPLES = 32;

/** What Flyte calls the root action of every run. */
const ROOT = "a0";

/** What applying a frame came to: "gap" wants a resync, "ignored" was late or known. */
export type Applied = "applied" | "gap" | "ignored";

const COLUMNS = [
  "parent",
  "phase",
  "kind",
  "attempts",
  "cache",
  "queued",
  "initialized",
  "started",
  "ended",
  "name",
  "label",
  "group",
  "error",
] as const;

export class RunStore implements Rows {
  readonly key: RunKey;
  /** Grows by one per drawn frame. */
  readonly tick = signal(0);

  n = 0;
  seq = 0;
  head: Head | null = null;
  parent = new Int32Array(64);
  phase = new Uint8Array(64);
  kind = new Uint8Array(64);
  attempts = new Uint16Array(64);
  cache = new Uint8Array(64);
  queued = new Float64Array(64);
  /** When it left the queue. */
  initialized = new Float64Array(64);
  started = new Float64Array(64);
  ended = new Float64Array(64);
  name = new Uint32Array(64);
  label = new Uint32Array(64);
  group = new Uint32Array(64);
  error = new Uint32Array(64);

  readonly strings = new StringTable();
  readonly forest = new Forest();
  /** Actions by phase number, the root among them. */
  readonly counts = new Uint32Array(PHASES);

  /** First and last moment that any row tells of, NaN while there is none. */
  earliest = Number.NaN;
  latest = Number.NaN;

  #root = -1;
  #clock: number[] = [];
  #offset = 0;

  constructor(key: RunKey) {
    this.key = key;
  }

  /** What the kernel's clock says, in ms since 1970, when the page's says `at`. */
  now(at: number = Date.now()): number {
    return at + this.#offset;
  }

  /** The row of the root action, -1 while it is not known. */
  get root(): number {
    return this.#root;
  }

  /** Whether any row is not terminal and may still change. */
  get going(): boolean {
    return !this.head?.over && this.counts.some((n, phase) => n > 0 && !isTerminal(phase));
  }

  /** Applies a frame and says what came of it; the caller asks for a snapshot on "gap". */
  apply(frame: Frame): Applied {
    const { content } = frame;
    const whole = content.kind === "snapshot";
    if (whole ? content.seq < this.seq : content.seq <= this.seq) return "ignored";
    if (!whole && content.seq !== this.seq + 1) return "gap";
    if (whole) this.#clear();
    if (!this.strings.append(content.strings.base, frame.offsets, frame.blob)) return "gap";
    this.#keepTime(content);
    this.#write(frame);
    this.forest.settle(this);
    this.seq = content.seq;
    if (content.head) this.head = printableHead(content.head);
    return "applied";
  }

  text(index: number): string {
    return this.strings.get(index);
  }

  #clear(): void {
    this.n = 0;
    this.#root = -1;
    this.earliest = this.latest = Number.NaN;
    this.strings.clear();
    this.forest.clear();
    this.counts.fill(0);
  }

  #slot(phase: number): number {
    return phase < PHASES ? phase : 0;
  }

  #keepTime(content: FrameContent): void {
    // A frame can only be late, so the largest of the recent differences is the closest.
    this.#clock.push(content.now - Date.now());
    if (this.#clock.length > CLOCK_SAMPLES) this.#clock.shift();
    this.#offset = Math.max(...this.#clock);
  }

  #write(frame: Frame): void {
    const { rows, changed } = frame.content;
    const from = this.n;
    this.#grow(rows);
    this.n = rows;
    const row = frame.columns.get("row");
    if (!row) return;
    const before = new Int16Array(changed);
    for (let i = 0; i < changed; i++) {
      if (row[i] >= rows) continue;
      before[i] = row[i] < from ? this.phase[row[i]] : -1;
    }
    const block = changed > 0 && row[0] + changed <= rows && isRun(row);
    for (const name of COLUMNS) {
      const values = frame.columns.get(name);
      if (!values) continue;
      if (block) this[name].set(values, row[0]);
      else scatter(this[name], row, values, rows);
    }
    this.forest.grow(this);
    for (let i = 0; i < changed; i++) {
      if (row[i] >= rows) continue;
      if (before[i] >= 0) this.counts[this.#slot(before[i])]--;
      this.counts[this.#slot(this.phase[row[i]])]++;
      this.forest.touch(this, row[i], before[i]);
      this.#span(row[i]);
      if (this.#root < 0 && this.parent[row[i]] < 0 && this.text(this.name[row[i]]) === ROOT) {
        this.#root = row[i];
      }
    }
  }

  #span(row: number): void {
    const began = Number.isNaN(this.queued[row]) ? this.started[row] : this.queued[row];
    const ended = Number.isNaN(this.ended[row]) ? began : this.ended[row];
    if (!Number.isNaN(began) && !(this.earliest <= began)) this.earliest = began;
    if (!Number.isNaN(ended) && !(this.latest >= ended)) this.latest = ended;
  }

  #grow(rows: number): void {
    if (rows <= this.n) return;
    this.parent = grown(this.parent, rows).fill(-1, this.n, rows);
    this.phase = grown(this.phase, rows).fill(0, this.n, rows);
    this.kind = grown(this.kind, rows).fill(0, this.n, rows);
    this.attempts = grown(this.attempts, rows).fill(1, this.n, rows);
    this.cache = grown(this.cache, rows).fill(0, this.n, rows);
    this.queued = grown(this.queued, rows).fill(Number.NaN, this.n, rows);
    this.initialized = grown(this.initialized, rows).fill(Number.NaN, this.n, rows);
    this.started = grown(this.started, rows).fill(Number.NaN, this.n, rows);
    this.ended = grown(this.ended, rows).fill(Number.NaN, this.n, rows);
    this.name = grown(this.name, rows).fill(0, this.n, rows);
    this.label = grown(this.label, rows).fill(0, this.n, rows);
    this.group = grown(this.group, rows).fill(0, this.n, rows);
    this.error = grown(this.error, rows).fill(0, this.n, rows);
  }
}

function printableHead(head: Head): Head {
  const { name, task, error, abort_reason, stale } = head;
  return {
    ...head,
    name: printable(name),
    task: printable(task),
    error: printable(error),
    abort_reason: printable(abort_reason),
    stale: stale && { ...stale, reason: printable(stale.reason) },
  };
}

/** Whether `row` counts up by one from its first entry, as in snapshots. */
function isRun(row: Column): boolean {
  for (let i = 1; i < row.length; i++) {
    if (row[i] !== row[0] + i) return false;
  }
  return true;
}

function scatter(target: Column, at: Column, values: Column, limit: number): void {
  for (let i = 0; i < at.length; i++) {
    if (at[i] < limit) target[at[i]] = values[i];
  }
}

/** The row of the action with this name, -1 where there is none. */
export function rowNamed(store: RunStore, name: string): number {
  for (let row = 0; name !== "" && row < store.n; row++) if (store.text(store.name[row]) === name) return row;
  return -1;
}
