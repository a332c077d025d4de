/** The details of the chosen action, in tabs; what a tab shows is looked at only while it is open. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isTerminal, Kind } from "../../phases";
import type { Details } from "../../sights";
import { TABS } from "../../tabs";
import { useView } from "../context";
import { CloseIcon } from "../icons";
import { titleOf } from "../keys";
import { Log } from "../logs/log";
import { type SightOf, useSight } from "../sight";
import { IconButton } from "../toolbar";
import { AttemptChoice, useAttempts } from "./attempt";
import { EventsTab } from "./events";
import { IoTab } from "./io";
import { Overview } from "./overview";
import { ReportTab } from "./report";
import { SpecTab } from "./spec";

/** What a tab is given. `attempt` is null for the latest. */
export interface TabProps {
  action: string;
  attempt: number | null;
  details: SightOf<Details>;
}

/** Conditions and traces have no pods: no logs, reports or events. */
const WITHOUT_POD = new Set(["overview", "io", "spec"]);

export function Pane({ leave }: { leave: () => void }) {
  const { store, state } = useView();
  const selected = state.selected.value;
  const row = selected === null ? store.root : Number(selected);
  const close = () => {
    state.tab.value = null;
    leave();
  };
  if (!(row >= 0 && row < store.n)) {
    return (
      <section class="pane" aria-label="Details">
        <div class="pane-head">
          <span class="dim">Choose an action to see its details.</span>
          <span class="gap" />
          <IconButton label="Close details" act={close}>
            <CloseIcon />
          </IconButton>
        </div>
      </section>
    );
  }
  const action = store.text(store.name[row]);
  return <ActionPane key={action} row={row} action={action} close={close} />;
}

function ActionPane({ row, action, close }: { row: number; action: string; close: () => void }) {
  const { store, state } = useView();
  const details = useSight<Details>("details", action);
  const podless = store.kind[row] === Kind.CONDITION || store.kind[row] === Kind.TRACE;
  const tabs = TABS.filter(([id]) => !podless || WITHOUT_POD.has(id));
  const tab = tabs.find(([id]) => id === state.tab.value)?.[0] ?? "overview";
  const { latest, attempt } = useAttempts(action, details);
  const node = store.forest.nodeOfRow(row);
  const props: TabProps = { action, attempt, details };
  const box = useRef<HTMLDivElement>(null);
  const scrolled = useRef(0);
  const moved = state.moved.value;
  useLayoutEffect(() => {
    // An element that is put elsewhere in the page is scrolled to its top.
    if (moved > 0 && box.current) box.current.scrollTop = scrolled.current;
  }, [moved]);
  return (
    <section
      class="pane"
      aria-label={`Details of ${action}`}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        close();
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div class="pane-head">
        <b class="label" title={action}>
          {titleOf(store, node)}
        </b>
        <code class="id">{action}</code>
        <span class="gap" />
        <AttemptChoice {...{ action, latest, attempt }} />
        <IconButton label="Close details" act={close}>
          <CloseIcon />
        </IconButton>
      </div>
      <Tabs tabs={tabs} tab={tab} />
      {details.error && tab === "overview" && <p class="note">{details.error}</p>}
      <div
        ref={box}
        onScroll={(event) => {
          scrolled.current = event.currentTarget.scrollTop;
        }}
        class={`tab ${tab}`}
        role="tabpanel"
        aria-label={tabs.find(([id]) => id === tab)?.[1]}
        tabIndex={0}
      >
        {tab === "overview" && <Overview {...props} row={row} />}
        {tab === "io" && <IoTab {...props} />}
        {tab === "logs" && <Log key={String(attempt)} action={action} attempt={attempt} />}
        {tab === "report" && <ReportTab {...props} over={isTerminal(store.phase[row])} />}
        {tab === "events" && <EventsTab {...props} />}
        {tab === "spec" && <SpecTab {...props} />}
      </div>
    </section>
  );
}

interface TabsProps {
  tabs: readonly (readonly [string, string])[];
  tab: string;
}

/** The ARIA tabs pattern: one stop, arrows between them. */
function Tabs({ tabs, tab }: TabsProps) {
  const { state } = useView();
  const list = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  useEffect(() => {
    if (moved.current) list.current?.querySelector<HTMLElement>(`[data-tab="${tab}"]`)?.focus();
    moved.current = false;
  }, [tab]);
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label="Details"
      ref={list}
      onKeyDown={(event) => {
        const at = tabs.findIndex(([id]) => id === tab);
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (to === undefined) return;
        moved.current = true;
        state.tab.value = tabs[(to + tabs.length) % tabs.length][0];
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {tabs.map(([id, word]) => (
        <button
          key={id}
          type="button"
          role="tab"
          data-tab={id}
          aria-selected={id === tab}
          tabIndex={id === tab ? 0 : -1}
          onClick={() => {
            state.tab.value = id;
          }}
        >
          {word}
        </button>
      ))}
    </div>
  );
}

/** What a tab says while there is nothing to show. */
export function Nothing({ sight, children }: { sight: SightOf<unknown>; children: string }) {
  if (sight.error) return <p class="note">{sight.error}</p>;
  return <p class="waiting">{sight.value === null && !sight.end ? "Loading…" : children}</p>;
}
