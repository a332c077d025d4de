/** One line of the tree: an action, or a group's folder. */

import { count, duration, elapsed, headline } from "../format";
import { extremes } from "../groups";
import { began, keyOf } from "../order";
import { CACHE_HIT, isTerminal, Kind, Phase, phaseInfo, summaryPhase } from "../phases";
import { type Axis, place } from "../timeline";
import type { VisibleLines } from "../visible";
import { AbortAction, AbortNote } from "./abort";
import { useView } from "./context";
import { hasError } from "./error";
import { ChevronIcon, FolderIcon, KindIcon, PhaseIcon, RetryIcon } from "./icons";
import { Marked } from "./marked";

export interface RowProps {
  lines: VisibleLines;
  line: number;
  top: number;
  axis: Axis;
  now: number;
  selected: boolean;
}

const INDENT = 16;
/** Deeper rows are not indented further, or names would leave the column. */
const DEEPEST = 12;

export function Row(props: RowProps) {
  const { store } = useView();
  const node = props.lines.node[props.line];
  return store.forest.row[node] >= 0 ? (
    <ActionRow {...props} row={store.forest.row[node]} node={node} />
  ) : (
    <GroupRow {...props} node={node} />
  );
}

interface FrameProps extends RowProps {
  node: number;
  data: Record<string, string>;
  class?: string;
  children: preact.ComponentChildren;
}

/** What all rows have: place, position in the tree for screen readers, selection. */
function RowFrame({ lines, line, top, node, selected, data, children, ...rest }: FrameProps) {
  const { store, state } = useView();
  const { forest } = store;
  const key = keyOf(store, node);
  const up = forest.up[node];
  const parent = forest.size[node] > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the treegrid handles the keys
    <div
      class={`row ${rest.class ?? ""}`}
      role="row"
      id={`n${node}`}
      aria-level={lines.depth[line] + 1}
      aria-posinset={forest.place[node]}
      aria-setsize={up < 0 ? forest.topSize : forest.size[up]}
      aria-rowindex={line + 2}
      aria-selected={selected}
      aria-expanded={parent ? state.isOpen(key) : undefined}
      style={{ top: `${top}px` }}
      onClick={() => {
        state.selected.value = key;
        if (forest.row[node] >= 0) state.tab.value ??= "overview";
      }}
      onDblClick={() => {
        if (forest.row[node] < 0) state.toggle(key);
      }}
      onMouseDown={(event) => {
        // A double click opens and closes a group: it does not select the words under it.
        if (event.detail > 1) event.preventDefault();
      }}
      {...data}
    >
      {children}
    </div>
  );
}

function Twisty({ node }: { node: number }) {
  const { store, state } = useView();
  if (store.forest.size[node] === 0) return <span class="twisty" />;
  const key = keyOf(store, node);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the mouse's way; the keyboard's are the arrow keys of the treegrid
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <span
      class={state.isOpen(key) ? "twisty open" : "twisty"}
      onClick={(event) => {
        event.stopPropagation();
        state.toggle(key);
      }}
      onDblClick={(event) => event.stopPropagation()}
    >
      <ChevronIcon />
    </span>
  );
}

function Indent({ depth }: { depth: number }) {
  return <span class="indent" style={{ width: `${Math.min(depth, DEEPEST) * INDENT}px` }} />;
}

/** Opens the details of an action. */
function useOpen(row: number): (tab: string) => void {
  const { state } = useView();
  return (tab) => {
    state.selected.value = String(row);
    state.tab.value = tab;
  };
}

/** A key that a button in a row takes is not the tree's. */
function ownKey(event: KeyboardEvent): void {
  if (event.key === "Enter" || event.key === " ") event.stopPropagation();
}

