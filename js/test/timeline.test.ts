import { describe, expect, it } from "vitest";
import { safeUrl } from "../src/links";
import { isDark, parseColor } from "../src/theme";
import { axisOf, place, roomFor, tickLabel, ticks } from "../src/timeline";

describe("the time axis", () => {
  it("ends with the run, or leaves room while it goes on", () => {
    expect(axisOf(1000, 61_000, null)).toEqual({ start: 1000, end: 61_000 });
    const going = axisOf(1000, 2000, 61_000);
    expect(going.start).toBe(1000);
    expect(going.end).toBeGreaterThan(61_000);
  });

  it("grows by steps, never by less than is needed and never by much more", () => {
    const rooms = new Set<number>();
    for (let ms = 0; ms < 7_200_000; ms += 250) {
      const room = roomFor(ms);
      expect(room).toBeGreaterThanOrEqual(ms);
      if (ms > 5000) expect(room).toBeLessThan(ms * 1.6);
      rooms.add(room);
    }
    expect(rooms.size).toBeLessThan(40);
  });

  it("is empty while nothing is known", () => {
    const axis = axisOf(Number.NaN, Number.NaN, 5);
    expect(ticks(axis, 5)).toEqual([]);
    expect(place(axis, 1, 2)).toBeNull();
  });

  it("has at most so many ticks, at round places", () => {
    expect(ticks({ start: 0, end: 61_000 }, 5)).toEqual([0, 15_000, 30_000, 45_000, 60_000]);
    expect(ticks({ start: 0, end: 61_000 }, 2)).toEqual([0, 60_000]);
    expect([0, 200, 90_000, 3_600_000, 5_400_000, 90_000_000].map(tickLabel)).toEqual([
      "0",
      "200ms",
      "1m 30s",
      "1h",
      "1h 30m",
      "1d 1h",
    ]);
  });

  it("places bars in percent, cut to what is in sight", () => {
    const axis = { start: 100, end: 300 };
    expect(place(axis, 150, 200)).toEqual({ left: 25, width: 25 });
    expect(place(axis, 0, 1000)).toEqual({ left: 0, width: 100 });
    expect(place(axis, Number.NaN, 200)).toBeNull();
    expect(place(axis, 200, 150)).toBeNull();
  });
});

describe("links", () => {
  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    " java\nscript:x",
    "//host/x",
    "",
    "file:///etc",
  ])("%j is none", (text) => {
    expect(safeUrl(text)).toBe("");
  });

  it("http and https are", () => {
    expect(safeUrl("http://localhost:8090/v2/runs")).toBe("http://localhost:8090/v2/runs");
    expect(safeUrl("HTTPS://Flyte.example.org/a b")).toBe("https://flyte.example.org/a%20b");
  });
});

describe("colours", () => {
  it("are told light from dark", () => {
    const dark = (text: string) => {
      const color = parseColor(text);
      return color && isDark(color[0], color[1], color[2]);
    };
    expect(
      ["rgb(255, 255, 255)", "rgb(17,17,17)", "rgb(30 30 30 / 90%)", "rgba(250, 250, 245, 1)"].map(dark),
    ).toEqual([false, true, true, false]);
    expect(parseColor("rgba(0, 0, 0, 0)")?.[3]).toBe(0);
    expect(parseColor("transparent")).toBeNull();
  });
});
