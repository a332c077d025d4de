import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Drawing } from "../src/drawing";
import { RunStore } from "../src/store";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "requestAnimationFrame"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ticks = (stores: RunStore[]) => stores.map((store) => store.tick.value);

describe("drawing", () => {
  it("draws what is in sight with the next frame, once", () => {
    const store = new RunStore("a");
    const drawing = new Drawing();
    for (let i = 0; i < 3; i++) drawing.soon(store);
    expect(store.tick.value).toBe(0);
    vi.advanceTimersToNextFrame();
    expect(store.tick.value).toBe(1);
    drawing.soon(store);
    vi.advanceTimersToNextFrame();
    expect(store.tick.value).toBe(2);
  });

  it("draws what is out of sight one after another, and all of it in the end", () => {
    const stores = ["a", "b", "c"].map((key) => new RunStore(key));
    const drawing = new Drawing();
    for (const store of stores) drawing.later(store);
    vi.advanceTimersToNextFrame();
    expect(ticks(stores)).toEqual([0, 0, 0]);
    const seen: number[][] = [];
    while (ticks(stores).includes(0)) {
      vi.advanceTimersToNextTimer();
      if (String(ticks(stores)) !== String(seen.at(-1))) seen.push(ticks(stores));
    }
    expect(seen).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
    ]);
  });

  it("draws at once what comes into sight", () => {
    const stores = ["a", "b"].map((key) => new RunStore(key));
    const drawing = new Drawing();
    for (const store of stores) drawing.later(store);
    drawing.seen(stores[1]);
    vi.advanceTimersToNextFrame();
    expect(ticks(stores)).toEqual([0, 1]);
    drawing.seen(stores[1]);
    vi.advanceTimersToNextFrame();
    expect(ticks(stores)).toEqual([0, 1]);
  });
});
