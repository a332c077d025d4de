/** What a person did to one view: kept while the view is away, so that it comes back as it was. */

import { type Signal, signal } from "@preact/signals";
import { NO_FIND } from "./find";
import { LogTaste } from "./logs/taste";
import { type NodeKey, SORTS, type Sort } from "./order";
import type { Axis } from "./timeline";

export type { NodeKey };

/** The height of the part below the header in px: what a person may drag it to, and what it is at first. */
export const HEIGHT = { least: 120, most: 1600, first: 368 };
const REMEMBERED = "flyte-jupyter.heights";
/** Of so many views the height is remembered. */
const MOST = 200;

/** The heights of views that were dragged, the latest last. */
function remembered(): Record<string, number> {
  try {
    return { ...JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") };
  } catch {
    // A page may be forbidden to store.
    return {};
  }
}

export class ViewState {
  readonly selected = signal<NodeKey | null>(null);
  /** Grows when something was opened or closed. */
  readonly version = signal(0);
  readonly sort = signal<Sort>(SORTS.start);
  readonly find = signal(NO_FIND);
  /** Grows when the field to find something is asked for. */
  readonly findAsked = signal(0);
  /** Whether the newest row is kept in sight. */
  readonly follow = signal(false);
  /** The part of the time axis in sight, null for all of it. */
  readonly zoom = signal<Axis | null>(null);
  readonly height: Signal<number>;
  /** The open tab of the details, null where they are closed. */
  readonly tab = signal<string | null>(null);
  readonly logs = new LogTaste();
  /** The chosen attempt by action, the last one where there is none. */
  readonly attempts = signal<Record<string, number>>({});
  /** Grows when the selected row is to be scrolled into sight. */
  readonly shown = signal(0);
  /** The views of runs that were started from here, shown below. */
  readonly opened = signal<{ view: string; name: string }[]>([]);
  /** What was asked to be open at first was opened. */
  begun = false;
  scrollTop = 0;
  /** The first line of the tree in sight. */
  firstLine = 0;
  /** Grows when the view was put elsewhere in the page, which resets what is scrolled. */
  readonly moved = signal(0);

  /** Nodes that are not as `#openAtFirst` says; while something is looked for, those that were closed meanwhile. */
  readonly #exceptions = new Set<NodeKey>();
  readonly #closedInFind = new Set<NodeKey>();
  #openAtFirst = true;
  readonly #view: string;

  /** `view`: the display whose height is remembered, "" for none. */
  constructor(view = "") {
    this.#view = view;
    this.height = signal(remembered()[view] ?? HEIGHT.first);
  }

  /** Begins with a height that was asked for, unless a person has chosen another. */
  begin(height: number | null): void {
    if (height !== null && !(this.#view in remembered())) this.height.value = height;
  }

  /** Whether every node is open, as far as nothing is looked for. */
  get allOpen(): boolean {
    return this.#openAtFirst && this.#exceptions.size === 0;
  }

  isOpen(key: NodeKey): boolean {
    if (this.finding) return !this.#closedInFind.has(key);
    return this.#openAtFirst !== this.#exceptions.has(key);
  }

  /** Whether the tree is reduced to what matches. */
  get finding(): boolean {
    const { text, phases, critical } = this.find.value;
    return text !== "" || phases !== 0 || critical;
  }

  toggle(key: NodeKey): void {
    const set = this.finding ? this.#closedInFind : this.#exceptions;
    if (!set.delete(key)) set.add(key);
    this.version.value++;
  }

  /** Opens or closes every node but those in `keep`. */
  setAll(open: boolean, keep: NodeKey[] = []): void {
    this.#openAtFirst = open;
    this.#exceptions.clear();
    for (const key of keep) this.#exceptions.add(key);
    this.#closedInFind.clear();
    this.version.value++;
  }

  /** Selects a node and asks for it to be scrolled into sight. */
  goTo(key: NodeKey): void {
    this.selected.value = key;
    this.follow.value = false;
    this.shown.value++;
  }

  look(change: Partial<typeof NO_FIND>): void {
    this.#closedInFind.clear();
    this.find.value = { ...this.find.value, ...change };
    this.version.value++;
  }

  /** Shows rows of this phase only, or no longer. */
  togglePhase(phase: number): void {
    this.look({ phases: this.find.value.phases ^ (1 << phase) });
  }

  resize(height: number): void {
    this.height.value = Math.round(Math.min(HEIGHT.most, Math.max(HEIGHT.least, height)));
    const { [this.#view]: _, ...others } = remembered();
    const kept = [...Object.entries(others).slice(1 - MOST), [this.#view, this.height.value]];
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // As above.
    }
  }
}
