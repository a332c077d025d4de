/** When views draw what is new in a store: in sight with the next frame of the page, elsewhere one after another. */

import type { RunStore } from "./store";

/** Between two stores that nobody sees. With fifty runs in a page each has its turn every few seconds. */
const PAUSE_MS = 50;

export class Drawing {
  readonly #now = new Set<RunStore>();
  readonly #later = new Set<RunStore>();
  #waiting = false;

  /** Draws once per frame of the page however often this is called, and not while the page is hidden. */
  soon(store: RunStore): void {
    this.#later.delete(store);
    if (this.#now.has(store)) return;
    this.#now.add(store);
    requestAnimationFrame(() => {
      this.#now.delete(store);
      store.tick.value++;
    });
  }

  /** Draws a store that is out of sight, when those that came before had their turn. */
  later(store: RunStore): void {
    if (this.#now.has(store)) return;
    this.#later.add(store);
    if (!this.#waiting) this.#wait();
  }

  /** Draws now, where something was put off. */
  seen(store: RunStore): void {
    if (this.#later.has(store)) this.soon(store);
  }

  #wait(): void {
    this.#waiting = true;
    setTimeout(() => requestAnimationFrame(this.#next), PAUSE_MS);
  }

  readonly #next = (): void => {
    this.#waiting = false;
    const [store] = this.#later;
    if (!store) return;
    this.#later.delete(store);
    if (this.#later.size > 0) this.#wait();
    store.tick.value++;
  };
}
