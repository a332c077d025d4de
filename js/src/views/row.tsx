/** One line of the tree: an action, or a group's folder. */

import { count, duration, elapsed, headline } from "../format";
import { began } from "../order";
import { CACHE_HIT, isTerminal, Kind, Phase, phaseInfo } from "../phases";
import { AbortAction, AbortNote } from "./abort";
import { RetryMark, TimeBar, timeWords, whenOf } from "./bars";
import { useView } from "./context";
import { hasError } from "./error";
import { GroupRow } from "./folder";
import { KindIcon, PhaseIcon, RetryIcon } from "./icons";
import { Marked } from "./marked";
import { Indent, ownKey, RowFrame, type RowProps, Twisty } from "./rowframe";

export function Row(props: RowProps) {
  const { store } = useView();
  const node = props.lines.node[props.line];
  return store.forest.row[node] >= 0 ? (
    <ActionRow {...props} row={store.forest.row[node]} node={node} />
  ) : (
    <GroupRow {...props} node={node} />
  );
}

/** Opens the details of an action. */
function useOpen(row: number): (tab: string) => void {
  const { state } = useView();
  return (tab) => {
    state.selected.value = String(row);
    state.tab.value = tab;
  };
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
    <div role="gridcell" class={inputs ? "cell title twin" : "cell title"}>
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
      {/* What went wrong says more than a name that nobody gave. */}
      {label !== name && !inputs && !(failed && find === "") && (
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
      <div role="gridcell" class="cell phase" data-phase={info.id} title={info.word}>
        <PhaseIcon phase={phase} />
        <span class="word">{info.word}</span>
      </div>
      <Attempts n={store.attempts[row]} />
      <div role="gridcell" class="cell duration">
        {info.terminal ? duration(took) : elapsed(took)}
      </div>
      <div
        role="gridcell"
        class="cell time"
        aria-label={timeWords(store.earliest, queued, until)}
        onMouseEnter={whenOf({ Queued: queued, Started: started, Ended: store.ended[row] })}
      >
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
