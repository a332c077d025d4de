/** What a folder tells of its members beyond counts: which took longest, which failed. */

import { isTerminal, Phase } from "./phases";
import type { RunStore } from "./store";

export interface Extremes {
  /** Row of the member that ran longest so far, -1 while none has. */
  slowest: number;
  /** How long that was in ms. */
  took: number;
  /** Row of the first member that failed or timed out, -1 for none. */
  failed: number;
}

export function extremes(store: RunStore, folder: number, now: number): Extremes {
  const { forest } = store;
  const found: Extremes = { slowest: -1, took: -1, failed: -1 };
  for (let node = forest.first[folder]; node >= 0; node = forest.next[node]) {
    const row = forest.row[node];
    if (row < 0) continue;
    const phase = store.phase[row];
    if (found.failed < 0 && (phase === Phase.FAILED || phase === Phase.TIMED_OUT)) found.failed = row;
    const took = (isTerminal(phase) ? store.ended[row] : now) - store.started[row];
    if (took > found.took) {
      found.took = took;
      found.slowest = row;
    }
  }
  return found;
}
