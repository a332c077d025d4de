/** What the rows of actions and of groups have in common. */

import { keyOf } from "../order";
import type { Axis } from "../timeline";
import type { VisibleLines } from "../visible";
import { useView } from "./context";
import { ChevronIcon } from "./icons";

export interface RowProps {
  lines: VisibleLines;
  line: number;
  top: number;
  axis: Axis;
  now: number;
  selected: boolean;
}

const INDENT = 16;
/** Deeper rows are not indented further, or names would leave the column. */
const DEEPEST = 12;

interface FrameProps extends RowProps {
  node: number;
  data: Record<string, string>;
  class?: string;
  children: preact.ComponentChildren;
}

/** What all rows have: place, position in the tree for screen readers, selection. */
export function RowFrame({ lines, line, top, node, selected, data, children, ...rest }: FrameProps) {
  const { store, state } = useView();
  const { forest } = store;
  const key = keyOf(store, node);
  const parent = forest.size[node] > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the treegrid handles the keys
    <div
      class={`row ${rest.class ?? ""}`}
      role="row"
      id={`n${node}`}
      aria-level={lines.depth[line] + 1}
      aria-rowindex={line + 2}
      aria-selected={selected}
      aria-expanded={parent ? state.isOpen(key) : undefined}
      style={{ top: `${top}px` }}
      onClick={() => {
        state.selected.value = key;
        if (forest.row[node] >= 0) state.tab.value ??= "overview";
      }}
      onDblClick={() => {
        if (forest.row[node] < 0) state.toggle(key);
      }}
      onMouseDown={(event) => {
        // A double click opens and closes a group: it does not select the words under it.
        if (event.detail > 1) event.preventDefault();
      }}
      {...data}
    >
      {children}
    </div>
  );
}

export function Twisty({ node }: { node: number }) {
  const { store, state } = useView();
  if (store.forest.size[node] === 0) return <span class="twisty" />;
  const key = keyOf(store, node);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the mouse's way; the keyboard's are the arrow keys of the treegrid
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <span
      class={state.isOpen(key) ? "twisty open" : "twisty"}
      onClick={(event) => {
        event.stopPropagation();
        state.toggle(key);
      }}
      onDblClick={(event) => event.stopPropagation()}
    >
      <ChevronIcon />
    </span>
  );
}

export function Indent({ depth }: { depth: number }) {
  return <span class="indent" style={{ width: `${Math.min(depth, DEEPEST) * INDENT}px` }} />;
}

/** A key that a button in a row takes is not the tree's. */
export function ownKey(event: KeyboardEvent): void {
  if (event.key === "Enter" || event.key === " ") event.stopPropagation();
}
