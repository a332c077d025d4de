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
  ...[1, 2, 5, 10, 20, 50],
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * DAY),
];

/** The largest step of which at most `most` fit into `span`. */
function tickStep(span: number, most: number): number {
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

/** Ticks within the axis, as offsets from `origin`, which is where the whole axis begins. */
export function ticks(axis: Axis, most: number, origin = axis.start): number[] {
  const span = axis.end - axis.start;
  if (span <= 0) return [];
  const step = tickStep(span, most);
  const first = Math.ceil((axis.start - origin) / step);
  const last = Math.floor((axis.end - origin) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** The label of a tick: "0", "500ms", "1.5s", "30s", "1m 30s", "2h", without parts that are zero. */
export function tickLabel(ms: number): string {
  if (ms === 0) return "0";
  if (ms < SECOND) return `${ms}ms`;
  const parts: string[] = [];
  let rest = ms / SECOND;
  for (const [unit, seconds] of [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const n = unit === "s" ? Math.round(rest * 1000) / 1000 : Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0) parts.push(`${n}${unit}`);
  }
  return parts.join(" ");
}

/** Where `from`..`to` lies on the axis, in percent; null where it does not. */
export function place(axis: Axis, from: number, to: number): { left: number; width: number } | null {
  const span = axis.end - axis.start;
  if (!(span > 0) || !(to >= from) || to < axis.start || from > axis.end) return null;
  const clamp = (ms: number) => Math.min(100, Math.max(0, ((ms - axis.start) / span) * 100));
  const left = clamp(from);
  return { left, width: clamp(to) - left };
}

/** No part of the axis shorter than this is worth a look. */
const SHORTEST_MS = 5;

/** `axis` scaled by `factor` around the moment at `at` (0 left, 1 right), within `whole`; null for all of it. */
export function zoomed(axis: Axis, whole: Axis, factor: number, at: number): Axis | null {
  const span = Math.max(SHORTEST_MS, (axis.end - axis.start) * factor);
  if (span >= whole.end - whole.start) return null;
  const fixed = axis.start + (axis.end - axis.start) * at;
  return shifted({ start: fixed - span * at, end: fixed + span * (1 - at) }, whole, 0);
}

/** `axis` moved by a part of its own length, within `whole`. */
export function shifted(axis: Axis, whole: Axis, by: number): Axis {
  const span = axis.end - axis.start;
  const start = Math.max(whole.start, Math.min(whole.end - span, axis.start + span * by));
  return { start, end: start + span };
}
