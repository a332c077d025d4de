/** The keyboard of the tree, as the ARIA treegrid pattern has it with rows as the only stops. */

import { keyOf } from "../order";
import type { RunStore } from "../store";
import { type Axis, shifted, zoomed } from "../timeline";
import type { ViewState } from "../viewstate";
import type { VisibleLines } from "../visible";

export interface Cursor {
  store: RunStore;
  state: ViewState;
  lines: VisibleLines;
  /** The selected line, -1 for none. */
  line: number;
  /** Rows per page. */
  page: number;
  /** The whole time axis. */
  whole: Axis;
  select(line: number): void;
}

/** Letters typed within this time belong to one word. */
const TYPED_TOGETHER_MS = 700;
const typed = { text: "", at: 0 };

/** Acts on a key and keeps it from the page, where it is one of the tree's. */
export function handleKey(event: KeyboardEvent, cursor: Cursor): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
  if (event.timeStamp - typed.at > TYPED_TOGETHER_MS) typed.text = "";
  const used = event.shiftKey ? pan(event.key, cursor) || zoom(event.key, cursor) : act(event.key, cursor);
  if (!used && !typeAhead(event, cursor)) return;
  event.preventDefault();
  event.stopPropagation();
}

function act(key: string, cursor: Cursor): boolean {
  const { state, lines, line, page } = cursor;
  const last = lines.count - 1;
  const select = (to: number) => last >= 0 && cursor.select(Math.min(last, Math.max(0, to)));
  switch (key) {
    case "ArrowDown":
      select(line + 1);
      return true;
    case "ArrowUp":
      select(line < 0 ? 0 : line - 1);
      return true;
    case "PageDown":
      select(line + page);
      return true;
    case "PageUp":
      select(line - page);
      return true;
    case "Home":
      select(0);
      return true;
    case "End":
      select(last);
      return true;
    case "/":
      state.findAsked.value++;
      return true;
    case "Escape":
      return goBack(state);
    default:
      return zoom(key, cursor) || (line >= 0 && actOnRow(key, cursor));
  }
}

/** Undoes the last that can be: the details, then what is looked for, then the zoom. */
function goBack(state: ViewState): boolean {
  if (state.tab.value !== null) state.tab.value = null;
  else if (state.finding) state.look({ text: "", phases: 0, critical: false });
  else if (state.zoom.value) state.zoom.value = null;
  else return false;
  return true;
}

function actOnRow(key: string, { store, state, lines, line, select }: Cursor): boolean {
  const { forest } = store;
  const node = lines.node[line];
  const nodeKey = keyOf(store, node);
  const parent = forest.size[node] > 0;
  const open = parent && state.isOpen(nodeKey);
  switch (key) {
    case "ArrowRight":
      if (open && line + 1 < lines.count) select(line + 1);
      else if (parent) state.toggle(nodeKey);
      return true;
    case "ArrowLeft":
      if (open) state.toggle(nodeKey);
      else if (forest.up[node] >= 0) select(lines.lineOf(forest.up[node]));
      return true;
    case "Enter":
      if (forest.row[node] >= 0) state.tab.value ??= "overview";
      else state.toggle(nodeKey);
      return true;
    default:
      return false;
  }
}

function zoom(key: string, { state, whole }: Cursor): boolean {
  if (key === "0" && typed.text === "") {
    state.zoom.value = null;
    return true;
  }
  if (key !== "+" && key !== "=" && key !== "-") return false;
  state.zoom.value = zoomed(state.zoom.value ?? whole, whole, key === "-" ? 1.6 : 1 / 1.6, 0.5);
  return true;
}

function pan(key: string, { state, whole }: Cursor): boolean {
  const by = { ArrowLeft: -0.2, ArrowRight: 0.2 }[key];
  if (by === undefined) return false;
  if (state.zoom.value) state.zoom.value = shifted(state.zoom.value, whole, by);
  return true;
}

/** Selects the next row whose name begins with what was typed. */
function typeAhead(event: KeyboardEvent, { store, lines, line, select }: Cursor): boolean {
  if (event.key.length !== 1 || event.key === " ") return false;
  const again = typed.text === "";
  typed.text += event.key.toLowerCase();
  typed.at = event.timeStamp;
  const begins = (node: number) => titleOf(store, node).toLowerCase().startsWith(typed.text);
  if (!again && line >= 0 && begins(lines.node[line])) return true;
  const found = lines.seek(line, 1, begins);
  if (found >= 0) select(found);
  return true;
}

/** What a person reads first in a node's line. */
export function titleOf(store: RunStore, node: number): string {
  const row = store.forest.row[node];
  if (row < 0) return store.text(store.forest.groupString[node]);
  return store.text(store.label[row]) || store.text(store.name[row]);
}
