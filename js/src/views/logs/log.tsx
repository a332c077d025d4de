/** The log of one attempt of an action: in a tab of the details, or as a view of its own. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LogView } from "../../logs/view";
import type { Look } from "../../looks";
import { isTerminal } from "../../phases";
import type { LogPiece } from "../../sights";
import { rowNamed } from "../../store";
import { useView } from "../context";
import { LogList } from "./list";
import { LogTools } from "./tools";

/** `attempt` is null for the latest. */
export function Log({ action, attempt }: { action: string; attempt: number | null }) {
  const { link, store, state } = useView();
  const kept = useRef<LogView | null>(null);
  kept.current ??= new LogView(state.logs);
  const view = kept.current;
  const look = useSignal<Look | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const opened = link.look("logs", {
      run: store.key,
      action,
      // After something was missed only what is not there yet is asked for.
      params: () => ({ attempt, from: view.store.end, of: view.store.attempt || null }),
      take: (piece, buffers) => view.take(piece as LogPiece, buffers),
    });
    look.value = opened;
    return () => opened.close();
  }, [link, store.key, action, attempt, view, look]);
  const sight = look.value?.sight.value;
  view.store.tick.value;
  const row = rowNamed(store, action);
  const over = row >= 0 && isTerminal(store.phase[row]);
  const none = view.store.count === 0;
  const note = sight?.error || view.store.note;
  const asked = !sight || (sight.value === null && !sight.error && !sight.end);
  const nothing = asked
    ? "Loading the log…"
    : over || sight.end
      ? "There is no log."
      : "Waiting for the log…";
  return (
    <>
      <LogTools
        view={view}
        name={`${store.head?.name ?? "run"}-${action}`}
        leave={() => box.current?.focus()}
      />
      {note && !none && <p class={sight?.error ? "note" : "note calm"}>{note}</p>}
      {none ? (
        <p class="waiting">{note || nothing}</p>
      ) : (
        <LogList view={view} box={box} label={`Log of ${action}`} />
      )}
    </>
  );
}
