/** What every part of one mounted view shares. */

import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Aborts } from "../aborts";
import type { Connection, Link } from "../connection";
import type { ErrorTexts } from "../errors";
import type { RunStore } from "../store";
import type { ViewState } from "../visible";

export interface ViewContext {
  connection: Connection;
  link: Link;
  store: RunStore;
  state: ViewState;
  aborts: Aborts;
  errors: ErrorTexts;
  /** Grows each second while something in the view is still going on. */
  clock: Signal<number>;
  /** Sentence for screen readers. */
  announcement: Signal<string>;
}

export const Context = createContext<ViewContext | null>(null);

export function useView(): ViewContext {
  const context = useContext(Context);
  if (!context) throw new Error("A part of a view stands outside of a view.");
  return context;
}
