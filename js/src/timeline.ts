/** The common time axis of a run: its range, its ticks, and where a bar lies on it. Times are in ms. */

export interface Axis {
  start: number;
  end: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * DAY),
];

/** The largest step of which at most `most` fit into `span`. */
export function tickStep(span: number, most: number): number {
  return STEPS.find((step) => span / step <= most) ?? span;
}

/** The length of the axis of something that runs for `ms` already: it grows by steps, so that bars lie still. */
export function roomFor(ms: number): number {
  let room = 5 * SECOND;
  while (room <= ms) {
    const step = tickStep(room, 8);
    room = Math.ceil((room * 1.25) / step) * step;
  }
  return room;
}

/** The axis from `start` to `end`, or, while it goes on, to where there is room for `now`. */
export function axisOf(start: number, end: number, now: number | null): Axis {
  if (Number.isNaN(start)) return { start: 0, end: 0 };
  if (now !== null) return { start, end: start + roomFor(Math.max(now - start, end - start)) };
  return { start, end: Math.max(end, start + 1) };
}

/** Ticks as offsets from the start, the first one at 0. */
export function ticks(axis: Axis, most: number): number[] {
  const span = axis.end - axis.start;
  if (span <= 0) return [];
  const step = tickStep(span, most);
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => i * step);
}

/** The label of a tick: "0", "500ms", "30s", "1m 30s", "2h", without parts that are zero. */
export function tickLabel(ms: number): string {
  if (ms === 0) return "0";
  if (ms < SECOND) return `${ms}ms`;
  const parts: string[] = [];
  let rest = Math.floor(ms / SECOND);
  for (const [unit, seconds] of [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** Where `from`..`to` lies on the axis, in percent; null where it does not. */
export function place(axis: Axis, from: number, to: number): { left: number; width: number } | null {
  const span = axis.end - axis.start;
  if (!(span > 0) || !(to >= from)) return null;
  const clamp = (ms: number) => Math.min(100, Math.max(0, ((ms - axis.start) / span) * 100));
  const left = clamp(from);
  return { left, width: clamp(to) - left };
}
