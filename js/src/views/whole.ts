/** What is asked of the kernel about a run as a whole: rerun, freeze. */

import type { Ask } from "../asks";
import { useView, type ViewContext } from "./context";

export function useRerun(): { ask: Ask; send: (recover: boolean) => void } {
  const { asks, link, store, state } = useView();
  const ask = asks.get("rerun");
  const send = (recover: boolean) =>
    ask.follow(link.request("rerun", { run: store.key, recover }), (result) => {
      const { view, name } = (result ?? {}) as { view?: unknown; name?: unknown };
      if (typeof view === "string")
        state.opened.value = [...state.opened.value, { view, name: String(name ?? "") }];
      ask.reset();
    });
  return { ask, send };
}

/** How many rows a frozen view has at most. */
const MOST_ROWS = 400;
const DONE_MS = 3000;

export function useFreeze(): { ask: Ask; send: () => void } {
  const view = useView();
  const { asks, link } = view;
  const ask = asks.get("freeze");
  const done = (result: unknown) => {
    // What was left out is to be read; that it was done is seen on the button for a while.
    if (!(result as { note?: string } | null)?.note) setTimeout(() => ask.reset(), DONE_MS);
  };
  return { ask, send: () => ask.follow(link.request("freeze", asSeen(view)), done) };
}

/** What is open at this moment, as the kernel writes it into the notebook. */
function asSeen({ link, store, state, lines }: ViewContext): Record<string, unknown> {
  const { forest } = store;
  const rows: [number, number][] = [];
  const first = Math.min(state.firstLine, Math.max(0, lines.count - MOST_ROWS));
  for (let line = first; line < lines.count && rows.length < MOST_ROWS; line++) {
    const row = forest.row[lines.node[line]];
    if (row >= 0) rows.push([row, lines.depth[line]]);
  }
  const selected = Number(state.selected.value ?? Number.NaN);
  const open = state.tab.value !== null;
  const action = selected < store.n ? store.text(store.name[selected]) : open ? "a0" : "";
  return {
    view: link.view,
    rows,
    find: state.find.value.text,
    action,
    tab: state.tab.value ?? "",
    attempt: state.attempts.value[action] ?? null,
  };
}
