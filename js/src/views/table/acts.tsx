/** What can be done with rows of a table: with the selected ones together, and with one at once. */

import { useSignal } from "@preact/signals";
import { count } from "../../format";
import type { Table, TableAct } from "../../sights";
import { useView } from "../context";

function useAct(name: string): { ask: ReturnType<ReturnType<typeof useView>["asks"]["get"]>; send: Send } {
  const { asks, link } = useView();
  const ask = asks.get(`act ${name}`);
  const send: Send = (rows, reason, done) => {
    const { view = "" } = link.welcome.value ?? {};
    const why = reason.trim() ? { reason: reason.trim() } : {};
    ask.follow(link.request("act", { view, act: name.split(" ")[0], rows, ...why }), (result) => {
      const { failed: bad = {} } = (result ?? {}) as { failed?: Record<string, string> };
      const failed = Object.values(bad);
      if (failed.length > 0) {
        ask.reason.value =
          failed.length === 1 ? failed[0] : `${failed[0]} And ${count(failed.length - 1)} more failed.`;
        ask.stage.value = "failed";
      } else ask.reset();
      done?.(Object.keys(bad));
    });
  };
  return { ask, send };
}

/** `done` is told the rows of which it failed. */
type Send = (rows: string[], reason: string, done?: (failed: string[]) => void) => void;

export function Acts({ table, chosen }: { table: Table; chosen: { value: ReadonlySet<string> } }) {
  if (chosen.value.size === 0) return null;
  return (
    <div class="line acts" role="group" aria-label="Selected rows">
      <span>{chosen.value.size === 1 ? "1 selected" : `${count(chosen.value.size)} selected`}</span>
      {table.acts.map((act) => (
        <ActOnChosen key={act.name} act={act} table={table} chosen={chosen} />
      ))}
      <button
        type="button"
        class="button"
        onClick={() => {
          chosen.value = new Set();
        }}
      >
        Clear
      </button>
    </div>
  );
}

function ActOnChosen({
  act,
  table,
  chosen,
}: {
  act: TableAct;
  table: Table;
  chosen: { value: ReadonlySet<string> };
}) {
  const { ask, send } = useAct(act.name);
  const reason = useSignal("");
  // Of rows on other pages the kernel knows whether it can be done.
  const here = new Map(table.rows.map((row) => [row.id, row]));
  const rows = [...chosen.value].filter((id) => here.get(id)?.acts.includes(act.name) ?? true);
  const done = (failed: string[]) => {
    chosen.value = new Set(failed);
  };
  const stage = ask.stage.value;
  if (rows.length === 0 && stage !== "failed") return null;
  if (stage === "armed") {
    return (
      <span class="confirm" role="group" aria-label="Confirm">
        {act.reason && (
          <input
            class="field"
            placeholder="Reason (optional)"
            aria-label="Reason"
            value={reason}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        )}
        <button type="button" class="button danger solid" onClick={() => send(rows, reason.value, done)}>
          {`Confirm ${act.title.toLowerCase()} of ${count(rows.length)}`}
        </button>
        <button type="button" class="button" onClick={() => ask.reset()}>
          Keep
        </button>
      </span>
    );
  }
  return (
    <>
      <button
        type="button"
        class={act.confirm ? "button danger" : "button"}
        disabled={ask.waiting}
        onClick={() => (act.confirm ? ask.arm() : send(rows, "", done))}
      >
        {`${act.title} ${count(rows.length)}`}
      </button>
      <span class={stage === "failed" ? "outcome bad" : "outcome"} role="status">
        {ask.words("Sent…")}
      </span>
    </>
  );
}

/** An act that needs no second thought, on one row. */
export function ActOnRow({ act, row }: { act: TableAct; row: string }) {
  const { ask, send } = useAct(`${act.name} ${row}`);
  const failed = ask.stage.value === "failed";
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={ask.waiting}
        title={failed ? ask.reason.value : undefined}
        onClick={() => send([row], "")}
      >
        {act.title}
      </button>
      {failed && <span class="outcome bad"> {ask.reason.value}</span>}
    </>
  );
}
