/** What has to be known before the rest is believed: lost kernel, lost backend, why it was aborted. */

import { time, timestamp } from "../format";
import { Phase } from "../phases";
import { useView } from "./context";
import { WarningIcon } from "./icons";

export function Notes() {
  const { store, connection } = useView();
  store.tick.value;
  const { head } = store;
  if (!head) return null;
  const alive = connection.alive.value;
  const now = store.now();
  return (
    <>
      {!alive && !head.over && (
        <p class="note" role="status">
          <WarningIcon />
          <span>
            <b>Disconnected</b> from the kernel. Shown as of{" "}
            <span title={timestamp(connection.lastHeard)}>{time(connection.lastHeard, Date.now())}</span>. Run
            the cell again if the kernel was restarted.
          </span>
        </p>
      )}
      {alive && head.stale && (
        <p class="note" role="status">
          <WarningIcon />
          <span>
            <b>Stale</b> since <span title={timestamp(head.stale.since)}>{time(head.stale.since, now)}</span>,
            reconnecting…{head.stale.reason && <span class="reason"> {head.stale.reason}</span>}
          </span>
        </p>
      )}
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
