/** Whole error texts, asked for when somebody opens one, and kept while the view is there. */

import { type Signal, signal } from "@preact/signals";
import type { Link } from "./connection";
import { printable } from "./format";
import type { RunStore } from "./store";

export interface ErrorText {
  state: "loading" | "whole" | "unavailable";
  /** "USER", "SYSTEM" or "". */
  kind: string;
  code: string;
  message: string;
}

const NO_TEXT = "The backend gives no reason.";

const text = (value: unknown): string => (typeof value === "string" ? printable(value) : "");

export class ErrorTexts {
  readonly #link: Link;
  readonly #of = new Map<string, Signal<ErrorText>>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Lets what could not be had be asked for again. */
  forgetUnavailable(): void {
    for (const [key, error] of this.#of) {
      if (error.value.state === "unavailable") this.#of.delete(key);
    }
  }

  /** The whole error of an attempt of an action; asks for it the first time. `first` is what is known already. */
  get(store: RunStore, action: string, attempt: number, first: string): Signal<ErrorText> {
    const key = `${attempt} ${action}`;
    const known = this.#of.get(key);
    if (known) return known;
    const error = signal<ErrorText>({ state: "loading", kind: "", code: "", message: first });
    this.#of.set(key, error);
    this.#link.request("error", { run: store.key, action }).reply.then(
      (result) => {
        const { kind, code, message } = (result ?? {}) as Record<string, unknown>;
        error.value = {
          state: "whole",
          kind: text(kind),
          code: text(code),
          message: text(message) || first || NO_TEXT,
        };
      },
      (reason: Error) => {
        error.value = { state: "unavailable", kind: "", code: text(reason.message), message: first };
      },
    );
    return error;
  }
}
