/**
 * The lines of one log, a million and more: pieces of text as they came, each with where its lines end.
 *
 * Lines have the kernel's numbers. What is kept is bounded; the oldest pieces go first, and a mark says so.
 */

import { signal } from "@preact/signals";
import type { LogPiece } from "../sights";
import { hasEscapes, stripped } from "./ansi";

export type MarkKind = "gap" | "cut";

interface Chunk {
  first: number;
  /** Every line ends with "\n". */
  text: string;
  /** Where each line ends in `text`, its "\n" excluded. */
  ends: Uint32Array;
  /** The text as it is seen, without escapes, and where its lines end; the same where there are none. */
  seen: string;
  seenEnds: Uint32Array;
  times: Float64Array;
  flags: Uint8Array;
  /** What is seen is only printable ASCII: one character is one cell. */
  plain: boolean;
}

/** Characters of text that are kept. */
const MOST_CHARS = 160_000_000;
const SYSTEM = 1;
const decoder = new TextDecoder();
const NOT_PLAIN = /[^\n\u0020-\u007e]/;

export class LogStore {
  /** Grows with each piece. */
  readonly tick = signal(0);
  /** Grows when lines were forgotten: what was counted of them no longer holds. */
  generation = 0;
  /** First line that is kept, and the one after the last. */
  start = 0;
  end = 0;
  /** Marks before lines. */
  readonly marks = new Map<number, MarkKind>();
  note = "";
  attempt = 0;

  #chunks: Chunk[] = [];
  #chars = 0;
  readonly #most: number;

  constructor(most = MOST_CHARS) {
    this.#most = most;
  }

  get count(): number {
    return this.end - this.start;
  }

  /** Takes a piece as the kernel sends it: times f8, flags u1, text of lines that each end with "\n". */
  take(piece: LogPiece, buffers: unknown): void {
    this.note = piece.note ?? "";
    this.attempt = piece.attempt;
    if (piece.restart) this.#forgetFrom(piece.first);
    if (piece.first < this.end && piece.count > 0) this.#forgetFrom(piece.first);
    const [times, flags, text] = (Array.isArray(buffers) ? buffers : []).map(bytesOf);
    if (text && piece.count > 0) this.append(piece.first, decoder.decode(text), floats(times), flags);
    for (const { line, kind } of piece.marks ?? []) this.marks.set(line, kind);
    this.tick.value++;
  }

