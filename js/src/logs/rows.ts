/** Which rows a log takes: one per line, more where lines are wrapped, one more for a mark. */

import { grown } from "../strings";
import { stripped } from "./ansi";
import { breaks, untabbed } from "./cells";
import type { LogStore } from "./store";

export interface RowAt {
  line: number;
  /** -1 for the mark before the line, 0.. for its parts. */
  part: number;
}

export class LogRows {
  /** How many rows there are. */
  count = 0;
  /** How many lines are shown. */
  lines = 0;

  /** The rows up to and with each shown line. */
  #until = new Uint32Array(1024);
  /** The number of each shown line. */
  #line = new Uint32Array(1024);
  #scanned = 0;
  #stamp = "";

  /** Brings the rows up to date; only new lines are looked at. `columns`: cells per row, 0 for no wrapping. */
  update(store: LogStore, columns: number, hideSystem: boolean): void {
    const stamp = `${store.generation} ${columns} ${hideSystem}`;
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.count = this.lines = 0;
      this.#scanned = store.start;
    }
    if (this.#scanned >= store.end) return;
    this.#until = grown(this.#until, this.lines + store.end - this.#scanned);
    this.#line = grown(this.#line, this.#until.length);
    store.scan(this.#scanned, (line, system, chars, plain) => {
      if (hideSystem && system) return;
      if (columns === 0) this.count++;
      else if (plain) this.count += Math.max(1, Math.ceil(chars / columns));
      else this.count += breaks(untabbed(stripped(store.text(line))), columns).length;
      if (store.marks.has(line)) this.count++;
      this.#line[this.lines] = line;
      this.#until[this.lines++] = this.count;
    });
    this.#scanned = store.end;
  }

  at(store: LogStore, row: number): RowAt {
    const i = this.#search(this.#until, row);
    const line = this.#line[i];
    const first = i === 0 ? 0 : this.#until[i - 1];
    return { line, part: row - first - (store.marks.has(line) ? 1 : 0) };
  }

  /** The row in which a line begins; that of the next one shown where it is hidden. */
  rowOf(line: number): number {
    let low = 0;
    let high = this.lines;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#line[middle] < line) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#until[low - 1];
  }

  /** The first entry beyond `value`. */
  #search(values: Uint32Array, value: number): number {
    let low = 0;
    let high = this.lines - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
