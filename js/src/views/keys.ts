/** The keyboard of the tree, as the ARIA treegrid pattern has it with rows as the only stops. */

import type { RunStore } from "../store";
import { keyOf, type ViewState, type VisibleLines } from "../visible";
import { hasError } from "./error";

export interface Cursor {
  store: RunStore;
  state: ViewState;
  lines: VisibleLines;
  /** The selected line, -1 for none. */
  line: number;
  /** Rows per page. */
  page: number;
  select(line: number): void;
}

/** The nearest row at or after `line` in the direction of `step`, past the lines of open errors. */
function rowAt(lines: VisibleLines, line: number, step: 1 | -1): number {
  let at = Math.min(Math.max(line, 0), lines.count - 1);
  while (at > 0 && at < lines.count - 1 && lines.part[at] > 0) at += step;
  while (at > 0 && lines.part[at] > 0) at--;
  return at;
}

/** Acts on a key and keeps it from the page, where it is one of the tree's. */
export function handleKey(event: KeyboardEvent, cursor: Cursor): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
  const { lines, line } = cursor;
  if (lines.count === 0 || !act(event.key, cursor, line < 0)) return;
  event.preventDefault();
  event.stopPropagation();
}

function act(key: string, cursor: Cursor, none: boolean): boolean {
  const { lines, line, page, select } = cursor;
  switch (key) {
    case "ArrowDown":
      select(none ? 0 : rowAt(lines, line + 1, 1));
      return true;
    case "ArrowUp":
      select(none ? 0 : rowAt(lines, line - 1, -1));
      return true;
    case "PageDown":
      select(rowAt(lines, line + page, 1));
      return true;
    case "PageUp":
      select(rowAt(lines, line - page, -1));
      return true;
    case "Home":
      select(0);
      return true;
    case "End":
      select(rowAt(lines, lines.count - 1, -1));
      return true;
    default:
      return !none && actOnRow(key, cursor);
  }
}

function actOnRow(key: string, { store, state, lines, line, select }: Cursor): boolean {
  const { forest } = store;
  const node = lines.node[line];
  const nodeKey = keyOf(store, node);
  const parent = forest.size[node] > 0;
  const open = parent && !state.collapsed.has(nodeKey);
  const row = forest.row[node];
  switch (key) {
    case "ArrowRight":
      if (open) select(lines.lineOf(forest.first[node]));
      else if (parent) state.toggle(nodeKey);
      return true;
    case "ArrowLeft":
      if (open) state.toggle(nodeKey);
      else if (forest.up[node] >= 0) select(lines.lineOf(forest.up[node]));
      return true;
    case "Enter":
      if (row >= 0 && row !== store.root && hasError(store, row)) state.toggleError(row);
      else if (parent) state.toggle(nodeKey);
      return true;
    default:
      return false;
  }
}