  append(first: number, text: string, times?: Float64Array, flags?: Uint8Array): void {
    const ends = endsOf(text);
    if (ends.length === 0) return;
    // Once when it comes: a search goes through a million lines in a blink.
    const same = !hasEscapes(text) && !text.includes("\r");
    const seen = same ? text : text.split("\n").map(stripped).join("\n");
    if (this.#chunks.length === 0) this.start = first;
    else if (first > this.end) this.marks.set(first, "gap");
    this.#chunks.push({
      // A hole in the numbers is closed, for what is not there cannot be shown; the mark tells of it.
      first: this.#chunks.length === 0 ? first : this.end,
      text,
      ends,
      seen,
      seenEnds: same ? ends : endsOf(seen),
      times: times?.length === ends.length ? times : new Float64Array(ends.length).fill(Number.NaN),
      flags: flags?.length === ends.length ? flags : new Uint8Array(ends.length),
      plain: !NOT_PLAIN.test(seen),
    });
    this.end = (this.#chunks.length === 1 ? first : this.end) + ends.length;
    this.#chars += text.length + (same ? 0 : seen.length);
    while (this.#chars > this.#most && this.#chunks.length > 1) this.#dropOldest();
  }

  text(line: number): string {
    const chunk = this.#chunkOf(line);
    if (!chunk) return "";
    const i = line - chunk.first;
    return chunk.text.slice(i === 0 ? 0 : chunk.ends[i - 1] + 1, chunk.ends[i]);
  }

  /** ms since 1970, NaN where unknown. */
  time(line: number): number {
    const chunk = this.#chunkOf(line);
    return chunk ? chunk.times[line - chunk.first] : Number.NaN;
  }

  isSystem(line: number): boolean {
    const chunk = this.#chunkOf(line);
    return chunk ? (chunk.flags[line - chunk.first] & SYSTEM) !== 0 : false;
  }

  /** Calls `each` with every line from `from` on, how many characters are seen of it, and whether each is one cell. */
  scan(from: number, each: (line: number, system: boolean, chars: number, plain: boolean) => void): void {
    for (const { first, seen, seenEnds: ends, flags, plain } of this.#chunks) {
      if (first + ends.length <= from) continue;
      for (let i = Math.max(0, from - first); i < ends.length; i++) {
        const begin = i === 0 ? 0 : ends[i - 1] + 1;
        const simple = plain || !NOT_PLAIN.test(seen.slice(begin, ends[i]));
        each(first + i, (flags[i] & SYSTEM) !== 0, ends[i] - begin, simple);
      }
    }
  }

  /** The lines from `from` up to before `to` that `wanted` finds in their text as it is seen, in order. */
  search(wanted: RegExp, from: number, to: number, hideSystem: boolean): number[] {
    const found: number[] = [];
    for (const chunk of this.#chunks) {
      if (chunk.first >= to) break;
      if (chunk.first + chunk.ends.length > from)
        searchChunk(chunk, wanted, Math.max(from, chunk.first), to, hideSystem, found);
    }
    return found;
  }

  /** The text of lines `from` to `to` (exclusive) as it is seen, for the clipboard and for files. */
  *copy(from: number, to: number, hideSystem: boolean): Generator<string> {
    for (let line = Math.max(from, this.start); line < Math.min(to, this.end); line++) {
      if (!(hideSystem && this.isSystem(line))) yield `${stripped(this.text(line))}\n`;
    }
  }

  #chunkOf(line: number): Chunk | undefined {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle];
      if (line < chunk.first) high = middle - 1;
      else if (line >= chunk.first + chunk.ends.length) low = middle + 1;
      else return chunk;
    }
    return undefined;
  }

  #dropOldest(): void {
    const oldest = this.#chunks.shift();
    if (!oldest) return;
    this.#chars -= sizeOf(oldest);
    for (let line = this.start; line <= oldest.first + oldest.ends.length; line++) this.marks.delete(line);
    this.start = oldest.first + oldest.ends.length;
    this.marks.set(this.start, "cut");
    this.generation++;
  }

  /** Forgets the lines from `line` on. */
  #forgetFrom(line: number): void {
    for (
      let last = this.#chunks.at(-1);
      last && last.first + last.ends.length > line;
      last = this.#chunks.at(-1)
    ) {
      this.#chunks.pop();
      this.#chars -= sizeOf(last);
      this.end = last.first;
      if (last.first >= line) continue;
      const keep = line - last.first;
      const until = last.ends[keep - 1] + 1;
      this.append(
        last.first,
        last.text.slice(0, until),
        last.times.slice(0, keep),
        last.flags.slice(0, keep),
      );
      break;
    }
    if (this.#chunks.length === 0) this.start = this.end = line;
    for (const marked of [...this.marks.keys()]) if (marked >= line) this.marks.delete(marked);
    this.generation++;
  }
}

/** Characters that a chunk keeps. */
const sizeOf = ({ text, seen }: Chunk): number => text.length + (seen === text ? 0 : seen.length);

function searchChunk(
  chunk: Chunk,
  wanted: RegExp,
  from: number,
  to: number,
  hideSystem: boolean,
  found: number[],
): void {
  const { seen: text, seenEnds: ends } = chunk;
  const skip = from - chunk.first;
  wanted.lastIndex = skip === 0 ? 0 : ends[skip - 1] + 1;
  let i = skip;
  for (let match = wanted.exec(text); match; match = wanted.exec(text)) {
    i = lineAt(ends, match.index, i);
    if (i >= ends.length || chunk.first + i >= to) return;
    if (!(hideSystem && (chunk.flags[i] & SYSTEM) !== 0)) found.push(chunk.first + i);
    // One match per line is enough.
    wanted.lastIndex = ends[i] + 1;
  }
}

/** The line that holds the character at `at`: the first from `low` on that ends behind it. */
function lineAt(ends: Uint32Array, at: number, low: number): number {
  let from = low;
  let to = ends.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ends[middle] < at) from = middle + 1;
    else to = middle;
  }
  return from;
}

function endsOf(text: string): Uint32Array {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at);
  return Uint32Array.from(ends);
}

function bytesOf(buffer: unknown): Uint8Array {
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(0);
}

/** Copied: the bytes of a message may lie anywhere. */
function floats(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer, 0, Math.floor(bytes.length / 8));
}

/** What finds `text` as it stands, whatever its case. */
export function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
}

/** What a line says that tells of an error. */
export const TROUBLE = /\b(?:error|exception|traceback|fatal|critical|panic)\b|Error\b/gi;
