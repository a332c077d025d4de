import { describe, expect, it, vi } from "vitest";
import { io } from "../dev/sights";
import { all, button, click, eventually, one, smallRun } from "./page";
import { openDetails, pane, requests } from "./pane";

describe("inputs and outputs", () => {
  it("fold, show tables, and ask for all of what was shortened", async () => {
    const { element, kernel } = await openDetails("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    expect(all(element, ".records th").map((it) => it.textContent)).toEqual(["fold", "loss", "seconds"]);
    expect(all(element, "img").map((it) => it.getAttribute("src")?.slice(0, 15))).toEqual([
      "data:image/png;",
    ]);
    click(button(element, "Fold config"));
    await eventually(() => expect(pane(element)).not.toContain("lightgbm"));
    kernel.answer = () => ({ text: "everything" });
    click(all(element, ".linkish").find((it) => it.textContent?.startsWith("See all 18,204")));
    await eventually(() => expect(one(element, "pre.all").textContent).toBe("everything"));
    expect(requests(kernel, "value")[0]).toMatchObject({
      params: { action: "a1", path: ["inputs", "note"] },
    });
  });

  it.each([
    ["The inputs are being read.", null, null, ["The inputs are being read.", "Not there yet."]],
    ["There are no outputs yet.", [], null, ["There are no inputs.", "There are no outputs yet."]],
    [
      "It did not succeed, so it has no outputs.",
      [],
      [],
      ["There are no inputs.", "It did not succeed, so it has no outputs."],
    ],
    ["", [], [], ["There are no inputs.", "There are no outputs."]],
  ])("say once what is missing: %s", async (note, inputs, outputs, said) => {
    const { element } = await openDetails(
      "a1",
      { io: { note, inputs, outputs } },
      smallRun(),
      "Inputs & Outputs",
    );
    await eventually(() => expect(all(element, ".tab .dim").map((it) => it.textContent)).toEqual(said));
  });

  it("copy the whole of a value that is shortened, or nothing", async () => {
    const copies = vi.fn(async (_text: string) => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: copies } });
    const { element, kernel } = await openDetails("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    kernel.answer = () => {
      throw new Error("It was deleted.");
    };
    click(button(element, "Copy note"));
    await eventually(() => expect(pane(element)).toContain("It was deleted."));
    kernel.answer = () => ({ text: "everything" });
    click(button(element, "Copy note"));
    await eventually(() => expect(button(element, "Copy note")?.title).toBe("Copied"));
    click(button(element, "Copy horizon"));
    await eventually(() => expect(copies.mock.calls).toEqual([["everything"], ["28"]]));
    vi.unstubAllGlobals();
  });

  it("read on in a long list, a piece at a time, and say what is not shown", async () => {
    const items = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        name: String(from + i),
        type: "int",
        kind: "value" as const,
        text: `#${from + i}`,
        path: ["inputs", "xs", from + i],
      }));
    const xs = { name: "xs", type: "list[int]", kind: "list" as const, text: "[…]", path: ["inputs", "xs"] };
    const inputs = [{ ...xs, size: 2_050, items: items(0, 50) }];
    const { element, kernel } = await openDetails(
      "a1",
      { io: { note: "", inputs, outputs: [] } },
      smallRun(),
      "Inputs & Outputs",
    );
    kernel.answer = (_method, params) => {
      const from = Number(params.from);
      const to = Math.min(from + 1_000, 2_050);
      return { items: items(from, to), left_out: 2_050 - to, code: "load()" };
    };
    await eventually(() => expect(button(element, "See 1,000 more")).toBeDefined());
    click(button(element, "See 1,000 more"));
    await eventually(() =>
      expect(one(element, ".rest").textContent).toContain("The first 1,050 of 2,050 items."),
    );
    expect(button(element, "Copy Python that loads xs")).toBeUndefined();
    click(button(element, "See all 2,050"));
    await eventually(() => expect(all(element, ".nodes .nodes > .node").length).toBe(2_050));
    expect(pane(element)).toContain("#2049");
    expect(all(element, ".rest")).toEqual([]);
    expect(requests(kernel, "value").map((it) => (it as { params: { from: number } }).params.from)).toEqual([
      50, 1_050,
    ]);
  });

  it("show all rows of a table, and each as a value", async () => {
    const file = {
      name: "f",
      type: "Dir",
      kind: "blob" as const,
      text: "s3://b/d",
      path: ["outputs", "o0", 0, 1],
      uri: "s3://b/d",
      bytes: 5,
      files: 2,
      code: "file()",
    };
    const record = (i: number) => ({
      name: String(i),
      type: "dict",
      kind: "record" as const,
      text: "{…}",
      path: ["outputs", "o0", i],
      size: 1,
      items: [file],
    });
    const rs = {
      name: "o0",
      type: "list[Rec]",
      kind: "list" as const,
      text: "[…]",
      path: ["outputs", "o0"],
      size: 2,
    };
    const bytes = {
      name: "raw",
      type: "bytes",
      kind: "blob" as const,
      text: "315 bytes",
      path: ["outputs", "raw"],
    };
    const outputs = [
      { ...rs, items: [record(0)], columns: ["t", "f"], rows: [["w".repeat(100), "d"]] },
      { ...bytes, bytes: 315, code: "save()" },
    ];
    const { element, kernel } = await openDetails(
      "a1",
      { io: { note: "", inputs: [], outputs } },
      smallRun(),
      "Inputs & Outputs",
    );
    await eventually(() => expect(one(element, ".rest").textContent).toContain("The first 1 of 2 rows."));
    kernel.answer = () => ({ items: [record(1)], rows: [["second", "d"]], left_out: 0 });
    click(button(element, "See all 2"));
    await eventually(() => expect(all(element, "tbody tr").length).toBe(2));
    expect(all(element, "td").map((it) => it.title)).toContain("w".repeat(100));
    click(button(element, "Unfold row 1"));
    await eventually(() =>
      expect(one(element, ".records .reference").textContent).toContain("5 B in 2 files"),
    );
    expect(button(element, "Copy Python that loads f")).toBeDefined();
    expect(button(element, "Copy Python that loads raw")).toBeDefined();
  });

  it("say why the whole of a value cannot be had", async () => {
    const { element, kernel } = await openDetails("a1", { io }, smallRun(), "Inputs & Outputs");
    await eventually(() => expect(pane(element)).toContain("horizon"));
    kernel.answer = () => {
      throw new Error("It was deleted.");
    };
    click(all(element, ".linkish")[0]);
    await eventually(() => expect(pane(element)).toContain("It was deleted."));
  });
});
