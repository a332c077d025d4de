/** A kernel that lives in the page: answers as the real one does, for the harness and for tests. */

import type { Model, ToKernel, Welcome } from "../src/protocol";
import type { RunWriter } from "./encode";

export type LookMessage = Extract<ToKernel, { type: "look" }>;
/** Sends the next sight of a look. */
export type SendSight = (
  content: { value?: unknown; error?: string; end?: boolean },
  buffers?: unknown[],
) => void;

type Handler = (content: unknown, buffers?: unknown) => void;

export class SimKernel implements Model {
  readonly received: ToKernel[] = [];
  /** Views by id. */
  readonly runs = new Map<string, RunWriter>();
  /** Answers requests; what it throws is the reply's error. */
  answer: (method: string, params: Record<string, unknown>) => unknown = () => ({});
  /** What a look sees at once; without it looks see nothing. */
  see: (look: LookMessage, sight: SendSight) => void = () => {};
  /** What `welcome` says beyond the run, by view. */
  readonly welcomes = new Map<string, Partial<Welcome>>();
  /** While true nothing is answered, as while a cell blocks the kernel; `wake` answers what waits. */
  busy = false;
  gone = false;
  readonly #traits: Record<string, unknown>;
  readonly #handlers = new Set<Handler>();
  readonly #lost = new Set<() => void>();
  #waiting: ToKernel[] = [];

  constructor(traits: Record<string, unknown>) {
    this.#traits = traits;
  }

  get(name: string): unknown {
    return this.#traits[name];
  }

  on(event: string, handler: Handler): void {
    if (event === "msg:custom") this.#handlers.add(handler);
    else this.#lost.add(handler as () => void);
  }

  off(_event: string, handler: Handler): void {
    this.#handlers.delete(handler);
    this.#lost.delete(handler as () => void);
  }

  /** Loses the kernel, as a widget manager does when it is restarted. */
  restart(): void {
    this.gone = true;
    for (const handler of this.#lost) handler();
  }

  get listeners(): number {
    return this.#handlers.size + this.#lost.size;
  }

  send(content: unknown): void {
    if (this.gone) throw new Error("Cannot send");
    const message = JSON.parse(JSON.stringify(content)) as ToKernel;
    this.received.push(message);
    this.#waiting.push(message);
    queueMicrotask(() => this.busy || this.wake());
  }

  /** Sends to the page. */
  emit(content: unknown, buffers: unknown[] = []): void {
    for (const handler of [...this.#handlers]) handler(content, buffers);
  }

  delta(run: RunWriter, changed: number[]): void {
    const { content, buffers } = run.delta(changed);
    this.emit(content, buffers);
  }

  snapshot(run: RunWriter): void {
    const { content, buffers } = run.snapshot();
    this.emit(content, buffers);
  }

  /** Loses what was sent and not answered yet. */
  lose(): void {
    this.#waiting = [];
  }

  wake(): void {
    this.busy = false;
    for (const message of this.#waiting.splice(0)) this.#handle(message);
  }

  #handle(message: ToKernel): void {
    if (message.type === "hello") {
      const run = this.runs.get(message.view);
      const { vid, view } = message;
      const more = this.welcomes.get(view);
      if (!run && !more) {
        this.emit({ type: "unknown", vid, view });
        return;
      }
      const welcome = {
        kind: "run",
        action: "",
        tab: "",
        attempt: null,
        height: null,
        title: run?.head.name ?? "",
        ...more,
      };
      this.emit({
        type: "welcome",
        vid,
        view,
        run: run?.key ?? "",
        console: run?.head.url ?? "",
        ...welcome,
      });
      if (run) this.snapshot(run);
    } else if (message.type === "look") {
      let seq = 0;
      this.see(message, (content, buffers) =>
        this.emit({ type: "sight", lid: message.lid, seq: ++seq, ...content }, buffers),
      );
    } else if (message.type === "resync") {
      for (const run of this.runs.values()) {
        if (run.key === message.run) this.snapshot(run);
      }
    } else if (message.type === "request") {
      const { rid, method, params } = message;
      try {
        this.emit({ type: "reply", rid, ok: true, result: this.answer(method, params) });
      } catch (error) {
        this.emit({ type: "reply", rid, ok: false, error: (error as Error).message });
      }
    }
  }
}
