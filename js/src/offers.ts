/** Snapshots of runs that no kernel of the page knows: offers to bring them back to life, each by a click. */

import { effect } from "@preact/signals";
import type { Connection } from "./connection";
import { isLive, isTaken, OFFER, PLACEHOLDER, whereabouts } from "./placeholders";
import type { MountedOffer } from "./views/offer";

/** Another hub of the page may adopt a placeholder for so long. */
const PATIENCE_MS = 1500;

export class Offers {
  readonly #connection: Connection;
  readonly #keeps: (element: Element) => boolean;
  readonly #adopt: (element: Element, view: string) => void;
  readonly #offers = new Map<Element, MountedOffer>();
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `keeps`: whether the hub shows something in a placeholder; `adopt` mounts a view in one. */
  constructor(
    connection: Connection,
    keeps: (element: Element) => boolean,
    adopt: (element: Element, view: string) => void,
  ) {
    this.#connection = connection;
    this.#keeps = keeps;
    this.#adopt = adopt;
    this.#stop = effect(() => {
      if (connection.places.value.length > 0) this.changed();
      if (connection.parts.more.it.value) this.#look();
    });
  }

  /** Looks again, some time after the page or what the kernel is connected to has changed. */
  readonly changed = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, PATIENCE_MS);
    for (const element of [...this.#offers.keys()]) {
      if (!element.isConnected || isLive(element)) this.#drop(element);
    }
  };

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
    for (const element of [...this.#offers.keys()]) this.#drop(element);
  }

  #look(): void {
    const places = this.#connection.places.peek();
    if (places.length === 0) return;
    for (const element of document.querySelectorAll(PLACEHOLDER)) {
      const found = whereabouts(element);
      if (!found || !places.includes(found.place) || this.#keeps(element) || isTaken(element)) continue;
      const more = this.#connection.parts.load().it.peek();
      if (!more) return;
      const host = document.createElement("div");
      host.setAttribute(OFFER, "");
      element.prepend(host);
      const ask = () => this.#connection.requests.ask("", "open", found);
      this.#offers.set(
        element,
        more.mountOffer(host, found.at.split("/")[2], ask, (view) => {
          this.#drop(element);
          this.#adopt(element, view);
        }),
      );
    }
  }

  #drop(element: Element): void {
    this.#offers.get(element)?.close();
    this.#offers.delete(element);
  }
}
