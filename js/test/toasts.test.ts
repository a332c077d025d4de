import { afterEach, describe, expect, it, vi } from "vitest";
import { all, eventually, one, openPage, type Page, rowCount } from "./page";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const root = () => document.querySelector("[data-flyte-toasts]")?.shadowRoot ?? null;
const toasts = () => [...(root()?.querySelectorAll<HTMLElement>(".toast") ?? [])];
const toast = (id: string, more = {}) => ({
  type: "toast",
  id,
  title: "r1 failed",
  text: "ValueError: no",
  url: "",
  ...more,
});

describe("notices", () => {
  it("add nothing to the page before the first one, and show each once, as text", async () => {
    page = openPage();
    expect(root()).toBeNull();
    const hostile = "<img src=x onerror=alert(1)>";
    page.kernel.emit(toast("1", { title: hostile, text: hostile, url: "javascript:alert(1)" }));
    page.kernel.emit(toast("1"));
    await eventually(() => expect(toasts().length).toBe(1));
    expect(toasts()[0].textContent).toContain(hostile);
    expect(root()?.querySelector("img, a")).toBeNull();
  });

  it("go when they are dismissed, or after a while in which nobody points at them", async () => {
    page = openPage();
    vi.useFakeTimers();
    page.kernel.emit(toast("1", { url: "https://flyte.example.com/r1" }));
    page.kernel.emit(toast("2"));
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(0);
    expect(root()?.querySelector("a")?.getAttribute("href")).toBe("https://flyte.example.com/r1");
    toasts()[0].querySelector<HTMLElement>("[aria-label=Dismiss]")?.click();
    expect(toasts().length).toBe(1);
    const list = root()?.querySelector(".toasts") as HTMLElement;
    list.dispatchEvent(new Event("pointerenter"));
    vi.advanceTimersByTime(60_000);
    expect(toasts().length).toBe(1);
    list.dispatchEvent(new Event("pointerleave"));
    vi.advanceTimersByTime(17_000);
    expect(toasts().length).toBe(0);
  });

  it("leave the browser alone unless the person allows it and looks elsewhere", async () => {
    const made: unknown[] = [];
    class FakeNotification {
      static permission = "granted";
      constructor(...what: unknown[]) {
        made.push(what);
      }
    }
    vi.stubGlobal("Notification", FakeNotification);
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(true);
    page = openPage();
    page.kernel.emit(toast("1"));
    await eventually(() => expect(toasts().length).toBe(1));
    expect(made).toEqual([]);
    focus.mockReturnValue(false);
    page.kernel.emit(toast("2"));
    expect(made).toEqual([["r1 failed", { body: "ValueError: no", tag: "flyte-jupyter-2" }]]);
    focus.mockRestore();
  });

  it("are gone with their hub", async () => {
    page = openPage();
    page.kernel.emit(toast("1"));
    await eventually(() => expect(toasts().length).toBe(1));
    page.cleanup();
    expect(root()).toBeNull();
  });
});

describe("armed actions", () => {
  const armed = {
    id: 3,
    on: "r1 failed",
    action: "notify",
    standing: "armed",
    fired: 0,
    last: "",
    state: "",
    error: "",
  };

  it("are counted in the header of their run, and listed on request", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    expect(all(page.element, ".armings")).toEqual([]);
    page.kernel.emit({ type: "armed", run: page.run.key, armed: [armed] });
    await eventually(() => expect(one(page?.element as Element, ".armings").textContent).toBe("1 armed"));
    one(page.element, ".armings button").click();
    await eventually(() =>
      expect(one(page?.element as Element, ".armings li").textContent).toContain("[3] r1 failed → notify"),
    );
    const fired = { ...armed, fired: 1, last: "told", state: "succeeded" };
    page.kernel.emit({ type: "armed", run: page.run.key, armed: [fired] });
    await eventually(() =>
      expect(one(page?.element as Element, ".armings button").textContent).toBe("1 armed, fired once"),
    );
    expect(one(page.element, ".armings li").textContent).toContain("succeeded: told");
    page.kernel.emit({ type: "armed", run: page.run.key, armed: [] });
    await eventually(() => expect(all(page?.element as Element, ".armings")).toEqual([]));
  });
});
