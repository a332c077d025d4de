/**
 * The tree of a run: rows under their parents, and a folder for each group of a parent.
 *
 * Nodes are numbers. Rows and groups each get one when they are first seen and keep it; siblings are linked in
 * the order in which they were first seen. All of it is typed arrays, so 100,000 rows are ordinary.
 */

import { PHASES } from "./phases";
import { grown } from "./strings";

const NONE = -1;
const UNLINKED = -2;

/** What the forest reads of a run; arrays are indexed by row. */
export interface Rows {
  readonly n: number;
  readonly parent: Int32Array;
  readonly group: Uint32Array;
  readonly phase: Uint8Array;
  readonly queued: Float64Array;
  readonly started: Float64Array;
  readonly ended: Float64Array;
}

/** What a folder says about its members. */
export interface GroupStats {
  counts: Uint32Array;
  /** Earliest and latest moment of any member in ms, NaN while there is none. */
  start: number;
  end: number;
}

export class Forest {
  /** Row of a node, or -1 for a group. */
  row = new Int32Array(64);
  /** Parent node, -1 at the top. */
  up = new Int32Array(64);
  first = new Int32Array(64);
  last = new Int32Array(64);
  next = new Int32Array(64);
  /** Number of children. */
  size = new Int32Array(64);
  /** Group string of a group's node. */
  groupString = new Uint32Array(64);

  count = 0;
  topFirst = NONE;
  topSize = 0;
  /** Grows with every change of the tree's shape. */
  shape = 0;
  /** Grows when nodes were numbered anew or moved, and not only added. */
  moves = 0;

  #topLast = NONE;
  #nodeOfRow = new Int32Array(64);
  #linkedParent = new Int32Array(64);
  #linkedGroup = new Uint32Array(64);
  #rows = 0;
  #groups = new Map<number, number>();
  #stats = new Map<number, GroupStats>();
  #dirty = false;

  clear(): void {
    this.count = this.#rows = this.topSize = 0;
    this.topFirst = this.#topLast = NONE;
    this.#groups.clear();
    this.#stats.clear();
    this.#dirty = false;
    this.shape++;
    this.moves++;
  }

  nodeOfRow(row: number): number {
    return row < this.#rows ? this.#nodeOfRow[row] : NONE;
  }

  stats(node: number): GroupStats | undefined {
    return this.#stats.get(node);
  }

  /** Makes room for rows up to `rows.n`; they are linked by `touch`. */
  grow(rows: Rows): void {
    if (rows.n <= this.#rows) return;
    this.#nodeOfRow = grown(this.#nodeOfRow, rows.n);
    this.#linkedParent = grown(this.#linkedParent, rows.n);
    this.#linkedGroup = grown(this.#linkedGroup, rows.n);
    for (let row = this.#rows; row < rows.n; row++) {
      this.#nodeOfRow[row] = this.#newNode(row, 0);
      this.#linkedParent[row] = UNLINKED;
    }
    this.#rows = rows.n;
  }

  /** Notes that a row is new or changed; `before` is the phase it had, or -1. */
  touch(rows: Rows, row: number, before: number): void {
    const parent = this.#parentOf(rows, row);
    const group = rows.group[row];
    if (this.#linkedParent[row] === UNLINKED) {
      this.#link(rows, row, parent, group);
    } else if (this.#linkedParent[row] !== parent || this.#linkedGroup[row] !== group) {
      this.#dirty = true;
    } else if (group !== 0 && !this.#dirty) {
      this.#count(rows, row, this.up[this.#nodeOfRow[row]], before);
    }
  }

  /** Puts moved rows where they belong. Cheap where nothing moved. */
  settle(rows: Rows): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.moves++;
    this.topFirst = this.#topLast = NONE;
    this.topSize = 0;
    this.first.fill(NONE, 0, this.count);
    this.last.fill(NONE, 0, this.count);
    this.next.fill(NONE, 0, this.count);
    this.size.fill(0, 0, this.count);
    this.#stats.clear();
    for (let row = 0; row < this.#rows; row++) {
      this.#link(rows, row, this.#parentOf(rows, row), rows.group[row]);
    }
    this.#dirty = false;
  }

  #parentOf(rows: Rows, row: number): number {
    const parent = rows.parent[row];
    return parent >= 0 && parent < this.#rows && parent !== row ? parent : NONE;
  }

  #newNode(row: number, groupString: number): number {
    const node = this.count++;
    if (node >= this.row.length) {
      for (const name of ["row", "up", "first", "last", "next", "size"] as const) {
        this[name] = grown(this[name], this.count);
      }
      this.groupString = grown(this.groupString, this.count);
    }
    this.row[node] = row;
    this.groupString[node] = groupString;
    this.up[node] = this.first[node] = this.last[node] = this.next[node] = NONE;
    this.size[node] = 0;
    return node;
  }

  #link(rows: Rows, row: number, parent: number, group: number): void {
    this.#linkedParent[row] = parent;
    this.#linkedGroup[row] = group;
    const node = this.#nodeOfRow[row];
    let up = parent === NONE ? NONE : this.#nodeOfRow[parent];
    if (group !== 0) {
      up = this.#folder(up, group);
      this.#count(rows, row, up, -1);
    }
    this.#append(node, up, row);
    this.shape++;
  }

  /** The node of a group under `up`, linked there with its first member. */
  #folder(up: number, group: number): number {
    const key = (up + 1) * 2 ** 24 + group;
    let folder = this.#groups.get(key);
    if (folder === undefined) {
      folder = this.#newNode(NONE, group);
      this.#groups.set(key, folder);
    }
    if (this.size[folder] === 0) this.#append(folder, up, NONE);
    if (!this.#stats.has(folder)) {
      this.#stats.set(folder, { counts: new Uint32Array(PHASES), start: Number.NaN, end: Number.NaN });
    }
    return folder;
  }

  #append(node: number, up: number, row: number): void {
    const last = up === NONE ? this.#topLast : this.last[up];
    // A row that comes after a younger sibling was told its parent late: sort it in at the next settle.
    if (last !== NONE && row !== NONE && this.row[last] > row) this.#dirty = true;
    this.up[node] = up;
    this.next[node] = NONE;
    if (last !== NONE) this.next[last] = node;
    if (up === NONE) {
      if (last === NONE) this.topFirst = node;
      this.#topLast = node;
      this.topSize++;
    } else {
      if (last === NONE) this.first[up] = node;
      this.last[up] = node;
      this.size[up]++;
    }
  }

  #count(rows: Rows, row: number, folder: number, before: number): void {
    const stats = this.#stats.get(folder);
    if (!stats) return;
    if (before >= 0) stats.counts[before < PHASES ? before : 0]--;
    stats.counts[rows.phase[row] < PHASES ? rows.phase[row] : 0]++;
    const began = Number.isNaN(rows.queued[row]) ? rows.started[row] : rows.queued[row];
    if (!(stats.start <= began) && !Number.isNaN(began)) stats.start = began;
    if (!(stats.end >= rows.ended[row]) && !Number.isNaN(rows.ended[row])) stats.end = rows.ended[row];
  }
}
