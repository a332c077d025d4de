/** The parts of a view that are asked for when they are first needed. */

import type { More } from "../parts";
import { useView } from "./context";

/** The second part, null while it is not there; `note` says what to show meanwhile. */
export function useMore(): { more: More | null; note: string } {
  const { it, error } = useView().connection.parts.load();
  return { more: it.value, note: error.value || "Loading…" };
}

/** The details of the chosen action. */
export function Details({ leave }: { leave: () => void }) {
  const { more, note } = useMore();
  if (more) return <more.Pane leave={leave} />;
  return (
    <section class="pane" aria-label="Details">
      <p class="waiting">{note}</p>
    </section>
  );
}
