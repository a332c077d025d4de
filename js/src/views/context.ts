/** What every part of one mounted view shares. */

import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Asks } from "../asks";
import type { Connection, Link } from "../connection";
import type { ErrorTexts } from "../errors";
import type { Labels } from "../labels";
import type { RunStore } from "../store";
import type { ViewState } from "../viewstate";
import type { VisibleLines } from "../visible";
import type { mountView } from "./mount";

export interface ViewContext {
  connection: Connection;
  link: Link;
  store: RunStore;
  state: ViewState;
  asks: Asks;
  errors: ErrorTexts;
  labels: Labels;
  /** The rows of the tree as they are shown. */
  lines: VisibleLines;
  /** Grows each second while something in the view is still going on. */
  clock: Signal<number>;
  /** Sentence for screen readers. */
  announcement: Signal<string>;
  /** Mounts a view inside of this one. */
  mountInside: typeof mountView;
}

export const Context = createContext<ViewContext | null>(null);

/** The view a component is part of; the component is drawn again with each frame of the run. */
export function useView(): ViewContext {
  const context = useContext(Context);
  if (!context) throw new Error("A part of a view stands outside of a view.");
  // A component whose properties are the same is drawn again only for the signals that it read.
  context.store.tick.value;
  return context;
}

/** The kernel's time now, or when it was last heard of. */
export function useNow(): number {
  const { store, connection, clock } = useView();
  clock.value;
  return store.now(connection.alive.value ? undefined : connection.lastHeard);
}
