/** The time axis above the bars: ticks, the line of now, and its zoom by dragging. */

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { type Axis, shifted, tickLabel, ticks, zoomed } from "../timeline";
import type { ViewState } from "../viewstate";
import { useView } from "./context";

/** How close ticks may be. */
const TICK_PX = 52;
/** What a tick's label takes, about. */
const labelPx = (label: string) => label.length * 6 + 8;
/** A drag shorter than this is a click. */
const DRAG_PX = 5;

/** The width of the time column in px. */
export function useTimeWidth(scroller: RefObject<HTMLElement | null>): number {
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

const mostTicks = (width: number) => Math.min(6, Math.max(1, Math.floor(width / TICK_PX)));

interface AxisProps {
  axis: Axis;
  whole: Axis;
  width: number;
}

export function AxisHead({ axis, whole, width }: AxisProps) {
  const { state } = useView();
  const span = axis.end - axis.start;
  const brush = useSignal<{ from: number; to: number } | null>(null);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width)));
  };
  const finish = () => {
    const chosen = brush.value;
    brush.value = null;
    if (!chosen) return;
    const [from, to] = [Math.min(chosen.from, chosen.to), Math.max(chosen.from, chosen.to)];
    if ((to - from) * width < DRAG_PX) return;
    state.zoom.value = { start: axis.start + span * from, end: axis.start + span * to };
  };
  const left = brush.value ? Math.min(brush.value.from, brush.value.to) * 100 : 0;
  const right = brush.value ? Math.max(brush.value.from, brush.value.to) * 100 : 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the mouse's way; the keyboard's are + - and 0 in the tree
    <span
      class="axis"
      title="Drag to zoom in, double-click for all"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        brush.value = { from: at(event), to: at(event) };
      }}
      onPointerMove={(event) => {
        if (brush.value) brush.value = { ...brush.value, to: at(event) };
      }}
      onPointerUp={finish}
      onPointerCancel={() => {
        brush.value = null;
      }}
      onDblClick={() => {
        state.zoom.value = null;
      }}
    >
      {ticks(axis, mostTicks(width), whole.start).map((offset) => {
        const label = tickLabel(offset);
        const part = (whole.start + offset - axis.start) / span;
        return (
          <span key={offset} class="tick" style={{ left: `${part * 100}%` }}>
            {(1 - part) * width > labelPx(label) && label}
          </span>
        );
      })}
      {brush.value && <i class="brush" style={{ left: `${left}%`, width: `${right - left}%` }} />}
    </span>
  );
}

export function Grid({ axis, whole, width, now }: AxisProps & { now: number | null }) {
  const span = axis.end - axis.start;
  const percent = (ms: number) => `${((ms - axis.start) / span) * 100}%`;
  return (
    <div class="grid" aria-hidden="true">
      <span>
        {ticks(axis, mostTicks(width), whole.start).map((offset) => (
          <i key={offset} style={{ left: percent(whole.start + offset) }} />
        ))}
        {now !== null && now >= axis.start && now <= axis.end && (
          <i class="now" style={{ left: percent(now) }} />
        )}
      </span>
    </div>
  );
}

/** Zooms with the wheel and Ctrl over the bars, and pans with the wheel and Shift. */
export function useWheelZoom(scroller: RefObject<HTMLElement | null>, state: ViewState, whole: Axis): void {
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return undefined;
    const wheel = (event: WheelEvent) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return;
      const column = box.querySelector(".columns .time")?.getBoundingClientRect();
      if (!column || column.width === 0 || event.clientX < column.left || event.clientX > column.right)
        return;
      event.preventDefault();
      const axis = state.zoom.value ?? whole;
      const by = event.deltaY || event.deltaX;
      if (event.shiftKey) {
        if (state.zoom.value) state.zoom.value = shifted(axis, whole, Math.sign(by) * 0.1);
        return;
      }
      const at = (event.clientX - column.left) / column.width;
      state.zoom.value = zoomed(axis, whole, by > 0 ? 1.25 : 0.8, at);
    };
    box.addEventListener("wheel", wheel, { passive: false });
    return () => box.removeEventListener("wheel", wheel);
  }, [scroller, state, whole.start, whole.end]);
}
