/** What an action is and how it went: its condition, its error, its attempts phase by phase, its facts. */

import { duration, elapsed, time, timestamp } from "../../format";
import { safeUrl } from "../../links";
import { CACHE_HIT, isTerminal, phaseInfo } from "../../phases";
import type { Attempt, Details } from "../../sights";
import { useNow, useView } from "../context";
import { CopyButton } from "../copy";
import { ExternalIcon, PhaseIcon } from "../icons";
import { chooseAttempt } from "./attempt";
import { ConditionForm } from "./condition";
import { WholeError } from "./errortext";
import { Nothing, type TabProps } from "./pane";

export function Overview({ action, attempt, details, row }: TabProps & { row: number }) {
  const { store } = useView();
  const { value } = details;
  if (!value) return <Nothing sight={details}>Nothing is known of it.</Nothing>;
  const chosen = value.attempts.find((it) => it.attempt === attempt) ?? value.attempts.at(-1);
  const first = store.text(store.error[row]);
  const error =
    (attempt === null ? value.error : null) ??
    chosen?.error ??
    (attempt === null && first ? { kind: "", code: "", message: first } : null);
  return (
    <>
      {value.condition && <ConditionForm action={action} condition={value.condition} phase={value.phase} />}
      {value.abort && (
        <p class="note calm">
          <span>
            <b>Aborted{value.abort.by && ` by ${value.abort.by}`}:</b>{" "}
            {value.abort.reason || "no reason was given."}
          </span>
        </p>
      )}
      {error && <WholeError error={error} />}
      {value.attempts.length > 0 && <Attempts attempts={value.attempts} chosen={chosen} action={action} />}
      <Facts details={value} chosen={chosen} row={row} />
    </>
  );
}

function Attempts({
  attempts,
  chosen,
  action,
}: {
  attempts: Attempt[];
  chosen: Attempt | undefined;
  action: string;
}) {
  const now = useNow();
  const { state } = useView();
  const longest = Math.max(
    1,
    ...attempts.map((it) => (it.ended ?? now) - (it.phases[0]?.[1] ?? it.started ?? now)),
  );
  return (
    <ul class="attempts-list" aria-label="Attempts">
      {attempts.map((it) => {
        const phase = it.retried ? 6 : it.phase;
        const info = phaseInfo(phase);
        return (
          <li key={it.attempt} class={it === chosen && attempts.length > 1 ? "chosen" : undefined}>
            <div class="line">
              <span class="phase" data-phase={info.id}>
                <PhaseIcon phase={phase} /> {it.retried ? "Retried" : info.word}
              </span>
              {attempts.length > 1 && (
                <button
                  type="button"
                  class="linkish"
                  aria-pressed={it === chosen}
                  onClick={() => {
                    chooseAttempt(state, action, it.attempt, attempts.at(-1)?.attempt ?? 1);
                  }}
                >
                  Attempt {it.attempt}
                </button>
              )}
              {it.started !== null && (
                <span class="dim" title={timestamp(it.started)}>
                  {time(it.started, now)}
                </span>
              )}
              <span class="gap" />
              <span class="figure">{tookOf(it, now)}</span>
            </div>
            <PhaseStrip attempt={it} longest={longest} now={now} />
          </li>
        );
      })}
    </ul>
  );
}

function tookOf(attempt: Attempt, now: number): string {
  const from = attempt.phases[0]?.[1] ?? attempt.started;
  if (from === null) return "";
  return attempt.ended === null && !attempt.retried
    ? elapsed(now - from)
    : duration((attempt.ended ?? now) - from);
}

/** The phases of an attempt as a bar, and in words with how long each took. */
function PhaseStrip({ attempt, longest, now }: { attempt: Attempt; longest: number; now: number }) {
  const steps = attempt.phases
    .filter(([phase]) => !isTerminal(phase))
    .map(([phase, from, to]) => {
      const ended = to ?? attempt.ended;
      return { info: phaseInfo(phase), ms: (ended ?? now) - from, going: ended === null && !attempt.retried };
    });
  if (steps.length === 0) return null;
  return (
    <>
      <span class="strip" aria-hidden="true">
        {steps.map(({ info, ms }, i) => (
          <i key={i} data-phase={info.id} style={{ width: `${(Math.max(0, ms) / longest) * 100}%` }} />
        ))}
      </span>
      <span class="steps">
        {steps.map(({ info, ms, going }, i) => (
          <span key={i} data-phase={info.id}>
            <i />
            {info.word.toLowerCase()} <b class="figure">{going ? elapsed(ms) : duration(ms)}</b>
          </span>
        ))}
      </span>
    </>
  );
}

function Facts({ details, chosen, row }: { details: Details; chosen: Attempt | undefined; row: number }) {
  const { store } = useView();
  const now = useNow();
  const moment = (ms: number) =>
    Number.isNaN(ms) ? null : <span title={timestamp(ms)}>{time(ms, now)}</span>;
  const links = (chosen?.links ?? []).filter(({ url }) => safeUrl(url));
  const facts: [string, preact.ComponentChildren][] = [
    ["Action", <Copied key="a" text={details.name} what="Copy action name" />],
    ["Queued", moment(store.queued[row])],
    ["Ended", moment(store.ended[row])],
    ["Task", details.task],
    ["Version", details.version],
    ["Environment", details.environment],
    ["Started by", [details.who, details.source && `(${details.source})`].filter(Boolean).join(" ")],
    ["Parent", details.parent],
    ["Group", details.group],
    [
      "Cache",
      details.cache === CACHE_HIT
        ? "hit: the outputs came from the cache"
        : (CACHE_WORDS[details.cache] ?? ""),
    ],
    ["Relation", details.relation ? `${details.relation.kind} of ${details.relation.run}` : ""],
    ["Recovered from", details.recovered_from],
    ["Cluster", chosen?.cluster ?? ""],
    [
      "Logs elsewhere",
      links.length > 0 &&
        links.map(({ name, url, ready }) => (
          <a key={url} href={safeUrl(url)} target="_blank" rel="noopener noreferrer" class="out">
            {name || url}
            {!ready && " (not ready)"}
            <ExternalIcon />
          </a>
        )),
    ],
  ];
  return (
    <dl class="facts-list">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <>
      <code>{text}</code> <CopyButton text={text} what={what} />
    </>
  );
}

/** Flyte's cache status by number; 0 is "disabled" and not worth a line. */
const CACHE_WORDS: Record<number, string> = {
  1: "miss",
  3: "populated: the outputs were written to the cache",
  4: "lookup failed",
  5: "the outputs could not be written to it",
  6: "skipped",
  7: "evicted",
};
