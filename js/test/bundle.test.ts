// @vitest-environment node
/** What is sent to every page: small, whole, and without ways to turn text into code. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a script without types
import { bundle } from "../build.mjs";

const SRC = join(import.meta.dirname, "..", "src");

describe("the bundle", () => {
  it("keeps to its budget in both parts, and needs nothing from elsewhere", async () => {
    const result = await bundle({ write: false, metafile: true });
    const { contents } = result.outputFiles[0] as { contents: Uint8Array };
    expect(contents.length).toBeLessThanOrEqual(120_000);
    expect(gzipSync(contents, { level: 9 }).length).toBeLessThanOrEqual(40_000);
    expect(Buffer.byteLength(result.more)).toBeLessThanOrEqual(74_000);
    expect(gzipSync(result.more, { level: 9 }).length).toBeLessThanOrEqual(24_500);
    expect(result.more).not.toMatch(/\bimport\b\s*[{(*]/);
    const [output] = Object.values<{ imports: unknown[]; exports: string[] }>(result.metafile.outputs);
    expect(output.imports).toEqual([]);
    expect(output.exports).toEqual(["default"]);
  });
});

describe("the sources", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.tsx?$/.test(name),
  );

  it.each(files)("%s never makes code or markup of text", (name) => {
    const text = readFileSync(join(SRC, name), "utf8");
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/i);
  });
});
