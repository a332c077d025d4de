/** Text in parts of so many cells of a fixed-width font. */

const TAB = 8;

/** East Asian wide and emoji, about as terminals have it; combining marks take none. */
function cellsOf(code: number): number {
  if (code < 0x300) return 1;
  if (code <= 0x36f || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** `text` with tabs as spaces up to the next stop. */
export function untabbed(text: string): string {
  if (!text.includes("\t")) return text;
  let out = "";
  for (const part of text.split("\t")) out += part + " ".repeat(TAB - ((out.length + part.length) % TAB));
  return out.trimEnd();
}

/** Where each part of at most `columns` cells begins in `text`, as offsets of characters; the first is 0. */
export function breaks(text: string, columns: number): number[] {
  const at = [0];
  let n = 0;
  let offset = 0;
  for (const character of text) {
    const width = cellsOf(character.codePointAt(0) ?? 0);
    n += width;
    if (n > columns && offset > 0) {
      at.push(offset);
      n = width;
    }
    offset += character.length;
  }
  return at;
}
