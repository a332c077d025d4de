/** Requests to the kernel and what became of them. */

import { type Signal, signal } from "@preact/signals";
import { type Method, randomId, type ToKernel } from "./protocol";

/** A reply that takes longer than this is waiting for the kernel's cell. */
const BUSY_MS = 1_000;

/** How a request stands. "done" and "failed" are the kernel's answers. */
export type RequestState = "sent" | "busy" | "done" | "failed";

export interface Request {
  readonly state: Signal<RequestState>;
  /** The kernel's result; rejects with the kernel's sentence. */
  readonly reply: Promise<unknown>;
}

interface Pending {
  state: Signal<RequestState>;
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Requests {
  readonly #send: (message: ToKernel) => boolean;
  readonly #pending = new Map<string, Pending>();

  constructor(send: (message: ToKernel) => boolean) {
    this.#send = send;
  }

  ask(vid: string, method: Method, params: Record<string, unknown>): Request {
    const rid = randomId();
    const state = signal<RequestState>("sent");
    const reply = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        if (state.value === "sent") state.value = "busy";
      }, BUSY_MS);
      this.#pending.set(rid, { state, resolve, reject, timer });
    });
    // A caller that only watches `state` must not cause an "unhandled rejection" in the host page.
    reply.catch(() => {});
    if (!this.#send({ type: "request", vid, rid, method, params })) {
      this.settle(rid, false, undefined, "The kernel cannot be reached. Run the cell again.");
    }
    return { state, reply };
  }

  settle(rid: string, ok: boolean, result: unknown, error: string | undefined): void {
    const pending = this.#pending.get(rid);
    if (!pending) return;
    this.#pending.delete(rid);
    clearTimeout(pending.timer);
    pending.state.value = ok ? "done" : "failed";
    if (ok) pending.resolve(result);
    else pending.reject(new Error(error || "The kernel could not do it."));
  }

  close(): void {
    for (const rid of [...this.#pending.keys()]) this.settle(rid, false, undefined, "The view was closed.");
  }
}
