/**
 * What the kernel reads for rows in sight only: labels that tell mapped siblings apart, and when tasks ran. While a text
 * is looked for, the labels are asked for of all rows.
 */

import { signal } from "@preact/signals";
import type { Link } from "./connection";
import { printable } from "./format";
import { isTerminal, Kind } from "./phases";
import type { RunStore } from "./store";

/** Rows scroll by: what is in sight this long is asked for. */
const SETTLE_MS = 120;
/** What is looked for is typed, and rows come: all that are there after this are asked for at once. */
const REST_MS = 400;
/** Among so many siblings one of the same name is looked for, and beyond them in the next one. */
const SIBLINGS = 200;
/** How many labels are asked for at once. */
const MOST = 50;

export class Labels {
  readonly known = new Map<string, string>();
  /** Grows when labels came. */
  readonly version = signal(0);

  readonly #link: Link;
  readonly #asked = { actions: new Set<string>(), times: new Set<string>() };
  /** Rows that have a sibling of the same name. */
  readonly #twins = new Set<number>();
  #wanted = { actions: new Set<string>(), times: new Set<string>() };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** All before this row were asked for. */
  #rows = 0;
  /** Since a text was looked for: of how many rows there is none that should have one. */
  #unread = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** The label of a row, "" while there is none; asks for it where siblings of the same name make it useful. */
  get(store: RunStore, node: number): string {
    this.version.value;
    const row = store.forest.row[node];
    if (lacksTimes(store, row)) this.#want(store, store.text(store.name[row]), "times");
    if (!this.#hasTwin(store, node)) return "";
    const name = store.text(store.name[row]);
    const known = this.known.get(name);
    if (known === undefined) this.#want(store, name, "actions");
    return known ?? "";
  }

  /** Something is looked for: asks for the labels of all rows, and then of those that come. */
  seek(store: RunStore): void {
    if (this.#rows === store.n) return;
    this.#unread ||= 1;
    this.#rest ??= setTimeout(() => {
      this.#rest = undefined;
      this.#ask(store, { actions: [], from: this.#rows });
      this.#rows = store.n;
    }, REST_MS);
  }

  /** What is added to the number of matches of `text` while it was not looked for everywhere. */
  soFar(text: string): string {
    return text && this.#unread > 0 ? " so far" : "";
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#rest);
  }

  /** Whether a sibling has the same short name. */
  #hasTwin(store: RunStore, node: number): boolean {
    const { row, first, next, up, topFirst } = store.forest;
    const isTwin = (other: number): boolean => {
      if (other < 0 || other === node || row[other] < 0) return false;
      if (!sameLabel(store, row[node], row[other])) return false;
      this.#twins.add(row[node]).add(row[other]);
      return true;
    };
    if (this.#twins.has(row[node]) || isTwin(next[node])) return true;
    let other = up[node] < 0 ? topFirst : first[up[node]];
    for (let i = 0; i < SIBLINGS && other >= 0; i++, other = next[other]) {
      if (isTwin(other)) return true;
    }
    return false;
  }

  #want(store: RunStore, name: string, what: "actions" | "times"): void {
    if (this.#asked[what].has(name)) return;
    this.#wanted[what].add(name);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // Those that scrolled by are asked for when they are seen again.
      const ask = (what: "actions" | "times") => {
        const names = [...this.#wanted[what]].slice(-MOST);
        this.#wanted[what].clear();
        for (const name of names) this.#asked[what].add(name);
        return names;
      };
      this.#ask(store, { actions: ask("actions"), times: ask("times") });
    }, SETTLE_MS);
  }

  #ask(store: RunStore, wanted: Record<string, unknown>): void {
    this.#link.request("labels", { run: store.key, ...wanted }).reply.then(
      (result) => {
        const { labels, unread } = (result ?? {}) as { labels?: Record<string, unknown>; unread?: number };
        this.#unread = unread ?? this.#unread;
        for (const [action, label] of Object.entries(labels ?? {})) {
          if (typeof label === "string") this.known.set(action, printable(label));
        }
        this.version.value++;
      },
      () => {
        // Without labels a row says what it says; it is asked for again with the next view.
      },
    );
  }
}

function sameLabel(store: RunStore, a: number, b: number): boolean {
  return store.label[a] !== 0 && store.label[a] === store.label[b];
}

/** Whether all that is known of when a task ran is when it was created and when it ended. */
function lacksTimes({ kind, phase, started, queued, initialized }: RunStore, row: number): boolean {
  return (
    kind[row] === Kind.TASK &&
    isTerminal(phase[row]) &&
    started[row] === queued[row] &&
    Number.isNaN(initialized[row])
  );
}
