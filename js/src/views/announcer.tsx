/** Says to screen readers how the run goes: at each change of its phase, and of its failures at most every 5 s. */

import { useEffect, useRef } from "preact/hooks";
import { progress } from "../format";
import { Phase, phaseInfo } from "../phases";
import { useView } from "./context";

const EVERY_MS = 5000;

export function Announcer() {
  const { store, announcement } = useView();
  const said = useRef({ phase: -1, failed: 0, at: 0 });
  const phase = store.head?.phase ?? -1;
  const failed = store.counts[Phase.FAILED] + store.counts[Phase.TIMED_OUT];
  useEffect(() => {
    const last = said.current;
    const due = Date.now() - last.at >= EVERY_MS;
    if (phase === last.phase && (failed === last.failed || !due)) return;
    said.current = { phase, failed, at: Date.now() };
    // What a view finds when it opens is read where it stands; only changes are said.
    if (last.phase < 0) return;
    announcement.value = `Run ${store.head?.name}: ${phaseInfo(phase).word}, ${progress(store.counts)}`;
  });
  return (
    <div class="said" role="status" aria-live="polite">
      {announcement.value}
    </div>
  );
}
