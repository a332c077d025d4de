/** What a run is and how it goes, in two lines. */

import { count, duration, elapsed, progress, time, timestamp } from "../format";
import { safeUrl } from "../links";
import { BAR_ORDER, isTerminal, phaseInfo } from "../phases";
import { AbortRun } from "./abort";
import { useView } from "./context";
import { CopyButton } from "./copy";
import { ExternalIcon, PhaseIcon } from "./icons";

/** The kernel's time now, or when it was last heard of. */
export function useNow(): number {
  const { store, connection, clock } = useView();
  clock.value;
  store.tick.value;
  return store.now(connection.alive.value ? undefined : connection.lastHeard);
}

export function Header() {
  const { store, link } = useView();
  store.tick.value;
  const { head } = store;
  if (!head) return null;
  const info = phaseInfo(head.phase);
  const url = safeUrl(link.console.value) || safeUrl(head.url);
  return (
    <header class="head">
      <div class="line">
        <span class="phase badge" data-phase={info.id}>
          <PhaseIcon phase={head.phase} />
          {info.word}
        </span>
        <span class="task" title={head.task}>
          {head.task || "Run"}
        </span>
        <span class="name">
          <code title={`${head.project}/${head.domain}/${head.name}`}>{head.name}</code>
          <CopyButton text={head.name} what="Copy run name" />
        </span>
        <span class="gap" />
        {url && (
          <a class="console" href={url} target="_blank" rel="noopener noreferrer">
            Console
            <ExternalIcon />
          </a>
        )}
        {!isTerminal(head.phase) && !head.over && <AbortRun />}
      </div>
      <div class="line">
        {store.n > 0 && (
          <>
            <Bar counts={store.counts} />
            <span class="progress" title={progress(store.counts)}>
              {progress(store.counts)}
            </span>
          </>
        )}
        <span class="gap" />
        <Times />
      </div>
    </header>
  );
}

function Times() {
  const { store } = useView();
  const now = useNow();
  const { head } = store;
  if (!head || head.started === null) return null;
  const over = isTerminal(head.phase) && head.ended !== null;
  const took = over ? duration((head.ended ?? 0) - head.started) : elapsed(now - head.started);
  return (
    <span class="times">
      <span class="started" title={timestamp(head.started)}>
        {over ? "Started" : "Since"} {time(head.started, now)}
      </span>
      <span class="elapsed" title={over && head.ended ? `Ended ${timestamp(head.ended)}` : "Elapsed"}>
        {took}
      </span>
    </span>
  );
}

/** A bar with one segment per phase, in proportion. */
export function Bar({ counts }: { counts: Uint32Array }) {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const label = BAR_ORDER.filter((phase) => counts[phase] > 0)
    .map((phase) => `${count(counts[phase])} ${phaseInfo(phase).word.toLowerCase()}`)
    .join(", ");
  return (
    <span class="bar" role="img" aria-label={label || "No actions yet"} title={label}>
      {total > 0 &&
        BAR_ORDER.filter((phase) => counts[phase] > 0).map((phase) => (
          <i key={phase} data-phase={phaseInfo(phase).id} style={{ flexGrow: counts[phase] }} />
        ))}
    </span>
  );
}
