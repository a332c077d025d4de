/** The tree as a list of fixed-height lines: what is expanded, what is selected, what is on which line. */

import { signal } from "@preact/signals";
import type { RunStore } from "./store";
import { grown } from "./strings";

/** How many lines an open error takes at least and at most; beyond that its text scrolls inside. */
const ERROR_LINES = { least: 2, most: 9 };

/** A node's name that outlives snapshots: a row's number, or the parent's name and the group's. */
export type NodeKey = string;

export function keyOf(store: RunStore, node: number): NodeKey {
  const { forest } = store;
  const row = forest.row[node];
  if (row >= 0) return String(row);
  const up = forest.up[node];
  return `${up < 0 ? "" : keyOf(store, up)}/${store.text(forest.groupString[node])}`;
}

/** What a person did to one view: kept while the view is away, so that it comes back as it was. */
export class ViewState {
  readonly collapsed = new Set<NodeKey>();
  /** Lines of the tree that each open error takes, by row. */
  readonly openErrors = new Map<number, number>();
  readonly selected = signal<NodeKey | null>(null);
  /** Grows when `collapsed` or `openErrors` changes. */
  readonly version = signal(0);
  scrollTop = 0;
  /** Grows when the view was put elsewhere in the page, which resets what is scrolled. */
  readonly moved = signal(0);

  toggle(key: NodeKey): void {
    if (!this.collapsed.delete(key)) this.collapsed.add(key);
    this.version.value++;
  }

  toggleError(row: number): void {
    if (!this.openErrors.delete(row)) this.openErrors.set(row, ERROR_LINES.least);
    this.version.value++;
  }

  /** Gives an open error room for `lines` lines, within limits. */
  fitError(row: number, lines: number): void {
    const fit = Math.min(ERROR_LINES.most, Math.max(ERROR_LINES.least, lines));
    if (!this.openErrors.has(row) || this.openErrors.get(row) === fit) return;
    this.openErrors.set(row, fit);
    this.version.value++;
  }
}

export class VisibleLines {
  node = new Int32Array(64);
  depth = new Uint16Array(64);
  /** 0 for the row itself, 1.. for the lines of its open error. */
  part = new Uint8Array(64);
  count = 0;

  #shape = -1;
  #version = -1;
  #lineOf = new Int32Array(64);

  /** Brings the list up to date; costs nothing where neither the tree's shape nor the view's state changed. */
  update(store: RunStore, state: ViewState): void {
    const { forest } = store;
    const version = state.version.value;
    if (forest.shape === this.#shape && version === this.#version) return;
    this.#shape = forest.shape;
    this.#version = version;
    const room = forest.count + state.openErrors.size * ERROR_LINES.most;
    this.node = grown(this.node, room);
    this.depth = grown(this.depth, room);
    this.part = grown(this.part, room);
    this.#lineOf = grown(this.#lineOf, forest.count).fill(-1);
    this.#walk(store, state);
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

  #walk(store: RunStore, state: ViewState): void {
    const { first, next, up, row, topFirst } = store.forest;
    const someCollapsed = state.collapsed.size > 0;
    const someErrors = state.openErrors.size > 0;
    let line = 0;
    let depth = 0;
    let node = topFirst;
    while (node >= 0) {
      this.#lineOf[node] = line;
      this.node[line] = node;
      this.depth[line] = depth;
      this.part[line++] = 0;
      const errorLines = (someErrors && state.openErrors.get(row[node])) || 0;
      for (let part = 1; part <= errorLines; part++) {
        this.node[line] = node;
        this.depth[line] = depth;
        this.part[line++] = part;
      }
      if (first[node] >= 0 && !(someCollapsed && state.collapsed.has(keyOf(store, node)))) {
        node = first[node];
        depth++;
        continue;
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
