/** The actions of a run as a treegrid in which only the rows in sight exist. */

import { useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { keyOf, nextSort, SORTS, type SortBy } from "../order";
import { axisOf } from "../timeline";
import type { VisibleLines } from "../visible";
import { AxisHead, Grid, useTimeWidth, useWheelZoom } from "./axis";
import { useNow, useView } from "./context";
import { ArrowIcon } from "./icons";
import { handleKey } from "./keys";
import { Row } from "./row";
import { IconButton } from "./toolbar";

const ROW_HEIGHT = 26;
/** Rows drawn above and below what is in sight. */
const OVERSCAN = 6;

function ColumnHead({ by, kind, children }: { by: SortBy; kind: string; children: string }) {
  const { state } = useView();
  const sort = state.sort.value;
  const on = sort.by === by;
  return (
    <div
      role="columnheader"
      class={`cell ${kind}`}
      aria-sort={on ? (sort.down ? "descending" : "ascending") : undefined}
    >
      <button
        type="button"
        class="sort"
        title={`Sort by ${children.toLowerCase()}`}
        onClick={() => {
          state.sort.value = nextSort(sort, by);
        }}
      >
        {children}
        {on && <ArrowIcon to={sort.down ? "down" : "up"} />}
      </button>
    </div>
  );
}

/** Keeps what is in sight where it is when lines come or go above it. */
function useAnchor(
  scroller: RefObject<HTMLDivElement | null>,
  lines: VisibleLines,
  first: number,
  still: string,
) {
  const anchor = useRef({ node: -1, line: -1, still });
  useLayoutEffect(() => {
    const { node, line, still: before } = anchor.current;
    const at = lines.lineOf(node);
    const box = scroller.current;
    let moved = 0;
    if (box && first > 0 && before === still && line === first && at >= 0) moved = at - line;
    if (box && moved !== 0) box.scrollTop += moved * ROW_HEIGHT;
    anchor.current = { node: lines.node[first + moved] ?? -1, line: first + moved, still };
  });
}

/** Keeps the newest row in sight while that is asked for. */
function useFollow(scroller: RefObject<HTMLDivElement | null>, lines: VisibleLines): void {
  const { store, state } = useView();
  const on = state.follow.value;
  const newest = store.n - 1;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!on || !box || newest < 0) return;
    let node = store.forest.nodeOfRow(newest);
    while (node >= 0 && lines.lineOf(node) < 0) node = store.forest.up[node];
    const bottom = (lines.lineOf(node) + 2) * ROW_HEIGHT - box.clientHeight;
    box.scrollTop = Math.max(0, bottom);
  }, [on, newest, store, lines, scroller]);
}

interface TreeProps {
  lines: VisibleLines;
  /** Of the lines; it is drawn again when they are others. */
  stamp: string;
  box: RefObject<HTMLDivElement | null>;
}

/** Scrolls so that a line is in sight. */
export function reveal(box: HTMLDivElement | null, line: number): void {
  if (!box || line < 0) return;
  const top = line * ROW_HEIGHT;
  const room = box.clientHeight - ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_HEIGHT > box.scrollTop + room) box.scrollTop = top + ROW_HEIGHT - room;
}

export function Tree({ lines, box }: TreeProps) {
  const { store, state, labels } = useView();
  const now = useNow();
  const width = useTimeWidth(box);
  const scrolled = useSignal(state.scrollTop);
  const firstLine = useComputed(() => Math.floor(scrolled.value / ROW_HEIGHT)).value;
  state.firstLine = firstLine;
  const moved = state.moved.value;
  useLayoutEffect(() => {
    // One that is new or was put elsewhere in the page stands at its top; to set that would lay out the page at once.
    if (box.current && state.scrollTop > 0) box.current.scrollTop = state.scrollTop;
  }, [state, moved, box]);

  const going = store.going;
  const whole = axisOf(store.earliest, store.latest, going ? now : null);
  const axis = state.zoom.value ?? whole;
  useAnchor(box, lines, firstLine, `${JSON.stringify(state.sort.value)} ${JSON.stringify(state.find.value)}`);
  useFollow(box, lines);
  useWheelZoom(box, state, whole);

  const height = state.height.value;
  const seen = useRef(0);
  seen.current = Math.max(seen.current, Math.min(lines.count, Math.ceil(height / ROW_HEIGHT)));
  const selectedLine = lines.lineOfKey(store, state.selected.value);
  const inSight = Math.ceil(height / ROW_HEIGHT);
  const from = Math.max(0, firstLine - OVERSCAN);
  const to = Math.min(lines.count, firstLine + inSight + OVERSCAN);
  const rows = [];
  for (let line = from; line < to; line++) {
    rows.push(
      <Row
        key={lines.node[line]}
        lines={lines}
        line={line}
        top={line * ROW_HEIGHT}
        axis={axis}
        now={now}
        selected={line === selectedLine}
      />,
    );
  }

  const select = (line: number) => {
    state.selected.value = keyOf(store, lines.node[line]);
    state.follow.value = false;
    reveal(box.current, line);
  };

  const { by, down } = state.sort.value;
  const newestFirst = by === "start" && down;
  return (
    <div
      class="tree"
      role="treegrid"
      aria-label="Actions"
      aria-rowcount={lines.count + 1}
      aria-activedescendant={
        selectedLine >= from && selectedLine < to ? `n${lines.node[selectedLine]}` : undefined
      }
      tabIndex={0}
      ref={box}
      style={{ "--least": `${(Math.min(seen.current, inSight) + 1) * ROW_HEIGHT}px` }}
      onScroll={(event) => {
        scrolled.value = state.scrollTop = event.currentTarget.scrollTop;
      }}
      onWheel={() => {
        state.follow.value = false;
      }}
      onPointerDown={(event) => {
        // The scrollbar is no element of its own.
        if (event.target === event.currentTarget) state.follow.value = false;
      }}
      onKeyDown={(event) =>
        handleKey(event, { store, state, lines, line: selectedLine, select, page: inSight - 2, whole })
      }
    >
      <div class="row columns" role="row" aria-rowindex={1}>
        <ColumnHead by="name" kind="title">
          Action
        </ColumnHead>
        <ColumnHead by="phase" kind="phase">
          Phase
        </ColumnHead>
        <div role="columnheader" class="cell attempts">
          Attempts
        </div>
        <ColumnHead by="duration" kind="duration">
          Duration
        </ColumnHead>
        <div role="columnheader" class="cell time" aria-label="Time">
          <AxisHead axis={axis} whole={whole} width={width} />
        </div>
        <div role="columnheader" class="cell tools">
          <IconButton
            label="Newest first"
            pressed={newestFirst}
            act={() => {
              state.sort.value = newestFirst ? SORTS.start : { by: "start", down: true };
            }}
          >
            <ArrowIcon to="down" />
          </IconButton>
        </div>
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${lines.count * ROW_HEIGHT}px` }}>
        <Grid axis={axis} whole={whole} width={width} now={going ? now : null} />
        {rows}
      </div>
      {lines.count === 0 && <p class="waiting">Nothing matches{labels.soFar(state.find.value.text)}.</p>}
    </div>
  );
}
