/** The actions of a run as a treegrid in which only the rows in sight exist. */

import { useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Axis, axisOf, tickLabel, ticks } from "../timeline";
import { keyOf, VisibleLines } from "../visible";
import { useView } from "./context";
import { ActionError } from "./error";
import { useNow } from "./header";
import { handleKey } from "./keys";
import { Row } from "./row";

export const ROW_HEIGHT = 26;
/** Rows in sight before the tree scrolls. */
const MOST_ROWS = 13;
/** Rows drawn above and below what is in sight. */
const OVERSCAN = 6;
/** How close ticks may be. */
const TICK_PX = 52;

/** What a tick's label takes, about. */
const labelPx = (label: string) => label.length * 6 + 8;

/** The width of the time column in px. */
function useTimeWidth(scroller: RefObject<HTMLElement | null>): number {
  const width = useSignal(5 * TICK_PX);
  useLayoutEffect(() => {
    const column = scroller.current?.querySelector(".columns .time");
    if (!column) return undefined;
    const observer = new ResizeObserver(() => {
      width.value = column.clientWidth;
    });
    observer.observe(column);
    return () => observer.disconnect();
  }, [scroller, width]);
  return width.value;
}

function AxisHead({ axis, most, width }: { axis: Axis; most: number; width: number }) {
  const span = axis.end - axis.start;
  return (
    <>
      {ticks(axis, most).map((offset) => {
        const label = tickLabel(offset);
        return (
          <span key={offset} class="tick" style={{ left: `${(offset / span) * 100}%` }}>
            {(1 - offset / span) * width > labelPx(label) && label}
          </span>
        );
      })}
    </>
  );
}

function Grid({ axis, most, now }: { axis: Axis; most: number; now: number | null }) {
  const span = axis.end - axis.start;
  return (
    <div class="grid" aria-hidden="true">
      <span>
        {ticks(axis, most).map((offset) => (
          <i key={offset} style={{ left: `${(offset / span) * 100}%` }} />
        ))}
        {now !== null && <i class="now" style={{ left: `${((now - axis.start) / span) * 100}%` }} />}
      </span>
    </div>
  );
}

export function Tree() {
  const { store, state } = useView();
  store.tick.value;
  const now = useNow();
  const lines = useRef<VisibleLines | null>(null);
  lines.current ??= new VisibleLines();
  const visible = lines.current;
  visible.update(store, state);

  const scroller = useRef<HTMLDivElement>(null);
  const width = useTimeWidth(scroller);
  const most = Math.min(6, Math.max(1, Math.floor(width / TICK_PX)));
  const scrolled = useSignal(state.scrollTop);
  const firstLine = useComputed(() => Math.floor(scrolled.value / ROW_HEIGHT)).value;
  const moved = state.moved.value;
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollTop = state.scrollTop;
  }, [state, moved]);

  const selectedLine = visible.lineOfKey(store, state.selected.value);
  const axis = axisOf(store.earliest, store.latest, store.going ? now : null);
  const from = Math.max(0, firstLine - OVERSCAN);
  const to = Math.min(visible.count, firstLine + MOST_ROWS + OVERSCAN);
  const rows = [];
  for (let line = from; line < to; line++) {
    const part = visible.part[line];
    const start = line - Math.max(0, part - 1);
    const top = start * ROW_HEIGHT;
    const node = visible.node[line];
    if (part === 0) {
      rows.push(
        <Row
          key={node}
          lines={visible}
          line={line}
          top={top}
          axis={axis}
          now={now}
          selected={line === selectedLine}
        />,
      );
    } else if (part === 1 || line === from) {
      const row = store.forest.row[node];
      const room = state.openErrors.get(row) ?? 0;
      rows.push(<ActionError key={`e${node}`} row={row} top={top} lines={room} rowHeight={ROW_HEIGHT} />);
    }
  }

  const select = (line: number) => {
    state.selected.value = keyOf(store, visible.node[line]);
    const box = scroller.current;
    if (!box) return;
    const top = line * ROW_HEIGHT;
    const room = box.clientHeight - ROW_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW_HEIGHT > box.scrollTop + room) box.scrollTop = top + ROW_HEIGHT - room;
  };

  return (
    <div
      class="tree"
      role="treegrid"
      aria-label="Actions"
      aria-rowcount={visible.count + 1}
      aria-activedescendant={
        selectedLine >= from && selectedLine < to ? `n${visible.node[selectedLine]}` : undefined
      }
      tabIndex={0}
      ref={scroller}
      style={{ maxHeight: `${(MOST_ROWS + 1) * ROW_HEIGHT}px` }}
      onScroll={(event) => {
        scrolled.value = state.scrollTop = event.currentTarget.scrollTop;
      }}
      onKeyDown={(event) =>
        handleKey(event, { store, state, lines: visible, line: selectedLine, select, page: MOST_ROWS - 1 })
      }
    >
      <div class="row columns" role="row" aria-rowindex={1}>
        <div role="columnheader" class="cell title">
          Action
        </div>
        <div role="columnheader" class="cell phase">
          Phase
        </div>
        <div role="columnheader" class="cell attempts">
          Attempts
        </div>
        <div role="columnheader" class="cell duration">
          Duration
        </div>
        <div role="columnheader" class="cell time" aria-label="Time">
          <AxisHead axis={axis} most={most} width={width} />
        </div>
        <div role="columnheader" class="cell tools">
          <span class="said">Abort</span>
        </div>
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${visible.count * ROW_HEIGHT}px` }}>
        <Grid axis={axis} most={most} now={store.going ? now : null} />
        {rows}
      </div>
    </div>
  );
}
