/** What became of the aborts that were asked for in one view; rows come and go with scrolling, this stays. */

import { effect, type Signal, signal } from "@preact/signals";
import type { Request } from "./connection";

/**
 * "armed" waits for the second click; "sent" and "busy" for the kernel; "accepted" for the phase to change;
 * "failed" shows why.
 */
export type AbortStage = "idle" | "armed" | "sent" | "busy" | "accepted" | "failed";

export class Abort {
  readonly stage: Signal<AbortStage> = signal("idle");
  /** Why it failed. */
  readonly reason = signal("");
  readonly #ask: () => Request;

  constructor(ask: () => Request) {
    this.#ask = ask;
  }

  arm(): void {
    this.stage.value = "armed";
  }

  /** Back to the start: not now, or the failure was read. */
  reset(): void {
    this.stage.value = "idle";
  }

  confirm(): void {
    const request = this.#ask();
    const stop = effect(() => {
      const state = request.state.value;
      if (state === "sent" || state === "busy") this.stage.value = state;
    });
    request.reply.then(
      () => {
        stop();
        this.stage.value = "accepted";
      },
      (error: Error) => {
        stop();
        this.reason.value = error.message;
        this.stage.value = "failed";
      },
    );
  }

  /** What to say of it, "" where there is nothing to say. */
  get words(): string {
    switch (this.stage.value) {
      case "sent":
      case "accepted":
        return "Aborting…";
      case "busy":
        return "Sent, kernel busy";
      case "failed":
        return this.reason.value;
      default:
        return "";
    }
  }
}

/** The aborts of one view, by action name; "" is the run's. */
export class Aborts {
  readonly #of = new Map<string, Abort>();

  get(action: string, ask: () => Request): Abort {
    let abort = this.#of.get(action);
    if (!abort) {
      abort = new Abort(ask);
      this.#of.set(action, abort);
    }
    return abort;
  }
}
