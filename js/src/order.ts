/** The order in which siblings are shown: as they came, or sorted. */

import { isTerminal, summaryRank } from "./phases";
import type { RunStore } from "./store";
import { grown } from "./strings";

/** A node's name that outlives snapshots: a row's number, or the parent's name and the group's. */
export type NodeKey = string;

export function keyOf(store: RunStore, node: number): NodeKey {
  const { forest } = store;
  const row = forest.row[node];
  if (row >= 0) return String(row);
  const up = forest.up[node];
  return `${up < 0 ? "" : keyOf(store, up)}/${store.text(forest.groupString[node])}`;
}

export type SortBy = "start" | "duration" | "phase" | "name";

export interface Sort {
  by: SortBy;
  down: boolean;
}

/** How each column sorts when it is asked for the first time. */
export const SORTS: Record<SortBy, Sort> = {
  start: { by: "start", down: false },
  duration: { by: "duration", down: true },
  phase: { by: "phase", down: false },
  name: { by: "name", down: false },
};

/** What a click on a column's head does: its own order, then that reversed, then as they came. */
export function nextSort(now: Sort, by: SortBy): Sort {
  const first = SORTS[by];
  if (now.by !== by) return first;
  return now.down === first.down ? { by, down: !first.down } : SORTS.start;
}

/** Links of siblings, as the forest has them. */
export interface Links {
  readonly topFirst: number;
  readonly up: Int32Array;
  readonly first: Int32Array;
  readonly next: Int32Array;
}

/** While a run goes on, what is sorted moves at most this often. */
const EVERY_MS = 1000;
/** Room for the place among siblings beside the key in one double. */
const PLACES = 2 ** 20;
const LARGEST = 2 ** 33 - 1;

export class Order implements Links {
  topFirst = -1;
  up = new Int32Array(0);
  first = new Int32Array(0);
  next = new Int32Array(0);
  /** Grows when the order changed. */
  version = 0;

  #at = 0;
  #moves = -1;
  #sort: Sort | null = null;
  #names: string[] = [];
  #generation = -1;

  /** Sorts anew where that is due: at once for another order, else once in a while. `now`: the kernel's clock. */
  update(store: RunStore, sort: Sort, now: number): void {
    const { forest } = store;
    const known = sort === this.#sort && forest.moves === this.#moves;
    if (known && store.going && Math.abs(now - this.#at) < EVERY_MS) return;
    this.#at = now;
    this.#sort = sort;
    this.#moves = forest.moves;
    if (this.#generation !== store.strings.generation) this.#names = [];
    this.#generation = store.strings.generation;
    this.up = grown(this.up, forest.count);
    this.first = grown(this.first, forest.count);
    this.next = grown(this.next, forest.count);
    this.topFirst = this.#link(store, sort, now, -1, forest.topFirst, forest.topSize);
    for (let node = 0; node < forest.count; node++) {
      this.first[node] = this.#link(store, sort, now, node, forest.first[node], forest.size[node]);
    }
    this.version++;
  }

  /** Links the `size` children of `up`, of which the forest's first is `node`; returns the first. */
  #link(store: RunStore, sort: Sort, now: number, up: number, node: number, size: number): number {
    if (node < 0) return -1;
    const { next } = store.forest;
    const siblings = new Int32Array(size);
    for (let i = 0, at = node; i < size && at >= 0; i++, at = next[at]) siblings[i] = at;
    const sorted =
      sort.by === "name" ? this.#byName(store, siblings) : byNumber(store, siblings, sort.by, now);
    if (sort.down) sorted.reverse();
    for (let i = 0; i < sorted.length; i++) {
      this.up[sorted[i]] = up;
      this.next[sorted[i]] = sorted[i + 1] ?? -1;
    }
    return sorted[0];
  }

  #byName(store: RunStore, nodes: Int32Array): Int32Array {
    if (nodes.length < 2) return nodes;
    const { forest } = store;
    const keyed = Array.from(nodes, (node) => {
      const row = forest.row[node];
      const index = row < 0 ? forest.groupString[node] : store.label[row] || store.name[row];
      this.#names[index] ??= sortable(store.text(index));
      return { node, name: this.#names[index] };
    });
    keyed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return Int32Array.from(keyed, ({ node }) => node);
  }
}

/** A key under which "p2" comes before "p10". */
function sortable(text: string): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}

/** Key and place in one double each, for the sort of typed arrays is many times that of pairs. */
function byNumber(store: RunStore, nodes: Int32Array, by: SortBy, now: number): Int32Array {
  if (nodes.length < 2) return nodes;
  const keys = new Float64Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    const key = numberOf(store, nodes[i], by, now);
    keys[i] = Math.floor(Number.isNaN(key) ? 0 : Math.min(LARGEST, Math.max(0, key))) * PLACES + (i % PLACES);
  }
  const sorted = keys.sort();
  return Int32Array.from(sorted, (key) => nodes[key % PLACES]);
}

function numberOf(store: RunStore, node: number, by: SortBy, now: number): number {
  const { forest } = store;
  const row = forest.row[node];
  const stats = forest.stats(node);
  if (by === "phase") return row >= 0 ? summaryRank(store.phase[row]) : summaryRankOf(stats?.counts);
  const [from, to, going] =
    row >= 0
      ? [began(store, row), store.ended[row], !isTerminal(store.phase[row])]
      : [stats?.start ?? Number.NaN, stats?.end ?? Number.NaN, false];
  return by === "start" ? from - store.earliest : (going ? now : to) - from;
}

function summaryRankOf(counts: ArrayLike<number> | undefined): number {
  let least = Number.MAX_SAFE_INTEGER;
  for (let phase = 0; counts && phase < counts.length; phase++) {
    if (counts[phase] > 0) least = Math.min(least, summaryRank(phase));
  }
  return least === Number.MAX_SAFE_INTEGER ? 0 : least;
}

/** When an action began for a person: when it ran, or else when it was queued. */
export function began(store: RunStore, row: number): number {
  return Number.isNaN(store.started[row]) ? store.queued[row] : store.started[row];
}
