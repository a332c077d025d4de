/** One row of a log: number, time, text in its colours, with what is looked for highlighted. */

import { time, timestamp } from "../../format";
import { type Piece, pieces, sliced } from "../../logs/ansi";
import { breaks, untabbed } from "../../logs/cells";
import { literal } from "../../logs/store";
import type { LogView } from "../../logs/view";

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
        {shown(store.text(line), part, columns, view.find.value).map((piece, i) => (
          <Styled key={i} piece={piece} />
        ))}
      </span>
    </div>
  );
}

function shown(line: string, part: number, columns: number, find: string): Piece[] {
  const all = highlighted(pieces(untabbed(line)), find);
  if (columns === 0) return sliced(all, 0, MOST_CHARS);
  const at = breaks(textOf(all), columns);
  return sliced(all, at[part] ?? 0, at[part + 1] ?? Number.MAX_SAFE_INTEGER);
}

/** The pieces cut where `find` begins and ends, whatever colours it goes through. */
function highlighted(all: Piece[], find: string): Piece[] {
  if (find === "") return all;
  const cut: Piece[] = [];
  let from = 0;
  for (const { 0: hit, index } of textOf(all).matchAll(literal(find))) {
    cut.push(...sliced(all, from, index));
    from = index + hit.length;
    cut.push(...sliced(all, index, from).map((piece) => ({ ...piece, hit: true })));
  }
  return cut.concat(sliced(all, from, Number.MAX_SAFE_INTEGER));
}

const textOf = (all: Piece[]): string => all.map((piece) => piece.text).join("");

function Styled({ piece }: { piece: Piece }) {
  const { bold, dim, italic, underline, inverse } = piece;
  const [fg, bg] = inverse ? [piece.bg ?? "var(--fj-bg)", piece.fg ?? "currentcolor"] : [piece.fg, piece.bg];
  const text = piece.hit ? <mark>{piece.text}</mark> : piece.text;
  if (fg === null && bg === null && !bold && !dim && !italic && !underline) return <>{text}</>;
  const style: Record<string, string> = {};
  if (fg !== null) style.color = colorOf(fg);
  if (bg !== null) style.background = bg === "currentcolor" ? "var(--fj-text)" : colorOf(bg);
  const classes = [bold && "bold", dim && "faint", italic && "italic", underline && "underline"].filter(
    Boolean,
  );
  return (
    <span class={classes.join(" ")} style={style}>
      {text}
    </span>
  );
}

const colorOf = (color: number | string): string =>
  typeof color === "number" ? `var(--ansi-${color})` : color;
