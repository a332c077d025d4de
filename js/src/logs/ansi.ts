/** Terminal colours of one line as styled pieces; everything else a terminal would obey is left out. */

import { printable } from "../format";

/** A stretch of text of one look. `fg` and `bg`: 0 to 15 for the sixteen colours, a CSS colour, or null. */
export interface Piece {
  text: string;
  fg: number | string | null;
  bg: number | string | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  /** It is what is looked for. */
  hit?: boolean;
}

const PLAIN: Omit<Piece, "text"> = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
};

/** CSI sequences, OSC sequences (window titles, links), and other escapes of two characters. */
const ESCAPE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\u001b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?|[@-Z\\^_a-z0-9=>()])/g;

export const hasEscapes = (text: string): boolean => text.includes("\u001b");

/** `text` without escapes, and of what a carriage return overwrites only what is left to see. */
export function stripped(text: string): string {
  const bare = hasEscapes(text) ? text.replace(ESCAPE, "") : text;
  const end = bare.endsWith("\r") ? bare.length - 1 : bare.length;
  const back = bare.lastIndexOf("\r", end - 1);
  return back < 0 && end === bare.length ? bare : bare.slice(back + 1, end);
}

/** The part of `all` from character `from` to `to`. */
export function sliced(all: Piece[], from: number, to: number): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const piece of all) {
    const text = piece.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += piece.text.length;
    if (text !== "") found.push({ ...piece, text });
  }
  return found;
}

/** The pieces of a line. */
export function pieces(line: string): Piece[] {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  const text = line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
  if (!hasEscapes(text)) return text === "" ? [] : [{ ...PLAIN, text: printable(text) }];
  const found: Piece[] = [];
  let look = PLAIN;
  let from = 0;
  const put = (part: string) => {
    if (part !== "") found.push({ ...look, text: printable(part) });
  };
  for (const match of text.matchAll(ESCAPE)) {
    put(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") look = changed(look, match[1]);
  }
  put(text.slice(from));
  return found;
}

/** The look after a sequence of SGR parameters. */
function changed(before: Omit<Piece, "text">, parameters: string): Omit<Piece, "text"> {
  const codes = parameters.split(/[;:]/).map(Number);
  let look = { ...before };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) look = { ...PLAIN };
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes, i + 1);
      look[code === 38 ? "fg" : "bg"] = color;
      i += used;
    } else Object.assign(look, simple(code));
  }
  return look;
}

function simple(code: number): Partial<Piece> {
  if (code >= 30 && code <= 37) return { fg: code - 30 };
  if (code >= 40 && code <= 47) return { bg: code - 40 };
  if (code >= 90 && code <= 97) return { fg: code - 82 };
  if (code >= 100 && code <= 107) return { bg: code - 92 };
  return SIMPLE[code] ?? {};
}

const SIMPLE: Record<number, Partial<Piece>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { fg: null },
  49: { bg: null },
};

/** The colour of "5;N" or "2;R;G;B" from `at` on, and how many codes it took. */
function extended(codes: number[], at: number): [number | string | null, number] {
  if (codes[at] === 5) return [palette(codes[at + 1]), 2];
  if (codes[at] !== 2) return [null, 0];
  const rgb = codes.slice(at + 1, at + 4).map((value) => Math.min(255, Math.max(0, value || 0)));
  return [rgb.length === 3 ? `rgb(${rgb.join(" ")})` : null, 4];
}

/** A colour of the 256: sixteen of the theme, a cube of 6 by 6 by 6, 24 greys. */
function palette(n: number): number | string | null {
  if (!(n >= 0 && n <= 255)) return null;
  if (n < 16) return n;
  if (n >= 232) {
    const grey = (n - 232) * 10 + 8;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = n - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
