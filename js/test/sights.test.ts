/** Looks and what they see: the contract's messages, gaps, values beside buffers; small pieces that details are made of. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answerOf } from "../src/answers";
import { Connection } from "../src/connection";
import { LogStore } from "../src/logs/store";
import { Looks } from "../src/looks";
import type { Model, SightContent, ToKernel } from "../src/protocol";
import type { Details, LogPiece } from "../src/sights";
import { partsOf } from "../src/traceback";

interface Messages {
  page: ToKernel[];
  kernel: { content: { type: string }; buffers: string[] }[];
}

const golden: Messages = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "tests", "golden", "messages.json"), "utf8"),
);
const sights = golden.kernel.filter(({ content }) => content.type === "sight");

function looks() {
  const sent: ToKernel[] = [];
  const made = new Looks((message) => {
    sent.push(message);
    return true;
  });
  return { made, sent, lid: () => (sent.at(-1) as { lid: string }).lid };
}

const sight = (lid: string, seq: number, more: Partial<SightContent>): SightContent => ({
  type: "sight",
  lid,
  seq,
  ...more,
});

describe("the contract", () => {
  it("has the page's messages as the page sends them", () => {
    const sent: ToKernel[] = [];
    const model: Model = {
      get: () => undefined,
      send: (content) => sent.push(JSON.parse(JSON.stringify(content))),
      on: () => {},
      off: () => {},
    };
    const link = new Connection(model).mount("5e1f");
    const look = link.look("logs", { run: "k", action: "a0", params: { attempt: null, from: 0 } });
    link.request("labels", { run: "k", actions: ["c1"] });
    look.close();
    for (const type of ["hello", "look", "request", "away"]) {
      const mine = sent.find((message) => message.type === type) ?? {};
      const theirs = golden.page.find((message) => message.type === type) ?? {};
      expect(Object.keys(mine).sort(), type).toEqual(Object.keys(theirs).sort());
    }
    link.close();
  });

  it.each(
    sights.map(({ content }, i) => [i, content as SightContent] as const),
  )("has sight %i", (i, content) => {
    const { made, lid } = looks();
    const store = new LogStore();
    const pieces = sights[i].buffers.map((text) => new Uint8Array(Buffer.from(text, "base64")));
    const look = made.open("m1", "details", {
      take: (value, buffers) => pieces.length > 0 && store.take(value as LogPiece, buffers),
    });
    made.receive({ ...content, lid: lid(), seq: 1 }, pieces);
    const seen = look.sight.value;
    expect([seen.error, seen.end]).toEqual([content.error ?? "", content.end ?? false]);
    expect(seen.value).toEqual(content.value ?? null);
    if (pieces.length > 0) {
      expect([store.count, store.isSystem(0), store.text(2), store.marks.get(1)]).toEqual([
        3,
        true,
        "äöü",
        "gap",
      ]);
      expect(store.time(2)).toBeNaN();
    }
  });

  it("has details as the page reads them", () => {
    const details = sights[0].content as unknown as { value: Details };
    expect(details.value.attempts.map(({ phases }) => phases.length)).toEqual([3, 3]);
  });
});

describe("a look", () => {
  it("keeps what it saw beside what went wrong, and the end", () => {
    const { made, lid } = looks();
    const look = made.open("m1", "io", {});
    made.receive(sight(lid(), 1, { value: { note: "x\u202e" } }), []);
    made.receive(sight(lid(), 2, { error: "Lost." }), []);
    expect(look.sight.value).toEqual({ value: { note: "x\ufffd" }, error: "Lost.", end: false });
    made.receive(sight(lid(), 3, { end: true }), []);
    expect(look.sight.value).toEqual({ value: { note: "x\ufffd" }, error: "", end: true });
  });

  it("is taken again after a loss, with what is wanted then", () => {
    const { made, sent, lid } = looks();
    let from = 0;
    const look = made.open("m1", "logs", { params: () => ({ from }) });
    made.receive(sight(lid(), 1, { value: 1 }), []);
    from = 7;
    made.receive(sight(lid(), 3, { value: 3 }), []);
    expect(sent.at(-1)).toMatchObject({ type: "look", lid: lid(), params: { from: 7 } });
    expect(look.sight.value.value).toBe(1);
    made.receive(sight(lid(), 1, { value: 4 }), []);
    expect(look.sight.value.value).toBe(4);
  });

  it("is let go once, and sees nothing more", () => {
    const { made, sent, lid } = looks();
    const look = made.open("m1", "spec", {});
    const id = lid();
    look.close();
    look.close();
    expect(sent.map(({ type }) => type)).toEqual(["look", "away"]);
    made.receive(sight(id, 1, { value: 1 }), []);
    expect(look.sight.value.value).toBeNull();
  });
});

describe("an answer", () => {
  it.each([
    ["bool", "true", true],
    ["bool", "", null],
    ["int", " -3 ", -3],
    ["int", "3.5", null],
    ["int", "99999999999999999999", null],
    ["float", "1e-3", 0.001],
    ["float", "x", null],
    ["float", "", null],
    ["str", " as it is ", " as it is "],
  ])("of type %s from %j", (type, text, value) => {
    const answer = answerOf(type, text);
    if (value === null) expect("why" in answer && answer.why).toMatch(/\.$/);
    else expect(answer).toEqual({ value });
  });
});

describe("an error's parts", () => {
  const text = [
    "Traceback (most recent call last):",
    '  File "/home/me/x.py", line 1, in f',
    "    g()",
    '  File "/usr/lib/python3.11/site-packages/p/q.py", line 2, in g',
    "    h()",
    "    ^^^",
    '  File "C:\\py\\Lib\\site-packages\\r.py", line 3, in h',
    '  File "/home/me/x.py", line 9, in i',
    "    raise",
    "ValueError: no",
  ].join("\n");

  it("tell libraries from a person's own frames, and lose nothing", () => {
    const parts = partsOf(text);
    expect(parts.map(({ kind, frames }) => [kind, frames])).toEqual([
      ["text", 0],
      ["own", 1],
      ["library", 2],
      ["own", 1],
      ["text", 0],
    ]);
    expect(parts.flatMap(({ lines }) => lines).join("\n")).toBe(text);
  });

  it("are one where there is no traceback", () => {
    expect(partsOf("a\n b").map(({ kind }) => kind)).toEqual(["text"]);
  });
});
