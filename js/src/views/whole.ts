/** What is asked of the kernel about a run as a whole: rerun, freeze. */

import type { Ask } from "../asks";
import { useView } from "./context";

export function useRerun(): { ask: Ask; send: (recover: boolean) => void } {
  const { asks, link, store, state } = useView();
  const ask = asks.get("rerun");
  const send = (recover: boolean) =>
    ask.follow(link.request("rerun", { run: store.key, recover }), (result) => {
      const { view } = (result ?? {}) as { view?: unknown };
      if (typeof view === "string") state.opened.value = view;
      ask.reset();
    });
  return { ask, send };
}

export function useFreeze(): { ask: Ask; send: () => void } {
  const { asks, link, store } = useView();
  const ask = asks.get("freeze");
  return { ask, send: () => ask.follow(link.request("freeze", { run: store.key })) };
}
