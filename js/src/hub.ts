/** Finds the placeholders of this hub in the page and keeps a live view in each. */

import { effect } from "@preact/signals";
import { Connection } from "./connection";
import { followNotices } from "./notices";
import { Offers } from "./offers";
import { AWAY, isLive, LIVE, viewOf } from "./placeholders";
import type { Model } from "./protocol";
import { type Mounted, mountView } from "./views/mount";
import { ViewState } from "./viewstate";

const ID = /^[0-9a-z]+$/;

/** How long a view outlives its placeholder, in case another placeholder of the same view takes its place. */
const GRACE_MS = 250;

/** A live view and the placeholder it stands in. */
interface Adopted {
  view: string;
  host: HTMLElement;
  mounted: Mounted;
  cover: Cover;
}

/** Hides what the placeholder held, and can show it again. */
class Cover {
  readonly #element: Element;
  readonly #host: Element;
  #on = false;

  constructor(element: Element, host: Element) {
    this.#element = element;
    this.#host = host;
  }

  get on(): boolean {
    return this.#on;
  }

  set(on: boolean): void {
    this.#on = on;
    const others = [...this.#element.children].filter((child) => child !== this.#host);
    // Another kernel's view has taken the place of this one.
    if (!on && others.some((child) => child.hasAttribute(LIVE))) return;
    for (const child of others) if (child instanceof HTMLElement) child.style.display = on ? "none" : "";
  }
}

export class Hub {
  readonly id: string;
  readonly #connection: Connection;
  readonly #adopted = new Map<Element, Adopted>();
  readonly #states = new Map<string, ViewState>();
  readonly #observer: MutationObserver;
  readonly #selector: string;
  readonly #offers: Offers;
  readonly #closeToasts: () => void;
  readonly #stop: () => void;

  /** `model` carries the trait `hub_id`. */
  constructor(model: Model, hubId: string) {
    this.id = hubId;
    this.#selector = `[data-flyte-hub="${hubId}"],.fj-hub-${hubId}`;
    this.#connection = new Connection(model);
    this.#offers = new Offers(
      this.#connection,
      (element) => this.#keeps(element),
      (element, view) => this.#revive(element, view),
    );
    this.#closeToasts = followNotices(this.#connection);
    this.#stop = effect(() => {
      const away = !this.#connection.alive.value;
      for (const { host } of this.#adopted.values()) host.toggleAttribute(AWAY, away);
    });
    this.#observer = new MutationObserver(this.#changed);
    this.#connection.send({ type: "ready" });
    this.#observer.observe(document, { childList: true, subtree: true });
    this.#adoptIn(document);
  }

  close(): void {
    this.#observer.disconnect();
    this.#stop();
    this.#offers.close();
    this.#closeToasts();
    for (const element of [...this.#adopted.keys()]) this.#drop(element);
    this.#connection.close();
  }

  readonly #changed = (records: MutationRecord[]): void => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue;
        if (node.matches(this.#selector)) this.#adopt(node);
        this.#adoptIn(node);
      }
    }
    this.#offers.changed();
    if (this.#orphans().length > 0) setTimeout(this.#dropOrphans, GRACE_MS);
  };

  readonly #dropOrphans = (): void => {
    for (const element of this.#orphans()) this.#drop(element);
  };

  #orphans(): Element[] {
    return [...this.#adopted]
      .filter(([element, { host }]) => !element.isConnected || host.parentNode !== element)
      .map(([element]) => element);
  }

  #adoptIn(root: ParentNode): void {
    for (const element of root.querySelectorAll(this.#selector)) this.#adopt(element);
  }

  #adopt(element: Element): void {
    const view = viewOf(element);
    if (view === null || this.#adopted.has(element)) return;
    if (isLive(element) || this.#move(view, element)) return;
    this.#mount(element, view);
  }

  /** Whether a placeholder shows a live view of this hub; one that the kernel does not know is let go. */
  #keeps(element: Element): boolean {
    const adopted = this.#adopted.get(element);
    if (adopted?.mounted.unknown) this.#drop(element);
    return this.#adopted.has(element);
  }

  /** Mounts a view of this kernel in the snapshot that another one left behind. */
  #revive(element: Element, view: string): void {
    this.#drop(element);
    if (isLive(element)) return;
    element.querySelector(`:scope > [${LIVE}]`)?.remove();
    this.#mount(element, view);
  }

  #mount(element: Element, view: string): void {
    const host = document.createElement("div");
    host.setAttribute(LIVE, "");
    const adopted: Partial<Adopted> = { view, host, cover: new Cover(element, host) };
    this.#adopted.set(element, adopted as Adopted);
    element.append(host);
    adopted.mounted = mountView(this.#connection, view, host, this.#stateOf(view), {
      showing: (on) => {
        adopted.cover?.set(on);
        if (!on) this.#offers.changed();
      },
    });
  }

  /** Takes the live view along when the kernel has written the output anew: no blink, no new conversation. */
  #move(view: string, element: Element): boolean {
    const from = this.#orphans().find((orphan) => this.#adopted.get(orphan)?.view === view);
    const adopted = from && this.#adopted.get(from);
    if (!adopted) return false;
    this.#adopted.delete(from);
    this.#adopted.set(element, adopted);
    const { on } = adopted.cover;
    adopted.cover = new Cover(element, adopted.host);
    adopted.cover.set(on);
    element.append(adopted.host);
    adopted.mounted.moved();
    return true;
  }

  #stateOf(view: string): ViewState {
    const state = this.#states.get(view) ?? new ViewState(view);
    this.#states.set(view, state);
    return state;
  }

  #drop(element: Element): void {
    const adopted = this.#adopted.get(element);
    if (!adopted) return;
    this.#adopted.delete(element);
    adopted.mounted.close();
    adopted.host.remove();
  }
}

/** The hub id of a model, null where it is not a hub. */
export function hubIdOf(model: Model): string | null {
  const id = model.get("hub_id");
  return typeof id === "string" && ID.test(id) ? id : null;
}
