/** The tree as a list of fixed-height lines: what is on which line, as opened, found and sorted. */

import { Matches } from "./find";
import { keyOf, type Links, type NodeKey, Order, SORTS } from "./order";
import type { RunStore } from "./store";
import { grown } from "./strings";
import type { ViewState } from "./viewstate";

const NO_LABELS: ReadonlyMap<string, string> = new Map();

export class VisibleLines {
  node = new Int32Array(64);
  depth = new Uint16Array(64);
  count = 0;
  readonly matches = new Matches();

  readonly #order = new Order();
  /** Another one whenever the lines are others. */
  stamp = "";
  #lineOf = new Int32Array(64);

  /** Brings the list up to date; costs little where neither the tree nor the view's state changed. */
  update(store: RunStore, state: ViewState, now = 0, labels = NO_LABELS, labelsAt = 0): void {
    const { forest } = store;
    const sort = state.sort.value;
    const sorted = sort !== SORTS.start;
    const { finding } = state;
    if (sorted) this.#order.update(store, sort, now);
    if (finding) this.matches.update(store, state.find.value, labels, labelsAt);
    const stamp = [
      sorted ? `o${this.#order.version}` : forest.shape,
      state.version.value,
      finding ? this.matches.version : -1,
    ].join();
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    this.node = grown(this.node, forest.count);
    this.depth = grown(this.depth, forest.count);
    this.#lineOf = grown(this.#lineOf, forest.count).fill(-1);
    this.#walk(store, state, sorted ? this.#order : forest, finding ? this.matches.keep : null);
  }

  /** The line of a node, -1 where it is not shown. */
  lineOf(node: number): number {
    return node >= 0 && node < this.#lineOf.length ? this.#lineOf[node] : -1;
  }

  /** The line of the node with this key, -1 where it is not shown. */
  lineOfKey(store: RunStore, key: NodeKey | null): number {
    if (key === null) return -1;
    const row = Number(key);
    if (Number.isInteger(row)) return this.lineOf(store.forest.nodeOfRow(row));
    for (let line = 0; line < this.count; line++) {
      const node = this.node[line];
      if (store.forest.row[node] < 0 && keyOf(store, node) === key) return line;
    }
    return -1;
  }

  /** The next line in the direction of `step` that `wanted` says yes to, around the end; -1 where there is none. */
  seek(line: number, step: 1 | -1, wanted: (node: number) => boolean): number {
    const { count } = this;
    const from = line < 0 && step < 0 ? 0 : line;
    for (let i = 1; i <= count; i++) {
      const at = (((from + i * step) % count) + count) % count;
      if (wanted(this.node[at])) return at;
    }
    return -1;
  }

  /** The next line with a match. */
  seekMatch(line: number, step: 1 | -1): number {
    return this.seek(line, step, (node) => this.matches.keep[node] === 2);
  }

  #walk(store: RunStore, state: ViewState, links: Links, keep: Uint8Array | null): void {
    const { up, first, next } = links;
    const allOpen = keep === null && state.allOpen;
    let line = 0;
    let depth = 0;
    let node = links.topFirst;
    while (node >= 0) {
      if (keep === null || keep[node] > 0) {
        this.#lineOf[node] = line;
        this.node[line] = node;
        this.depth[line++] = depth;
        if (first[node] >= 0 && (allOpen || state.isOpen(keyOf(store, node)))) {
          node = first[node];
          depth++;
          continue;
        }
      }
      while (node >= 0 && next[node] < 0) {
        node = up[node];
        depth--;
      }
      if (node >= 0) node = next[node];
    }
    this.count = line;
  }
}
