/** What a run is and how it goes, in two lines, and what can be done with it as a whole. */

import { count, duration, elapsed, progress, time, timestamp } from "../format";
import { safeUrl } from "../links";
import { BAR_ORDER, isTerminal, Phase, phaseInfo } from "../phases";
import type { RunStore } from "../store";
import { AbortRun } from "./abort";
import { Armed } from "./armed";
import { useNow, useView } from "./context";
import { CopyButton, copyText } from "./copy";
import { CameraIcon, ExternalIcon, MoreIcon, PhaseIcon, RerunIcon } from "./icons";
import { Menu, type MenuItem } from "./menu";
import { useFreeze, useRerun } from "./whole";

/** The phase a person is told: a run that waits for an answer is paused, whatever its root does meanwhile. */
export function phaseOf(store: RunStore): number {
  const phase = store.head?.phase ?? 0;
  return !isTerminal(phase) && store.counts[Phase.PAUSED] > 0 ? Phase.PAUSED : phase;
}

export function Header() {
  const { store } = useView();
  const { head } = store;
  if (!head) return null;
  const phase = phaseOf(store);
  const info = phaseInfo(phase);
  return (
    <header class="head" data-phase={info.id}>
      <div class="line">
        <span class="phase badge" data-phase={info.id}>
          <PhaseIcon phase={phase} />
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
        <Buttons />
      </div>
      <div class="line second">
        {store.n > 0 && (
          <>
            <Segments counts={store.counts} />
            <span class="progress" title={progress(store.counts)}>
              {progress(store.counts)}
            </span>
          </>
        )}
        <span class="gap" />
        <Armed />
        <Times />
      </div>
    </header>
  );
}

function Buttons() {
  const { store, link, asks } = useView();
  const rerun = useRerun();
  const freeze = useFreeze();
  const { head } = store;
  if (!head) return null;
  const url = safeUrl(link.console.value) || safeUrl(head.url);
  const frozen = freeze.ask.stage.value === "accepted";
  const aborting = asks.get("abort ").stage.value === "armed";
  const going = !isTerminal(head.phase) && !head.over;
  const python = `import flyte_jupyter\nflyte_jupyter.remote.Run.get(${JSON.stringify(head.name)})`;
  const more: MenuItem[] = [
    { label: "Copy link to the console", act: () => copyText(url) },
    { label: "Copy Python for this run", act: () => copyText(python) },
  ];
  if (!url) more.shift();
  if (!going) more.push({ label: "Rerun, keep what succeeded", act: () => rerun.send(true) });
  return (
    <span class="buttons">
      {going && <AbortRun />}
      {!aborting && (
        <>
          <button
            type="button"
            class="button foldable"
            title="Run the same task again with the same inputs"
            aria-label="Rerun"
            disabled={rerun.ask.waiting}
            onClick={() => rerun.send(false)}
          >
            <RerunIcon />
            <span>{rerun.ask.waiting ? rerun.ask.words("Starting…") : "Rerun"}</span>
          </button>
          {url && (
            <a
              class="button foldable"
              href={url}
              target="_blank"
              rel="noopener noreferrer"
              title="Open in console"
              aria-label="Open in console"
            >
              <ExternalIcon />
              <span>Console</span>
            </a>
          )}
          <button
            type="button"
            class="button foldable"
            title="Freeze: write what is seen into the notebook as plain HTML"
            aria-label="Freeze"
            disabled={freeze.ask.waiting}
            onClick={freeze.send}
          >
            <CameraIcon />
            <span>{freeze.ask.waiting ? freeze.ask.words("Freezing…") : frozen ? "Frozen" : "Freeze"}</span>
          </button>
          <Menu label="More" icon={<MoreIcon />} items={more} />
        </>
      )}
    </span>
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

/** A bar with one segment per phase, in proportion; each shows its phase only, or all again. */
function Segments({ counts }: { counts: Uint32Array }) {
  const { state } = useView();
  const { phases } = state.find.value;
  return (
    <span class="bar" role="group" aria-label="Actions by phase">
      {BAR_ORDER.filter((phase) => counts[phase] > 0).map((phase) => {
        const info = phaseInfo(phase);
        const chosen = (phases & (1 << phase)) !== 0;
        const words = `${count(counts[phase])} ${info.word.toLowerCase()}`;
        return (
          <button
            key={phase}
            type="button"
            data-phase={info.id}
            class={phases !== 0 && !chosen ? "other" : undefined}
            style={{ flexGrow: counts[phase] }}
            aria-pressed={chosen}
            aria-label={`Show ${words}`}
            title={chosen ? `${words}. Click to show all` : `${words}. Click to show these only`}
            onClick={() => state.togglePhase(phase)}
          >
            <i />
          </button>
        );
      })}
    </span>
  );
}