function ActionTitle({
  row,
  node,
  depth,
  selected,
}: {
  row: number;
  node: number;
  depth: number;
  selected: boolean;
}) {
  const { store, state, labels } = useView();
  const open = useOpen(row);
  const name = store.text(store.name[row]);
  const label = store.text(store.label[row]) || name;
  const inputs = labels.get(store, node);
  const phase = store.phase[row];
  const error = store.text(store.error[row]);
  const find = state.find.value.text;
  const failed = hasError(store, row) && row !== store.root;
  const asks = store.kind[row] === Kind.CONDITION && phase === Phase.PAUSED;
  return (
    <div role="gridcell" class="cell title">
      <Indent depth={depth} />
      <Twisty node={node} />
      <KindIcon kind={store.kind[row]} />
      <span class="label" title={label === name ? name : `${label} (${name})`}>
        <Marked text={label} find={find} />
      </span>
      {inputs && (
        <span class="inputs" title={inputs}>
          <Marked text={inputs} find={find} />
        </span>
      )}
      {label !== name && !inputs && (
        <code class="id">
          <Marked text={name} find={find} />
        </code>
      )}
      {store.cache[row] === CACHE_HIT && (
        <span class="tag" title="The outputs came from the cache">
          cached
        </span>
      )}
      {(failed || asks) && (
        <button
          type="button"
          class={asks ? "inline-ask" : "inline-error"}
          tabIndex={selected ? 0 : -1}
          title={asks ? "Waits for an answer" : error || undefined}
          onKeyDown={ownKey}
          onClick={(event) => {
            event.stopPropagation();
            open("overview");
          }}
        >
          {asks ? "Answer…" : <Marked text={headline(error) || "Show error"} find={find} />}
        </button>
      )}
      {!isTerminal(phase) && <AbortNote action={name} />}
    </div>
  );
}

function ActionRow(props: RowProps & { row: number; node: number }) {
  const { store } = useView();
  const { row, node, lines, line, axis, now, selected } = props;
  const phase = store.phase[row];
  const info = phaseInfo(phase);
  const name = store.text(store.name[row]);
  const queued = store.queued[row];
  const started = store.started[row];
  const until = info.terminal ? store.ended[row] : now;
  const ran = began(store, row);
  const took = (Number.isNaN(store.started[row]) && !info.terminal ? Number.NaN : until) - ran;
  // What has not left the queue yet waits until now.
  const left = Number.isNaN(store.initialized[row]) ? started : store.initialized[row];
  const waited = Number.isNaN(left) ? until : left;
  return (
    <RowFrame {...props} data={{ "data-action": name, "data-phase": info.id }}>
      <ActionTitle row={row} node={node} depth={lines.depth[line]} selected={selected} />
      <div role="gridcell" class="cell phase" data-phase={info.id}>
        <PhaseIcon phase={phase} />
        <span class="word">{info.word}</span>
      </div>
      <Attempts n={store.attempts[row]} />
      <div role="gridcell" class="cell duration">
        {info.terminal ? duration(took) : elapsed(took)}
      </div>
      <div role="gridcell" class="cell time" aria-label={timeWords(store.earliest, queued, until)}>
        <TimeBar axis={axis} from={queued} to={waited} part="wait" id={info.id} />
        <TimeBar
          axis={axis}
          from={waited}
          to={Number.isNaN(started) ? until : started}
          part="init"
          id={info.id}
        />
        <TimeBar
          axis={axis}
          from={started}
          to={until}
          part={store.forest.size[node] > 0 ? "ran parent" : "ran"}
          id={info.id}
        />
        {store.attempts[row] > 1 && <RetryMark axis={axis} at={until} n={store.attempts[row]} />}
      </div>
      <div role="gridcell" class="cell tools">
        {!isTerminal(phase) && !store.head?.over && <AbortAction action={name} active={selected} />}
      </div>
    </RowFrame>
  );
}

function Attempts({ n }: { n: number }) {
  return (
    <div
      role="gridcell"
      class={n > 1 ? "cell attempts many" : "cell attempts"}
      title={n > 1 ? `${count(n)} attempts: it was retried` : undefined}
    >
      {n > 1 && <RetryIcon />}
      {n}
    </div>
  );
}

