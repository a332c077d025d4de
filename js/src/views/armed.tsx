/** The actions that are armed on a run: how many, and on request what each waits for and did last. */

import { useSignal } from "@preact/signals";
import type { ArmedAction } from "../protocol";
import { useView } from "./context";
import { BoltIcon } from "./icons";
import { useMore } from "./more";

export function Armed() {
  const { connection, store } = useView();
  const open = useSignal(false);
  const armed = connection.armed.value[store.key] ?? [];
  if (armed.length === 0) return null;
  const failed = armed.some((one) => one.state === "failed" || one.state === "interrupted");
  const fired = armed.reduce((sum, one) => sum + one.fired, 0);
  const words = `${armed.length} armed${fired > 0 ? `, fired ${fired === 1 ? "once" : `${fired} times`}` : ""}`;
  return (
    <span class="armings" data-state={failed ? "failed" : fired > 0 ? "fired" : "armed"}>
      <button
        type="button"
        class="quiet"
        aria-expanded={open.value}
        title="Actions armed on this run"
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <BoltIcon />
        <span>{words}</span>
      </button>
      {open.value && <Entries armed={armed} />}
    </span>
  );
}

function Entries({ armed }: { armed: ArmedAction[] }) {
  const { more } = useMore();
  return more && <more.ArmedEntries armed={armed} />;
}
