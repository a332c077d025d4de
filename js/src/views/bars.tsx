/** The parts of an action's or a group's bar on the time axis. */

import { duration, timestamp } from "../format";
import { type Axis, place } from "../timeline";

/** Where a bar lies, for those who do not see it. */
export function timeWords(start: number, from: number, to: number): string {
  if (Number.isNaN(from)) return "not started";
  const begin = `from ${duration(from - start)}`;
  return Number.isNaN(to) ? begin : `${begin} to ${duration(to - start)}`;
}

/** Says on hover when it was; the words are made then. */
export function whenOf(moments: Record<string, number>) {
  return (event: MouseEvent) => {
    (event.currentTarget as HTMLElement).title = Object.entries(moments)
      .filter(([, ms]) => !Number.isNaN(ms))
      .map(([word, ms]) => `${word} ${timestamp(ms)}`)
      .join("\n");
  };
}

export function TimeBar({
  axis,
  from,
  to,
  part,
  id,
}: {
  axis: Axis;
  from: number;
  to: number;
  part: string;
  id: string;
}) {
  const at = place(axis, from, to);
  if (!at) return null;
  return <i class={part} data-phase={id} style={{ left: `${at.left}%`, width: `${at.width}%` }} />;
}

/** Says at the end of a bar that it was not the first attempt; in words the cell of attempts does. */
export function RetryMark({ axis, at, n }: { axis: Axis; at: number; n: number }) {
  const where = place(axis, at, at);
  if (!where) return null;
  const inside = where.left > 85 ? "retries inside" : "retries";
  return <b class={inside} data-text={`×${n}`} style={{ left: `${where.left}%` }} />;
}
