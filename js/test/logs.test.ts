import { describe, expect, it, vi } from "vitest";
import { pieces, stripped } from "../src/logs/ansi";
import { breaks, untabbed } from "../src/logs/cells";
import { LogRows } from "../src/logs/rows";
import { LogStore, literal, TROUBLE } from "../src/logs/store";
import { LogTaste } from "../src/logs/taste";
import { LogView } from "../src/logs/view";
import { scrollFor, spanOf } from "../src/virtual";

const bytes = (text: string) => new TextEncoder().encode(text);
const piece = (first: number, count: number, more: object = {}) => ({
  attempt: 1,
  first,
  count,
  marks: [],
  note: "",
  ...more,
});

function take(
  store: LogStore,
  first: number,
  lines: string[],
  system: number[] = [],
  more: object = {},
): void {
  const times = Float64Array.from(lines, (_, i) => 1000 * (first + i));
  const flags = Uint8Array.from(lines, (_, i) => (system.includes(first + i) ? 1 : 0));
  const text = bytes(lines.map((line) => `${line}\n`).join(""));
  store.take(piece(first, lines.length, more), [new DataView(times.buffer), flags, text]);
}

const all = (store: LogStore) => [...store.copy(store.start, store.end, false)].join("");

describe("the store of a log", () => {
  it("has lines by their number, with time and originator", () => {
    const store = new LogStore();
    take(store, 0, ["one", "two"], [0]);
    take(store, 2, ["drei ä", ""]);
    expect([0, 1, 2, 3, 4, -1].map((line) => store.text(line))).toEqual(["one", "two", "drei ä", "", "", ""]);
    expect([store.time(1), store.isSystem(0), store.isSystem(1), store.count]).toEqual([
      1000,
      true,
      false,
      4,
    ]);
    expect(all(store)).toBe("one\ntwo\ndrei ä\n\n");
    expect([...store.copy(0, 2, true)]).toEqual(["two\n"]);
  });

  it("reads buffers wherever they lie in memory", () => {
    const store = new LogStore();
    const times = new Uint8Array(new Float64Array([5]).buffer);
    const shifted = new Uint8Array(9);
    shifted.set(times, 1);
    store.take(piece(0, 1), [new DataView(shifted.buffer, 1), new Uint8Array([1]), bytes("x\n")]);
    expect([store.time(0), store.isSystem(0), store.text(0)]).toEqual([5, true, "x"]);
  });

  it("begins later where the kernel no longer has the beginning, and says so", () => {
    const store = new LogStore();
    take(store, 5000, ["late"], [], { marks: [{ line: 5000, kind: "cut" }] });
    expect([store.start, store.end, store.text(5000), store.marks.get(5000)]).toEqual([
      5000,
      5001,
      "late",
      "cut",
    ]);
  });

  it("forgets what is replaced, in the middle of a piece too", () => {
    const store = new LogStore();
    take(store, 0, ["a", "b", "c"]);
    take(store, 3, ["d"]);
    take(store, 1, ["B", "C"], [], { restart: true });
    expect(all(store)).toBe("a\nB\nC\n");
    expect(store.generation).toBeGreaterThan(0);
    take(store, 0, ["new"], [], { restart: true });
    expect(all(store)).toBe("new\n");
  });

  it("keeps to its bound and marks the cut", () => {
    const store = new LogStore(40);
    for (let i = 0; i < 10; i++) take(store, i * 2, ["0123456", "abcdefg"]);
    expect([store.start, store.end, store.marks.get(store.start)]).toEqual([16, 20, "cut"]);
    expect(store.text(0)).toBe("");
  });

  it("finds lines by what is seen of them, each once", () => {
    const store = new LogStore();
    take(store, 0, ["An \u001b[31mERR\u001b[0mOR here", "error error", "fine", "10%\r100% Error"], [1]);
    take(store, 4, ["a.c", "abc"]);
    expect(store.search(literal("error"), 0, store.end, false)).toEqual([0, 1, 3]);
    expect(store.search(literal("error"), 1, store.end, true)).toEqual([3]);
    expect(store.search(literal("error"), 0, 3, false)).toEqual([0, 1]);
    expect(store.search(literal("10%"), 0, store.end, false)).toEqual([]);
    expect(store.search(literal("a.c"), 0, store.end, false)).toEqual([4]);
    expect(store.search(TROUBLE, 0, store.end, false)[0]).toBe(0);
  });
});

describe("a million lines", () => {
  const store = new LogStore();
  for (let first = 0; first < 1_000_000; first += 10_000) {
    const lines = Array.from(
      { length: 10_000 },
      (_, i) => `2026-11-21 06:31:12 INFO worker step ${first + i} loss=0.${i}`,
    );
    store.append(first, `${lines.join("\n")}\n`);
  }

  it("are kept, searched and laid out", () => {
    expect(store.count).toBe(1_000_000);
    expect(store.search(literal("STEP 99999"), 0, store.end, false)).toEqual([
      99_999,
      ...Array.from({ length: 10 }, (_, i) => 999_990 + i),
    ]);
    const rows = new LogRows();
    rows.update(store, 0, false);
    expect(rows.count).toBe(1_000_000);
    expect(rows.at(store, 654_321)).toEqual({ line: 654_321, part: 0 });
    rows.update(store, 20, false);
    const row = rows.rowOf(500_000);
    expect(rows.at(store, row + 1)).toEqual({ line: 500_000, part: 1 });
  });
});

