/** What has to be known before the rest is believed: lost kernel, lost backend, why it was aborted. */

import { elapsed, time, timestamp } from "../format";
import { isTerminal, Phase } from "../phases";
import { useNow, useView } from "./context";
import { PhaseIcon, WarningIcon } from "./icons";

export function Notes() {
  const { store, connection } = useView();
  const now = useNow();
  const { head } = store;
  if (!head) return null;
  const alive = connection.alive.value;
  return (
    <>
      {!alive && !head.over && (
        <p class="note" role="status">
          <WarningIcon />
          <span>
            <b>Disconnected</b> from the kernel. Shown as of{" "}
            <span title={timestamp(connection.lastHeard)}>{time(connection.lastHeard, Date.now())}</span>
            <Growing text={`, ${elapsed(Date.now() - connection.lastHeard)} ago`} />. Run the cell again if
            the kernel was restarted.
          </span>
        </p>
      )}
      {alive && head.stale && (
        <p class="note" role="status">
          <WarningIcon />
          <span>
            <b>Stale:</b> as of <span title={timestamp(head.stale.since)}>{time(head.stale.since, now)}</span>
            <Growing text={`, ${elapsed(now - head.stale.since)} ago`} />. Reconnecting…
            {head.stale.reason && <span class="reason"> {head.stale.reason}</span>}
          </span>
        </p>
      )}
      {!isTerminal(head.phase) && !head.over && store.counts[Phase.PAUSED] > 0 && <Paused />}
      {head.phase === Phase.ABORTED && head.abort_reason && (
        <p class="note calm">
          <span>
            <b>Aborted:</b> {head.abort_reason}
          </span>
        </p>
      )}
    </>
  );
}

/** What is another one each second is not said again and again. */
function Growing({ text }: { text: string }) {
  return <span aria-hidden="true">{text}</span>;
}

/** The run waits for a person: for what, and the way there. */
function Paused() {
  const { store, state } = useView();
  const row = store.phase.subarray(0, store.n).indexOf(Phase.PAUSED);
  const others = store.counts[Phase.PAUSED] - 1;
  const label = store.text(store.label[row]) || store.text(store.name[row]);
  return (
    <p class="note paused" data-phase="paused" role="status">
      <PhaseIcon phase={Phase.PAUSED} />
      <span>
        <b>Paused.</b> Waits for an answer to <b>{label}</b>
        {others > 0 && ` and ${others} more`}.
      </span>
      <span class="gap" />
      <button
        type="button"
        class="button"
        onClick={() => {
          state.goTo(String(row));
          state.tab.value = "overview";
        }}
      >
        Answer…
      </button>
    </p>
  );
}
