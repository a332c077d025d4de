/** Finds the placeholders of this hub in the page and keeps a live view in each. */

import { Connection } from "./connection";
import type { Model } from "./protocol";
import { type Mounted, mountView } from "./views/mount";
import { ViewState } from "./visible";

const ID = /^[0-9a-z]+$/;
/** On the element that holds a live view, so that two runtimes in one page do not both adopt a placeholder. */
const LIVE = "data-flyte-live";

/** The view a placeholder asks for, by its attribute or, where a sanitiser took that, by its class. */
export function viewOf(element: Element): string | null {
  const attribute = element.getAttribute("data-flyte-view");
  if (attribute !== null && ID.test(attribute)) return attribute;
  for (const token of element.classList) {
    if (token.startsWith("fj-view-") && ID.test(token.slice(8))) return token.slice(8);
  }
  return null;
}

export class Hub {
  readonly #id: string;
  readonly #connection: Connection;
  readonly #mounted = new Map<Element, Mounted>();
  readonly #states = new Map<string, ViewState>();
  readonly #observer: MutationObserver;
  readonly #selector: string;

  /** `model` carries the trait `hub_id`. */
  constructor(model: Model, hubId: string) {
    this.#id = hubId;
    this.#selector = `[data-flyte-hub="${hubId}"],.fj-hub-${hubId}`;
    this.#connection = new Connection(model);
    this.#observer = new MutationObserver(this.#changed);
    this.#connection.send({ type: "ready" });
    this.#observer.observe(document, { childList: true, subtree: true });
    this.#adoptIn(document);
  }

  get id(): string {
    return this.#id;
  }

  close(): void {
    this.#observer.disconnect();
    for (const element of [...this.#mounted.keys()]) this.#drop(element);
    this.#connection.close();
  }

  readonly #changed = (records: MutationRecord[]): void => {
    if (records.some((record) => record.removedNodes.length > 0)) {
      for (const element of [...this.#mounted.keys()]) {
        if (!element.isConnected) this.#drop(element);
      }
    }
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue;
        if (node.matches(this.#selector)) this.#adopt(node);
        this.#adoptIn(node);
      }
    }
  };

  #adoptIn(root: ParentNode): void {
    for (const element of root.querySelectorAll(this.#selector)) this.#adopt(element);
  }

  #adopt(element: Element): void {
    const view = viewOf(element);
    if (view === null || this.#mounted.has(element)) return;
    if (element.querySelector(`:scope > [${LIVE}]`)) return;
    let state = this.#states.get(view);
    if (!state) {
      state = new ViewState();
      this.#states.set(view, state);
    }
    const host = document.createElement("div");
    host.setAttribute(LIVE, "");
    const restore: (() => void)[] = [];
    const mounted = mountView(this.#connection, view, host, state, {
      shown: () => {
        for (const child of [...element.children]) {
          if (child === host || !("style" in child)) continue;
          const { style } = child as HTMLElement;
          const display = style.display;
          style.display = "none";
          restore.push(() => {
            style.display = display;
          });
        }
      },
      hidden: () => {
        for (const undo of restore.splice(0)) undo();
      },
    });
    element.append(host);
    this.#mounted.set(element, mounted);
  }

  #drop(element: Element): void {
    const mounted = this.#mounted.get(element);
    this.#mounted.delete(element);
    mounted?.close();
    element.querySelector(`:scope > [${LIVE}]`)?.remove();
  }
}

/** The hub id of a model, null where it is not a hub. */
export function hubIdOf(model: Model): string | null {
  const id = model.get("hub_id");
  return typeof id === "string" && ID.test(id) ? id : null;
}
