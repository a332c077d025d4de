/** One row of a log: number, time, text in its colours, with what is looked for highlighted. */

import { time, timestamp } from "../../format";
import { type Piece, pieces, sliced } from "../../logs/ansi";
import { breaks, untabbed } from "../../logs/cells";
import type { LogView } from "../../logs/view";
import { Marked } from "../marked";

/** More of a line is not drawn; copying and saving have all of it. */
const MOST_CHARS = 4000;

interface LineProps {
  view: LogView;
  line: number;
  part: number;
  /** Cells per row where lines are wrapped, else 0. */
  columns: number;
  top: number;
  digits: number;
  /** Cells that a time takes. */
  timed: number;
  now: number;
}

export function Line({ view, line, part, columns, top, digits, timed, now }: LineProps) {
  const { store, taste } = view;
  const style = { top: `${top}px` };
  if (part < 0) {
    const cut = store.marks.get(line) === "cut";
    return (
      <div class="log-line mark" style={style} role="note">
        {cut ? "Earlier lines are not kept" : "Some lines may be missing here"}
      </div>
    );
  }
  const at = store.time(line);
  const classes = ["log-line"];
  if (store.isSystem(line)) classes.push("system");
  if (view.isSelected(line)) classes.push("selected");
  if (view.match.value === line && view.find.value !== "") classes.push("current");
  return (
    <div class={classes.join(" ")} style={style} data-line={line}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way to copy is the browser's own selection */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <span
        class="number"
        style={{ width: `${digits}ch` }}
        title="Click to select, Shift-click to extend"
        onMouseDown={(event) => event.preventDefault()}
        onClick={(event) => view.select(line, event.shiftKey)}
      >
        {part === 0 ? line + 1 : ""}
      </span>
      {taste.times.value && (
        <span class="at" style={{ width: `${timed}ch` }} title={Number.isNaN(at) ? undefined : timestamp(at)}>
          {part === 0 && !Number.isNaN(at) ? time(at, now) : ""}
        </span>
      )}
      <span class="text">
        {shown(store.text(line), part, columns).map((piece, i) => (
          <Styled key={i} piece={piece} find={view.find.value} />
        ))}
      </span>
    </div>
  );
}

function shown(text: string, part: number, columns: number): Piece[] {
  const all = pieces(untabbed(text));
  if (columns === 0) return sliced(all, 0, MOST_CHARS);
  const at = breaks(all.map((piece) => piece.text).join(""), columns);
  return sliced(all, at[part] ?? 0, at[part + 1] ?? Number.MAX_SAFE_INTEGER);
}

function Styled({ piece, find }: { piece: Piece; find: string }) {
  const { text, bold, dim, italic, underline, inverse } = piece;
  const [fg, bg] = inverse ? [piece.bg ?? "var(--fj-bg)", piece.fg ?? "currentcolor"] : [piece.fg, piece.bg];
  if (fg === null && bg === null && !bold && !dim && !italic && !underline)
    return <Marked text={text} find={find} />;
  const style: Record<string, string> = {};
  if (fg !== null) style.color = colorOf(fg);
  if (bg !== null) style.background = bg === "currentcolor" ? "var(--fj-text)" : colorOf(bg);
  const classes = [bold && "bold", dim && "faint", italic && "italic", underline && "underline"].filter(
    Boolean,
  );
  return (
    <span class={classes.join(" ")} style={style}>
      <Marked text={text} find={find} />
    </span>
  );
}

const colorOf = (color: number | string): string =>
  typeof color === "number" ? `var(--ansi-${color})` : color;
