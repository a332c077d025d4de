/** What the tests of views share: placeholders, waiting, looking into shadow roots. */

import { expect, vi } from "vitest";
import { RunWriter } from "../dev/encode";
import { SimKernel } from "../dev/kernel";
import views from "../src/index";
import { source } from "../src/parts";

source.more = () => import("../src/more");

export function placeholder(view: string, hub = "h1", attributes = true): HTMLElement {
  const element = document.createElement("div");
  element.className = `flyte-jupyter fj-hub-${hub} fj-view-${view} fj-at-p/d/r1`;
  if (attributes) {
    element.dataset.flyteHub = hub;
    element.dataset.flyteView = view;
  }
  const snapshot = document.createElement("p");
  snapshot.textContent = "snapshot";
  element.append(snapshot);
  return element;
}

/** A run of a root, two children and a failure. */
export function smallRun(): RunWriter {
  const now = Date.now();
  const run = new RunWriter("host|p/d/r1", { name: "r1", task: "main", started: now - 60_000 });
  run.add({ name: "a0", label: "main", phase: 4, queued: now - 60_000, started: now - 59_000 });
  run.add({
    name: "a1",
    label: "load",
    phase: 5,
    parent: 0,
    queued: now - 50_000,
    started: now - 49_000,
    ended: now - 40_000,
  });
  run.add({ name: "a2", label: "train", phase: 4, parent: 0, queued: now - 39_000, started: now - 38_000 });
  run.add({
    name: "a3",
    label: "check",
    phase: 6,
    parent: 0,
    ended: now - 1_000,
    error: "ValueError: no\nsecond line",
  });
  return run;
}

export interface Page {
  kernel: SimKernel;
  run: RunWriter;
  element: HTMLElement;
  cleanup: () => void;
}

/** A hub, a run, and a placeholder of view v1 in the page. */
export function openPage(run = smallRun(), prepare?: (kernel: SimKernel, run: RunWriter) => void): Page {
  const kernel = new SimKernel({ hub_id: "h1" });
  kernel.runs.set("v1", run);
  prepare?.(kernel, run);
  const element = placeholder("v1");
  document.body.append(element);
  const cleanup = views.initialize({ model: kernel });
  expect(cleanup).toBeDefined();
  return { kernel, run, element, cleanup: cleanup as () => void };
}

/** The shadow root of the live view in a placeholder. */
export function live(element: Element): ShadowRoot | null {
  return element.querySelector("[data-flyte-live]")?.shadowRoot ?? null;
}

export function all(element: Element, selector: string): HTMLElement[] {
  return [...(live(element)?.querySelectorAll<HTMLElement>(selector) ?? [])];
}

export function one(element: Element, selector: string): HTMLElement {
  const found = all(element, selector);
  expect(found.length, selector).toBe(1);
  return found[0];
}

export const actionRow = (element: Element, action: string) =>
  one(element, `[role=row][data-action="${action}"]`);

export function button(element: Element, name: string): HTMLElement | undefined {
  return all(element, "button").find((it) => (it.getAttribute("aria-label") ?? it.textContent) === name);
}

export function click(element: HTMLElement | undefined): void {
  expect(element).toBeDefined();
  element?.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true, detail: 1 }));
}

/** Waits until `check` no longer throws. */
export const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

export const rowCount = (element: Element, n: number) =>
  eventually(() => expect(all(element, "[role=row][data-action]").length).toBe(n));
