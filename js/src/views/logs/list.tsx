/** The lines of a log, of which only those in sight exist; the end is followed until somebody scrolls away. */

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, time } from "../../format";
import type { LogView } from "../../logs/view";
import { scrollFor, spanOf } from "../../virtual";
import { useNow, useView } from "../context";
import { copyText } from "../copy";
import { Line } from "./line";

const LINE_HEIGHT = 18;
const OVERSCAN = 8;
/** What stands beside the text in cells: the gap after the number, and the time. */
const BESIDE = { gap: 3, clock: 9, date: 17 };
/** Until it is measured. */
const FIRST = { view: 400, columns: 100, cell: 7.5 };

/** Height of the scroller and width of a cell in px. */
function useSize(box: RefObject<HTMLDivElement | null>): { view: number; width: number; cell: number } {
  const size = useSignal({ view: FIRST.view, width: FIRST.columns * FIRST.cell, cell: FIRST.cell });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      const probe = element.querySelector(".probe")?.getBoundingClientRect();
      const cell = probe && probe.width > 0 ? probe.width / 10 : FIRST.cell;
      size.value = { view: element.clientHeight || FIRST.view, width: element.clientWidth, cell };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, size]);
  return size.value;
}

export function LogList({
  view,
  box,
  label,
}: {
  view: LogView;
  box: RefObject<HTMLDivElement | null>;
  label: string;
}) {
  const { store, rows, taste } = view;
  const tick = store.tick.value;
  const now = useNow();
  const scrolled = useSignal(0);
  const { view: height, width, cell } = useSize(box);
  const digits = Math.max(3, String(store.end).length);
  // A log that began on another day tells dates, too.
  const timed = time(store.time(store.start), now).length < BESIDE.clock ? BESIDE.clock : BESIDE.date;
  const beside = digits + BESIDE.gap + (taste.times.value ? timed : 0);
  const columns = taste.wrap.value ? Math.max(20, Math.floor(width / cell) - beside) : 0;
  rows.update(store, columns, taste.hideSystem.value);
  const span = spanOf(rows.count, LINE_HEIGHT, height, scrolled.value);

  // What the list itself scrolls is no sign of somebody scrolling away.
  const own = useRef(false);
  const scrollTo = (top: number) => {
    if (!box.current || Math.abs(box.current.scrollTop - top) < 1) return;
    own.current = true;
    box.current.scrollTop = top;
    scrolled.value = box.current.scrollTop;
  };
  const follow = view.follow.value;
  // Whoever wraps lines or hides some goes on reading where they were.
  const layout = `${columns} ${taste.hideSystem.value}`;
  const read = useRef({ layout, line: 0 });
  useLayoutEffect(() => {
    if (read.current.layout === layout) return;
    const row = rows.rowOf(read.current.line);
    if (!follow) scrollTo(scrollFor(row, rows.count, LINE_HEIGHT, height, 0));
    read.current.layout = layout;
  });
  // An element that is put elsewhere in the page is scrolled to its top, and nothing tells of it.
  const moved = useView().state.moved.value;
  const stood = useRef(moved);
  useLayoutEffect(() => {
    if (follow) scrollTo(span.height - height);
    else if (stood.current !== moved) scrollTo(scrolled.peek());
    stood.current = moved;
  }, [follow, tick, span.height, height, moved]);
  const match = view.match.value;
  const goal = view.goal.value;
  useLayoutEffect(() => {
    if (goal > 0 && match >= 0) {
      scrollTo(scrollFor(rows.rowOf(match), rows.count, LINE_HEIGHT, height, height / 3));
    }
  }, [goal]);

  if (read.current.layout === layout && rows.count > 0) {
    read.current.line = rows.at(store, Math.min(span.first, rows.count - 1)).line;
  }
  const lines = [];
  const to = Math.min(rows.count, span.first + Math.ceil(height / LINE_HEIGHT) + OVERSCAN);
  for (let row = Math.max(0, span.first - OVERSCAN); row < to; row++) {
    const { line, part } = rows.at(store, row);
    const key = `${line} ${part}`;
    lines.push(<Line key={key} {...{ view, line, part, columns, digits, timed, now }} top={span.top(row)} />);
  }
  return (
    <div
      class={columns > 0 ? "log wrapped" : "log"}
      role="region"
      aria-label={label}
      tabIndex={0}
      ref={box}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        scrolled.value = scrollTop;
        if (own.current) own.current = false;
        else view.follow.value = scrollTop + clientHeight >= scrollHeight - LINE_HEIGHT * 1.5;
      }}
      onKeyDown={(event) => {
        const { key } = event;
        if ((event.ctrlKey || event.metaKey) && key === "c" && view.selection.value) copyText(view.text());
        else if (key === "/" && !event.ctrlKey) view.findAsked.value++;
        else if (key === "Escape" && view.selection.value) view.selection.value = null;
        else if (key === "End") view.follow.value = true;
        else if (key === "Home") scrollTo(0);
        else return;
        if (key === "/") event.preventDefault();
        event.stopPropagation();
      }}
    >
      <span class="probe" aria-hidden="true">
        0123456789
      </span>
      <div class="log-lines" style={{ height: `${span.height}px` }}>
        {lines}
      </div>
      {!follow && (
        <button
          type="button"
          class="button to-end"
          onClick={() => {
            view.follow.value = true;
          }}
        >
          {`To the end (${count(store.end)})`}
        </button>
      )}
    </div>
  );
}
