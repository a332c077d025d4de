/** Error texts in parts, so that a person's own frames are seen first and those of libraries are folded. */

export interface Part {
  /** "text" for what stands around a traceback, "own" for frames of a person's code, "library" for others. */
  kind: "text" | "own" | "library";
  lines: string[];
  /** How many frames a part of a traceback has. */
  frames: number;
}

const FRAME = /^\s*File "([^"]*)", line \d+/;
const LIBRARY = /[\\/](site-packages|dist-packages|lib[\\/]python3[^\\/]*)[\\/]|^<frozen /;

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let indent = -1;
  const put = (kind: Part["kind"], line: string, frames: number) => {
    const last = parts.at(-1);
    if (last?.kind === kind) {
      last.lines.push(line);
      last.frames += frames;
    } else parts.push({ kind, lines: [line], frames });
  };
  for (const line of text.split("\n")) {
    const frame = FRAME.exec(line);
    const depth = line.length - line.trimStart().length;
    if (frame) {
      indent = depth;
      put(LIBRARY.test(frame[1]) ? "library" : "own", line, 1);
    } else if (indent >= 0 && depth > indent && line.trim() !== "") {
      put(parts.at(-1)?.kind ?? "text", line, 0);
    } else {
      indent = -1;
      put("text", line, 0);
    }
  }
  return parts;
}