describe("rows", () => {
  it("leave out the system's lines and make room for marks", () => {
    const store = new LogStore();
    take(store, 0, ["sys", "a", "b"], [0], { marks: [{ line: 2, kind: "gap" }] });
    const rows = new LogRows();
    rows.update(store, 0, true);
    const seen = Array.from({ length: rows.count }, (_, row) => rows.at(store, row));
    expect(seen).toEqual([
      { line: 1, part: 0 },
      { line: 2, part: -1 },
      { line: 2, part: 0 },
    ]);
    take(store, 3, ["c"]);
    rows.update(store, 0, true);
    expect([rows.count, rows.rowOf(3), rows.rowOf(0)]).toEqual([4, 3, 0]);
  });
});

describe("rows of wrapped lines", () => {
  it("are counted by what is seen, where colours are and where some letters are wide", () => {
    const store = new LogStore();
    const red = (text: string) => `\u001b[31m${text}\u001b[0m`;
    take(store, 0, [red("abcdef"), red("abc"), ""]);
    take(store, 3, [red("数数数"), "abcdef", "abcd"]);
    const rows = new LogRows();
    rows.update(store, 4, false);
    expect(Array.from({ length: 6 }, (_, line) => rows.rowOf(line))).toEqual([0, 2, 3, 4, 6, 8]);
    expect(rows.count).toBe(9);
  });
});

describe("parts of lines", () => {
  it("are as wide as asked, by cells", () => {
    expect(breaks("abcdef", 4)).toEqual([0, 4]);
    expect(breaks("", 4)).toEqual([0]);
    expect(breaks("a数b数", 3)).toEqual([0, 2]);
    expect(breaks("数数数", 3)).toEqual([0, 1, 2]);
    expect(untabbed("a\tb")).toBe("a       b");
  });
});

describe("a view of a log", () => {
  const view = () => {
    const made = new LogView(new LogTaste());
    take(made.store, 0, ["x error", "y", "z error"]);
    return made;
  };

  it("steps through matches around the ends, and through those that come later", () => {
    const log = view();
    expect(log.step(1)).toBe(-1);
    log.find.value = "error";
    expect([log.step(1), log.step(1), log.step(1), log.step(-1)]).toEqual([0, 2, 0, 2]);
    take(log.store, 3, ["more error"]);
    expect(log.found.value).toEqual([0, 2, 3]);
    expect(log.step(1)).toBe(3);
    expect(log.firstTrouble()).toBe(0);
  });

  it("searches a long log in parts, so that the page goes on, and shows what it has", async () => {
    const log = new LogView(new LogTaste());
    for (let first = 0; first < 500_000; first += 10_000) log.store.append(first, "error\n".repeat(10_000));
    log.find.value = "error";
    expect(log.found.value.length).toBe(200_000);
    await vi.waitFor(() => expect(log.found.value.length).toBe(500_000));
    log.find.value = "nothing";
    await vi.waitFor(() => expect(log.found.value.length).toBe(0));
    expect(log.firstTrouble()).toBe(0);
  });

  it("copies the lines that are selected, in either direction, or all", () => {
    const log = view();
    expect(log.text()).toBe("x error\ny\nz error\n");
    log.select(2, false);
    log.select(1, true);
    expect([log.text(), log.isSelected(0), log.isSelected(2)]).toEqual(["y\nz error\n", false, true]);
  });
});

describe("terminal colours", () => {
  const look = (line: string) =>
    pieces(line).map(({ text, fg, bg, bold }) =>
      [text, fg, bg, bold].filter((it) => it !== null && it !== false),
    );

  it.each([
    ["plain", [["plain"]]],
    ["\u001b[31mred\u001b[0m rest", [["red", 1], [" rest"]]],
    [
      "\u001b[1;92mok\u001b[22m!",
      [
        ["ok", 10, true],
        ["!", 10],
      ],
    ],
    [
      "\u001b[38;5;196mx\u001b[48;2;1;2;3my",
      [
        ["x", "rgb(255 0 0)"],
        ["y", "rgb(255 0 0)", "rgb(1 2 3)"],
      ],
    ],
    ["\u001b[2K\u001b]0;title\u0007a\u001b[1Gb", [["a"], ["b"]]],
    ["12%\r99%\r", [["99%"]]],
    ["", []],
    ["\u001b[", [["\ufffd["]]],
    ["\u001b[999;;38;2mz", [["z"]]],
  ])("%j", (line, expected) => {
    expect(look(line)).toEqual(expected);
  });

  it("are left out of what is searched and copied", () => {
    expect(stripped("\u001b[31mred\u001b[0m\r")).toBe("red");
    expect(stripped("12%\r99%")).toBe("99%");
  });
});

describe("rows beyond the height of elements", () => {
  it.each([1000, 800_000, 5_000_000])("of %i are all reached", (rows) => {
    const view = 400;
    const last = scrollFor(rows - 1, rows, 18, view, view);
    const { height, first, top } = spanOf(rows, 18, view, height_(rows) - view);
    expect(height).toBeLessThan(16_000_000);
    expect(top(rows) - (height_(rows) - view)).toBeCloseTo(view, 0);
    expect(first).toBeGreaterThan(rows - 30);
    expect(last).toBeLessThanOrEqual(height);
    const middle = scrollFor(rows / 2, rows, 18, view, 0);
    expect(Math.abs(spanOf(rows, 18, view, middle).first - rows / 2)).toBeLessThanOrEqual(1);
  });
});

const height_ = (rows: number) => spanOf(rows, 18, 400, 0).height;
