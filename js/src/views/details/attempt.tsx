/** Which attempt of an action is shown: the latest, whichever that is, or the one that was chosen. */

import type { Details } from "../../sights";
import { rowNamed } from "../../store";
import type { ViewState } from "../../viewstate";
import { useView } from "../context";
import type { SightOf } from "../sight";

interface Attempts {
  /** The number of the latest. */
  latest: number;
  /** The one that was chosen, null for the latest. */
  attempt: number | null;
}

export function useAttempts(action: string, details: SightOf<Details>): Attempts {
  const { store, state } = useView();
  const row = rowNamed(store, action);
  const latest = Math.max(row < 0 ? 1 : store.attempts[row], details.value?.attempts.at(-1)?.attempt ?? 1);
  return { latest, attempt: state.attempts.value[action] ?? null };
}

/** Who chooses the latest goes on to the next one. */
export function chooseAttempt(state: ViewState, action: string, attempt: number, latest: number): void {
  const { [action]: _, ...others } = state.attempts.value;
  state.attempts.value = attempt === latest ? others : { ...others, [action]: attempt };
}

export function AttemptChoice({ action, latest, attempt }: Attempts & { action: string }) {
  const { state } = useView();
  const all = Array.from({ length: latest }, (_, i) => i + 1);
  // One that there is not, or not yet, can only be asked for by number.
  if (attempt !== null && attempt > latest) all.push(attempt);
  if (all.length === 1) return null;
  return (
    <label class="attempt">
      Attempt{" "}
      <select
        class="field"
        value={String(attempt ?? latest)}
        onChange={(event) => chooseAttempt(state, action, Number(event.currentTarget.value), latest)}
      >
        {all.map((one) => (
          <option key={one} value={String(one)}>
            {one}
            {one === latest ? " (latest)" : ""}
          </option>
        ))}
      </select>
    </label>
  );
}
