/** What each action that is armed on a run waits for, and what it did last. */

import type { ArmedAction } from "../protocol";

export function ArmedEntries({ armed }: { armed: ArmedAction[] }) {
  return (
    <ul class="entries" aria-label="Actions armed on this run">
      {armed.map((one) => (
        <li key={one.id}>
          <b>
            [{one.id}] {one.on} → {one.action}
          </b>
          <span class="dim">
            {one.standing}
            {one.last && `; ${one.state}: ${one.last}`}
          </span>
          {one.error && <span class="bad">{one.error}</span>}
        </li>
      ))}
    </ul>
  );
}
