import { afterEach, describe, expect, it, vi } from "vitest";
import { SimKernel } from "../dev/kernel";
import views from "../src/index";
import {
  actionRow,
  all,
  eventually,
  live,
  openPage,
  type Page,
  placeholder,
  rowCount,
  smallRun,
} from "./page";

let page: Page | undefined;
afterEach(() => {
  page?.cleanup();
  page = undefined;
  document.body.replaceChildren();
});

const sent = (kernel: SimKernel, type: string) => kernel.received.filter((message) => message.type === type);
const display = (element: Element) => (element.querySelector("p") as HTMLElement).style.display;

describe("the hub", () => {
  it("says ready, adopts what is there, and hides the snapshot once it has something to show", async () => {
    page = openPage();
    expect(page.kernel.received.map((message) => message.type).slice(0, 2)).toEqual(["ready", "hello"]);
    expect(display(page.element)).toBe("");
    await rowCount(page.element, 4);
    expect(display(page.element)).toBe("none");
    expect(page.element.querySelector("[data-lm-suppress-shortcuts=true]")).not.toBeNull();
  });

  it("adopts what comes later, by class where a sanitiser took the attributes", async () => {
    page = openPage();
    page.kernel.runs.set("v2", page.run);
    const late = placeholder("v2", "h1", false);
    const wrapper = document.createElement("section");
    wrapper.append(late);
    document.body.append(wrapper);
    await rowCount(late, 4);
  });

  it("leaves other hubs' placeholders alone", async () => {
    page = openPage();
    const foreign = placeholder("v1", "h2");
    const longer = placeholder("v1", "h11", false);
    document.body.append(foreign, longer);
    await rowCount(page.element, 4);
    expect([live(foreign), live(longer)]).toEqual([null, null]);
  });

  it("unmounts what leaves the page", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    page.element.remove();
    const { kernel, element } = page;
    await eventually(() => expect(sent(kernel, "bye").length).toBe(1));
    expect(live(element)).toBeNull();
    expect(display(element)).toBe("");
  });

  it("moves the live view into the element that takes the place of its own, without a new hello", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    const next = placeholder("v1");
    page.element.replaceWith(next);
    await rowCount(next, 4);
    expect(display(next)).toBe("none");
    page.run.rows[2].phase = 5;
    page.kernel.delta(page.run, [2]);
    await eventually(() => expect(actionRow(next, "a2").dataset.phase).toBe("succeeded"));
    expect([sent(page.kernel, "hello").length, sent(page.kernel, "bye").length]).toEqual([1, 0]);
  });

  it("shares one store between two placeholders of a run", async () => {
    page = openPage();
    const second = placeholder("v1");
    document.body.append(second);
    await rowCount(second, 4);
    page.run.rows[1].phase = 6;
    page.kernel.delta(page.run, [1]);
    for (const element of [page.element, second]) {
      await eventually(() => expect(actionRow(element, "a1").dataset.phase).toBe("failed"));
    }
    expect(sent(page.kernel, "resync")).toEqual([]);
  });

  it("shows the snapshot where the kernel does not know the view", async () => {
    page = openPage();
    const unknown = placeholder("v9");
    document.body.append(unknown);
    await rowCount(page.element, 4);
    await eventually(() => expect(sent(page?.kernel as SimKernel, "hello").length).toBe(2));
    expect(display(unknown)).toBe("");
    expect(all(unknown, "[role=treegrid]")).toEqual([]);
  });

  it("asks once for a snapshot after a gap, and is live again", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    page.kernel.busy = true;
    page.run.delta([1]);
    page.kernel.delta(page.run, [1]);
    page.run.rows[1].phase = 7;
    page.kernel.delta(page.run, [1]);
    expect(sent(page.kernel, "resync")).toEqual([{ type: "resync", run: page.run.key }]);
    page.kernel.wake();
    const { element } = page;
    await eventually(() => expect(actionRow(element, "a1").dataset.phase).toBe("aborted"));
  });

  it("learns from a beat that the last frame before a silence was lost", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    page.run.rows[1].phase = 7;
    page.run.delta([1]);
    page.kernel.emit({ type: "beat", runs: { [page.run.key]: page.run.seq, other: 9 } });
    expect(sent(page.kernel, "resync")).toEqual([{ type: "resync", run: page.run.key }]);
    const { element } = page;
    await eventually(() => expect(actionRow(element, "a1").dataset.phase).toBe("aborted"));
    page.kernel.emit({ type: "beat", runs: { [page.run.key]: page.run.seq } });
    expect(sent(page.kernel, "resync").length).toBe(1);
  });

  it("says hello again where the first one was lost", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    try {
      page = openPage();
      const { kernel, element } = page;
      kernel.lose();
      vi.advanceTimersByTime(4_000);
      expect(sent(kernel, "hello").length).toBe(1);
      vi.advanceTimersByTime(3_000);
      expect(sent(kernel, "hello").length).toBe(2);
      await rowCount(element, 4);
      vi.advanceTimersByTime(60_000);
      expect(sent(kernel, "hello").length).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("leaves nothing behind when it is closed", async () => {
    page = openPage();
    await rowCount(page.element, 4);
    page.cleanup();
    expect(page.kernel.listeners).toBe(0);
    expect(live(page.element)).toBeNull();
    expect(display(page.element)).toBe("");
  });
});

describe("the fall-back widget", () => {
  it("renders its view into the given element, over its own comm", async () => {
    const kernel = new SimKernel({ view_id: "v1" });
    kernel.runs.set("v1", smallRun());
    expect(views.initialize({ model: kernel })).toBeUndefined();
    const el = document.createElement("div");
    document.body.append(el);
    const cleanup = views.render({ model: kernel, el });
    const root = el.firstElementChild?.shadowRoot as ShadowRoot;
    expect(root.textContent).toContain("Connecting");
    await eventually(() => expect(root.querySelectorAll("[data-action]").length).toBe(4));
    cleanup?.();
    expect(el.childElementCount).toBe(0);
    expect(kernel.received.at(-1)?.type).toBe("bye");
  });

  it("says so where the kernel does not know the view", async () => {
    const kernel = new SimKernel({ view_id: "v1" });
    const el = document.createElement("div");
    document.body.append(el);
    const cleanup = views.render({ model: kernel, el });
    await eventually(() =>
      expect(el.firstElementChild?.shadowRoot?.textContent).toContain("no longer knows"),
    );
    cleanup?.();
  });

  it("renders nothing for a hub", () => {
    const el = document.createElement("div");
    expect(views.render({ model: new SimKernel({ hub_id: "h1" }), el })).toBeUndefined();
    expect(el.childElementCount).toBe(0);
  });
});
