/** One line of the tree: an action, or a group's folder. */

import { count, duration, elapsed, headline } from "../format";
import { CACHE_HIT, isTerminal, Phase, phaseInfo, summaryPhase } from "../phases";
import { type Axis, place } from "../timeline";
import { keyOf, type VisibleLines } from "../visible";
import { AbortAction, AbortNote } from "./abort";
import { useView } from "./context";
import { hasError } from "./error";
import { ChevronIcon, FolderIcon, KindIcon, PhaseIcon } from "./icons";

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
      aria-expanded={parent ? !state.collapsed.has(key) : undefined}
      style={{ top: `${top}px` }}
      onClick={() => {
        state.selected.value = key;
      }}
      onDblClick={() => parent && state.toggle(key)}
      onMouseDown={(event) => {
        // A double click opens and closes: it does not select the words under it.
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
      class={state.collapsed.has(key) ? "twisty" : "twisty open"}
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

function ActionRow(props: RowProps & { row: number; node: number }) {
  const { store, state, errors } = useView();
  const { row, node, lines, line, axis, now, selected } = props;
  const phase = store.phase[row];
  const info = phaseInfo(phase);
  const name = store.text(store.name[row]);
  const label = store.text(store.label[row]) || name;
  const error = store.text(store.error[row]);
  const queued = store.queued[row];
  const started = store.started[row];
  const ended = store.ended[row];
  const until = info.terminal ? ended : now;
  const began = Number.isNaN(started) && info.terminal ? queued : started;
  return (
    <RowFrame {...props} data={{ "data-action": name, "data-phase": info.id }}>
      <div role="gridcell" class="cell title">
        <Indent depth={lines.depth[line]} />
        <Twisty node={node} />
        <KindIcon kind={store.kind[row]} />
        <span class="label" title={label === name ? name : `${label} (${name})`}>
          {label}
        </span>
        {label !== name && <code class="id">{name}</code>}
        {store.cache[row] === CACHE_HIT && <span class="tag">cached</span>}
        {hasError(store, row) && row !== store.root && (
          <button
            type="button"
            class="inline-error"
            tabIndex={selected ? 0 : -1}
            aria-expanded={state.openErrors.has(row)}
            title={error || undefined}
            onKeyDown={(event) => {
              if (event.key === "Enter" || event.key === " ") event.stopPropagation();
            }}
            onClick={(event) => {
              event.stopPropagation();
              state.selected.value = String(row);
              errors.forgetUnavailable();
              state.toggleError(row);
            }}
          >
            {headline(error) || "Show error"}
          </button>
        )}
        {!info.terminal && <AbortNote action={name} />}
      </div>
      <div role="gridcell" class="cell phase" data-phase={info.id}>
        <PhaseIcon phase={phase} />
        <span class="word">{info.word}</span>
      </div>
      <div role="gridcell" class={store.attempts[row] > 1 ? "cell attempts many" : "cell attempts"}>
        {store.attempts[row]}
      </div>
      <div role="gridcell" class="cell duration">
        {info.terminal ? duration(until - began) : elapsed(until - began)}
      </div>
      <div role="gridcell" class="cell time" aria-label={timeWords(store.earliest, queued, until)}>
        <TimeBar
          axis={axis}
          from={queued}
          to={Number.isNaN(started) ? until : started}
          part="wait"
          id={info.id}
        />
        <TimeBar
          axis={axis}
          from={started}
          to={until}
          part={store.forest.size[node] > 0 ? "ran parent" : "ran"}
          id={info.id}
        />
      </div>
      <div role="gridcell" class="cell tools">
        {!isTerminal(phase) && !store.head?.over && <AbortAction action={name} active={selected} />}
      </div>
    </RowFrame>
  );
}

function GroupRow(props: RowProps & { node: number }) {
  const { store } = useView();
  const { node, lines, line, axis, now } = props;
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
  return (
    <RowFrame {...props} class="group" data={{ "data-group": label, "data-phase": info.id }}>
      <div role="gridcell" class="cell title">
        <Indent depth={lines.depth[line]} />
        <Twisty node={node} />
        <FolderIcon />
        <span class="label" title={label}>
          {label}
        </span>
        <span class="id">{count(size)}</span>
        {bad > 0 && <span class="tag bad">{count(bad)} failed</span>}
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
