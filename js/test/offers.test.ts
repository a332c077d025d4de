import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SimKernel } from "../dev/kernel";
import views from "../src/index";
import { isTaken, viewOf, whereabouts } from "../src/placeholders";
import { eventually, live, openPage, type Page, placeholder, rowCount } from "./page";

const PLACE = "3f1c5a0e9b7d2c48";

let page: Page;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  page = openPage();
  vi.advanceTimersByTime(50);
});
afterEach(() => {
  page.cleanup();
  document.body.replaceChildren();
  vi.useRealTimers();
});

/** A snapshot that another kernel wrote. */
function snapshot(place = PLACE): HTMLElement {
  const element = placeholder("old", "gone", false);
  element.classList.add(`fj-on-${place}`);
  document.body.append(element);
  return element;
}

const offerIn = (element: Element) => element.querySelector("[data-flyte-offer]")?.shadowRoot ?? null;
const opens = (kernel: SimKernel) =>
  kernel.received.filter((message) => message.type === "request" && message.method === "open");

async function settle(): Promise<void> {
  await Promise.resolve();
  vi.advanceTimersByTime(2000);
  vi.useRealTimers();
}

describe("a snapshot of an endpoint that the kernel is connected to", () => {
  it("is brought back to life by a click, and not before", async () => {
    const { kernel, run } = page;
    const element = snapshot();
    element.classList.add("fj-as-logs/a1/logs/300/");
    kernel.emit({ type: "here", places: [PLACE] });
    await settle();
    await eventually(() => expect(offerIn(element)?.textContent).toContain("A snapshot of r1."));
    expect(opens(kernel)).toEqual([]);
    kernel.runs.set("fresh", run);
    kernel.answer = () => ({ view: "fresh", name: "r1" });
    offerIn(element)?.querySelector("button")?.click();
    await rowCount(element, 4);
    expect(opens(kernel)[0]).toMatchObject({
      params: { at: "p/d/r1", place: PLACE, as: "logs/a1/logs/300/" },
    });
    expect(offerIn(element)).toBeNull();
    expect((element.querySelector("p") as HTMLElement).style.display).toBe("none");
  });

  it("is offered, too, where the view that stands there has lost its kernel", async () => {
    const element = snapshot();
    const old = new SimKernel({ hub_id: "gone" });
    old.runs.set("old", page.run);
    const close = views.initialize({ model: old }) as () => void;
    page.kernel.emit({ type: "here", places: [PLACE] });
    vi.advanceTimersByTime(2000);
    vi.useRealTimers();
    await rowCount(element, 4);
    expect(offerIn(element)).toBeNull();
    old.restart();
    element.append(document.createElement("i"));
    await eventually(() => expect(offerIn(element)).not.toBeNull());
    page.kernel.runs.set("fresh", page.run);
    page.kernel.answer = () => ({ view: "fresh", name: "r1" });
    offerIn(element)?.querySelector("button")?.click();
    await eventually(() => expect(element.querySelectorAll("[data-flyte-live]").length).toBe(1));
    await rowCount(element, 4);
    await eventually(() => expect(old.listeners).toBeGreaterThan(0));
    expect((element.querySelector("p") as HTMLElement).style.display).toBe("none");
    close();
  });

  it("says why it cannot be", async () => {
    const element = snapshot();
    page.kernel.emit({ type: "here", places: [PLACE] });
    page.kernel.answer = () => {
      throw new Error("There is no run r1.");
    };
    await settle();
    await eventually(() => expect(offerIn(element)).not.toBeNull());
    offerIn(element)?.querySelector("button")?.click();
    await eventually(() => expect(offerIn(element)?.textContent).toContain("There is no run r1."));
    expect(live(element)).toBeNull();
  });
});

describe("no offer is made", () => {
  it("for other endpoints, tables, or views that are live", async () => {
    const elements = [snapshot("0000000000000000"), snapshot()];
    elements[1].className = `flyte-jupyter fj-hub-x fj-view-y fj-on-${PLACE}`;
    page.element.classList.add(`fj-on-${PLACE}`);
    page.kernel.emit({ type: "here", places: [PLACE] });
    await settle();
    await eventually(() => expect(live(page.element)).not.toBeNull());
    expect([...elements, page.element].map(offerIn)).toEqual([null, null, null]);
  });

  it("where another one was made or somebody adopted it", () => {
    const element = snapshot();
    expect(isTaken(element)).toBe(false);
    const host = document.createElement("div");
    host.setAttribute("data-flyte-live", "");
    element.append(host);
    expect(isTaken(element)).toBe(true);
  });
});

describe("a view that the kernel forgot", () => {
  it("is offered again", async () => {
    const element = placeholder("v9");
    element.classList.add(`fj-on-${PLACE}`);
    document.body.append(element);
    page.kernel.emit({ type: "here", places: [PLACE] });
    for (let i = 0; i < 20; i++) await Promise.resolve();
    await settle();
    await eventually(() => expect(offerIn(element)).not.toBeNull());
  });
});

describe("a placeholder", () => {
  it("tells its view and whereabouts by class alone", () => {
    const element = snapshot();
    expect([viewOf(element), whereabouts(element)]).toEqual([
      "old",
      { as: null, at: "p/d/r1", place: PLACE },
    ]);
    element.className = "flyte-jupyter fj-view-<x> fj-at-a/b fj-on-zz!";
    expect([viewOf(element), whereabouts(element)]).toEqual([null, null]);
  });
});
