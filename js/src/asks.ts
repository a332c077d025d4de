/** What became of what was asked for in one view; rows and panes come and go, this stays. */

import { effect, type Signal, signal } from "@preact/signals";
import type { Request } from "./requests";

/**
 * "armed" waits for the second click; "sent" and "busy" for the kernel; "accepted" is the kernel's yes, which an abort
 * keeps until the phase changes; "failed" shows why.
 */
export type AskStage = "idle" | "armed" | "sent" | "busy" | "accepted" | "failed";

export class Ask {
  readonly stage: Signal<AskStage> = signal("idle");
  /** Why it failed. */
  readonly reason = signal("");
  /** What the kernel answered. */
  result: unknown = null;

  arm(): void {
    this.stage.value = "armed";
  }

  /** Back to the start: not now, or the failure was read. */
  reset(): void {
    this.stage.value = "idle";
  }

  get waiting(): boolean {
    return this.stage.value === "sent" || this.stage.value === "busy";
  }

  /** Follows a request that was sent; `done` is called with the kernel's answer. */
  follow(request: Request, done?: (result: unknown) => void): void {
    const stop = effect(() => {
      const state = request.state.value;
      if (state === "sent" || state === "busy") this.stage.value = state;
    });
    request.reply.then(
      (result) => {
        stop();
        this.result = result;
        this.stage.value = "accepted";
        done?.(result);
      },
      (error: Error) => {
        stop();
        this.reason.value = error.message;
        this.stage.value = "failed";
      },
    );
  }

  /** What to say of it, "" where there is nothing to say; `doing` while it lasts, e.g. "Aborting…". */
  words(doing: string): string {
    switch (this.stage.value) {
      case "sent":
      case "accepted":
        return doing;
      case "busy":
        return "Sent, no answer yet";
      case "failed":
        return this.reason.value;
      default:
        return "";
    }
  }
}

/** The asks of one view, by what is asked for and of what, e.g. "abort a0". */
export class Asks {
  readonly #of = new Map<string, Ask>();

  get(what: string): Ask {
    let ask = this.#of.get(what);
    if (!ask) {
      ask = new Ask();
      this.#of.set(what, ask);
    }
    return ask;
  }
}
