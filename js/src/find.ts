/** What is looked for in a tree, and which nodes that leaves: the matches, and the ancestors of each. */

import { criticalPath } from "./critical";
import type { RunStore } from "./store";
import { grown } from "./strings";

export interface Find {
  /** Part of a name, group, error or label; case does not matter. */
  text: string;
  /** Bits by phase number; 0 for any phase. */
  phases: number;
  /** Only what the run's duration depends on. */
  critical: boolean;
}

export const NO_FIND: Find = { text: "", phases: 0, critical: false };

export class Matches {
  /** By node: 1 for what is shown for the sake of a match below, 2 for a match. */
  keep = new Uint8Array(64);
  /** How many rows match. */
  count = 0;
  /** Grows when what is kept may have changed. */
  version = 0;

  #tick = -1;
  #find: Find = NO_FIND;
  #known = new Uint8Array(64);
  #strings: unknown = null;
  #labels = -1;

  /** Brings the matches up to date. `labels`: labels of mapped siblings by action name; `labelsAt` grows with them. */
  update(store: RunStore, find: Find, labels: ReadonlyMap<string, string>, labelsAt: number): void {
    const tick = store.tick.value;
    if (tick === this.#tick && find === this.#find && labelsAt === this.#labels) return;
    if (find.text !== this.#find.text || this.#strings !== store.strings.generation) this.#known.fill(0);
    this.#strings = store.strings.generation;
    this.#tick = tick;
    this.#find = find;
    this.#labels = labelsAt;
    this.#known = grown(this.#known, store.strings.count);
    this.keep = grown(this.keep, store.forest.count);
    this.keep.fill(0);
    this.#mark(store, find, labels);
    this.version++;
  }

  #mark(store: RunStore, find: Find, labels: ReadonlyMap<string, string>): void {
    const { forest } = store;
    const text = find.text.toLowerCase();
    const critical = find.critical ? criticalPath(store) : null;
    this.count = 0;
    for (let row = 0; row < store.n; row++) {
      if (find.phases !== 0 && (find.phases & (1 << store.phase[row])) === 0) continue;
      if (critical && critical[row] === 0) continue;
      if (text !== "" && !this.#matches(store, row, text, labels)) continue;
      this.count++;
      const node = forest.nodeOfRow(row);
      this.keep[node] = 2;
      for (let up = forest.up[node]; up >= 0 && this.keep[up] === 0; up = forest.up[up]) this.keep[up] = 1;
    }
  }

  #matches(store: RunStore, row: number, text: string, labels: ReadonlyMap<string, string>): boolean {
    return (
      this.#has(store, store.label[row], text) ||
      this.#has(store, store.name[row], text) ||
      this.#has(store, store.group[row], text) ||
      this.#has(store, store.error[row], text) ||
      (labels.size > 0 && (labels.get(store.text(store.name[row])) ?? "").toLowerCase().includes(text))
    );
  }

  /** Whether a string has the text; each is looked through once. */
  #has(store: RunStore, index: number, text: string): boolean {
    if (index === 0) return false;
    if (this.#known[index] === 0) this.#known[index] = store.text(index).toLowerCase().includes(text) ? 2 : 1;
    return this.#known[index] === 2;
  }
}
