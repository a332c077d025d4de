/** What a person chose in a view of a log, and what is searched for in it. */

import { computed, signal } from "@preact/signals";
import type { LogPiece } from "../sights";
import { LogRows } from "./rows";
import { LogStore, literal, TROUBLE } from "./store";
import type { LogTaste } from "./taste";

/** Lines that are searched at a time: the page must not stand still for a million, of which each may match. */
const AT_ONCE = 200_000;

export class LogView {
  readonly store = new LogStore();
  readonly rows = new LogRows();
  readonly find = signal("");
  /** The line of the match that was gone to, -1 for none. */
  readonly match = signal(-1);
  /** Grows when that line is to be scrolled into sight. */
  readonly goal = signal(0);
  /** Grows when the field to search is asked for. */
  readonly findAsked = signal(0);
  /** Lines that are selected, both included; null for none. */
  readonly selection = signal<{ from: number; to: number } | null>(null);
  /** Whether the end is kept in sight. */
  readonly follow = signal(true);
  /** Lines with what is looked for, in order. */
  readonly found = computed(() => this.#search());

  /** Grows when there is more to search. */
  readonly #more = signal(0);
  #key = "";
  #upTo = 0;
  #lines: number[] = [];
  #waiting = false;

  constructor(readonly taste: LogTaste) {}

  /** Takes a piece of the log; lines of another attempt are not those that were chosen before. */
  take(piece: LogPiece, buffers: unknown): void {
    this.store.take(piece, buffers);
    if (!piece.restart) return;
    this.selection.value = null;
    this.match.value = -1;
    this.follow.value = true;
  }

  /** Searches what came since, or all of it for something else; of much a part, and soon the next. */
  #search(): number[] {
    this.store.tick.value;
    this.#more.value;
    const text = this.find.value;
    const hide = this.taste.hideSystem.value;
    const key = `${this.store.generation} ${hide} ${text}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#upTo = this.store.start;
      this.#lines = [];
    }
    const { end } = this.store;
    if (text === "" || this.#upTo >= end) return this.#lines;
    const to = Math.min(end, this.#upTo + AT_ONCE);
    const more = this.store.search(literal(text), this.#upTo, to, hide);
    this.#upTo = to;
    if (more.length > 0) this.#lines = this.#lines.concat(more);
    if (to < end && !this.#waiting) {
      this.#waiting = true;
      setTimeout(() => {
        this.#waiting = false;
        this.#more.value++;
      });
    }
    return this.#lines;
  }

  /** The next line with a match, around the end; -1 for none. */
  step(by: 1 | -1): number {
    const lines = this.found.value;
    if (lines.length === 0) return -1;
    const at = lowest(lines, this.match.value);
    const exact = lines[at] === this.match.value;
    const next = by > 0 ? at + (exact ? 1 : 0) : at - 1;
    this.match.value = lines[(next + lines.length) % lines.length];
    return this.match.value;
  }

  /** The first line that tells of an error, -1 for none. */
  firstTrouble(): number {
    const { store } = this;
    for (let from = store.start; from < store.end; from += AT_ONCE) {
      const [first] = store.search(TROUBLE, from, from + AT_ONCE, false);
      if (first !== undefined) return first;
    }
    return -1;
  }

  /** Selects a line, or with `extend` all from the one that was selected first. */
  select(line: number, extend: boolean): void {
    const before = this.selection.value;
    this.selection.value = extend && before ? { from: before.from, to: line } : { from: line, to: line };
  }

  isSelected(line: number): boolean {
    const chosen = this.selection.value;
    if (!chosen) return false;
    return line >= Math.min(chosen.from, chosen.to) && line <= Math.max(chosen.from, chosen.to);
  }

  /** The selected lines as text, or all of them. */
  text(): string {
    const chosen = this.selection.value;
    const from = chosen ? Math.min(chosen.from, chosen.to) : this.store.start;
    const to = chosen ? Math.max(chosen.from, chosen.to) + 1 : this.store.end;
    return [...this.store.copy(from, to, this.taste.hideSystem.value)].join("");
  }
}

/** The place of the first entry that is not below `value`. */
function lowest(sorted: number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
