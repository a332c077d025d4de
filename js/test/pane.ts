/** The details of an action in a page, for the tests of what is in them. */

import { expect, onTestFinished } from "vitest";
import type { LookMessage } from "../dev/kernel";
import { details } from "../dev/sights";
import { actionRow, all, click, eventually, one, openPage, type Page, smallRun } from "./page";

export type See = Partial<Record<LookMessage["topic"], unknown>>;

/** Opens the details of an action whose looks see `see`. */
export async function openDetails(
  action: string,
  see: See = {},
  run = smallRun(),
  tab?: string,
): Promise<Page> {
  const page = openPage(run);
  onTestFinished(() => {
    page.cleanup();
    document.body.replaceChildren();
  });
  const { element, kernel } = page;
  kernel.see = (look, sight) => {
    const row = run.rows.find(({ name }) => name === look.action);
    if (look.topic in see) sight({ value: see[look.topic] });
    else if (look.topic === "details" && row) sight({ value: details(row) });
  };
  await eventually(() => actionRow(element, action));
  click(actionRow(element, action));
  click(actionRow(element, action));
  await eventually(() => one(element, ".pane [role=tab][aria-selected=true]"));
  if (tab) {
    click(all(element, "[role=tab]").find((it) => it.textContent === tab));
    await eventually(() => expect(one(element, "[role=tab][aria-selected=true]").textContent).toBe(tab));
  }
  const topics: Record<string, string> = { Logs: "logs", "Inputs & Outputs": "io" };
  const topic = topics[tab ?? ""] ?? "details";
  await eventually(() =>
    expect(kernel.received.some((it) => it.type === "look" && it.topic === topic)).toBe(true),
  );
  return page;
}

export const pane = (element: Element) => one(element, ".pane").textContent ?? "";
export const press = (target: Element, key: string) =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }),
  );
export const requests = (kernel: Page["kernel"], method: string) =>
  kernel.received.filter((message) => message.type === "request" && message.method === method);
