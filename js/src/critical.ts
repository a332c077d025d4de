/** The critical path: of each action the chain of children that its end had to wait for, back to its start. */

import type { RunStore } from "./store";

/** Moments that lie closer than this are one after the other, for clocks of machines differ. */
const SLACK_MS = 50;

/** 1 by row for what is on the critical path of the run. Empty columns where nothing is known. */
export function criticalPath(store: RunStore): Uint8Array {
  const on = new Uint8Array(store.n);
  if (store.root < 0) return on;
  const children = childrenByEnd(store);
  const stack = [store.root];
  while (stack.length > 0) {
    const row = stack.pop() as number;
    if (on[row]) continue;
    on[row] = 1;
    let until = endOf(store, row);
    const below = children.get(row) ?? [];
    for (const child of below) {
      if (endOf(store, child) > until + SLACK_MS) continue;
      stack.push(child);
      until = beginOf(store, child);
    }
  }
  return on;
}

/** Children of each row, the one that ended last first. */
function childrenByEnd(store: RunStore): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (let row = 0; row < store.n; row++) {
    const parent = store.parent[row];
    if (parent < 0 || Number.isNaN(beginOf(store, row))) continue;
    const known = children.get(parent);
    if (known) known.push(row);
    else children.set(parent, [row]);
  }
  for (const rows of children.values()) rows.sort((a, b) => endOf(store, b) - endOf(store, a) || a - b);
  return children;
}

/** What has not ended ends later than anything that has. */
function endOf(store: RunStore, row: number): number {
  return Number.isNaN(store.ended[row]) ? Number.MAX_VALUE : store.ended[row];
}

function beginOf(store: RunStore, row: number): number {
  return Number.isNaN(store.queued[row]) ? store.started[row] : store.queued[row];
}