/** Says at the end of a bar that it was not the first attempt; in words the cell of attempts does. */
function RetryMark({ axis, at, n }: { axis: Axis; at: number; n: number }) {
  const where = place(axis, at, at);
  if (!where) return null;
  const inside = where.left > 85 ? "retries inside" : "retries";
  return <b class={inside} data-text={`×${n}`} style={{ left: `${where.left}%` }} />;
}

function GroupRow(props: RowProps & { node: number }) {
  const { store, state } = useView();
  const { node, lines, line, axis, now, selected } = props;
  const { forest } = store;
  const label = store.text(forest.groupString[node]);
  const stats = forest.stats(node);
  if (!stats) return null;
  const phase = summaryPhase(stats.counts);
  const info = phaseInfo(phase);
  const size = forest.size[node];
  const done = stats.counts[Phase.SUCCEEDED] + stats.counts[Phase.RECOVERED];
  const bad = stats.counts[Phase.FAILED] + stats.counts[Phase.TIMED_OUT];
  const going = stats.counts.some((n, at) => n > 0 && !isTerminal(at));
  const until = going ? now : stats.end;
  const { slowest, took, failed } = extremes(store, node, now);
  return (
    <RowFrame {...props} class="group" data={{ "data-group": label, "data-phase": info.id }}>
      <div role="gridcell" class="cell title">
        <Indent depth={lines.depth[line]} />
        <Twisty node={node} />
        <FolderIcon />
        <span class="label" title={label}>
          <Marked text={label} find={state.find.value.text} />
        </span>
        <span class="id">{count(size)}</span>
        {bad > 0 && (
          <Jump
            row={failed}
            class="tag bad"
            active={selected}
            title="Show the first that failed"
            text={`${count(bad)} failed`}
          />
        )}
        {size > 1 && slowest >= 0 && (
          <Jump
            row={slowest}
            class="tag slowest"
            active={selected}
            title="Show the slowest member"
            text={`slowest ${going ? elapsed(took) : duration(took)}`}
          />
        )}
      </div>
      <div role="gridcell" class="cell phase" data-phase={info.id} title={info.word}>
        <PhaseIcon phase={phase} />
        <span class="word">{`${count(done)} of ${count(size)}`}</span>
      </div>
      <div role="gridcell" class="cell attempts" />
      <div role="gridcell" class="cell duration">
        {going ? elapsed(until - stats.start) : duration(until - stats.start)}
      </div>
      <div role="gridcell" class="cell time" aria-label={timeWords(store.earliest, stats.start, until)}>
        <TimeBar axis={axis} from={stats.start} to={until} part="span" id={info.id} />
      </div>
      <div role="gridcell" class="cell tools" />
    </RowFrame>
  );
}

/** A button of a folder that goes to one of its members. */
function Jump({ row, title, text, active, ...rest }: JumpProps) {
  const { store, state } = useView();
  return (
    <button
      type="button"
      class={rest.class}
      title={title}
      tabIndex={active ? 0 : -1}
      onKeyDown={ownKey}
      onClick={(event) => {
        event.stopPropagation();
        const folder = keyOf(store, store.forest.up[store.forest.nodeOfRow(row)]);
        if (!state.isOpen(folder)) state.toggle(folder);
        state.goTo(String(row));
      }}
    >
      {text}
    </button>
  );
}

interface JumpProps {
  row: number;
  title: string;
  text: string;
  active: boolean;
  class: string;
}

function timeWords(start: number, from: number, to: number): string {
  if (Number.isNaN(from)) return "not started";
  const begin = `from ${duration(from - start)}`;
  return Number.isNaN(to) ? begin : `${begin} to ${duration(to - start)}`;
}

function TimeBar({
  axis,
  from,
  to,
  part,
  id,
}: {
  axis: Axis;
  from: number;
  to: number;
  part: string;
  id: string;
}) {
  const at = place(axis, from, to);
  if (!at) return null;
  return <i class={part} data-phase={id} style={{ left: `${at.left}%`, width: `${at.width}%` }} />;
}
