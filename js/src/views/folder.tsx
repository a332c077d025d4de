/** The row of a group: a folder with its counts, its range, its slowest and its failed members. */

import { count, duration, elapsed } from "../format";
import { extremes } from "../groups";
import { keyOf } from "../order";
import { isTerminal, Phase, phaseInfo, summaryPhase } from "../phases";
import { TimeBar, timeWords, whenOf } from "./bars";
import { useView } from "./context";
import { FolderIcon, PhaseIcon } from "./icons";
import { Marked } from "./marked";
import { Indent, ownKey, RowFrame, type RowProps, Twisty } from "./rowframe";

export function GroupRow(props: RowProps & { node: number }) {
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
            text={`slowest ${isTerminal(store.phase[slowest]) ? duration(took) : elapsed(took)}`}
          />
        )}
      </div>
      <div role="gridcell" class="cell phase" data-phase={info.id} title={info.word}>
        <PhaseIcon phase={phase} />
        <span class="word">{size < 1000 ? `${done} of ${size}` : `${count(done)} done`}</span>
      </div>
      <div role="gridcell" class="cell attempts" />
      <div role="gridcell" class="cell duration">
        {going ? elapsed(until - stats.start) : duration(until - stats.start)}
      </div>
      <div
        role="gridcell"
        class="cell time"
        aria-label={timeWords(store.earliest, stats.start, until)}
        onMouseEnter={whenOf({ Queued: stats.start, Ended: going ? Number.NaN : stats.end })}
      >
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
