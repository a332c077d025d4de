/** What mounts look at beyond the run itself: each look is answered by sights until it is let go. */

import { type Signal, signal } from "@preact/signals";
import { printableAll } from "./format";
import { randomId, type SightContent, type ToKernel, type Topic } from "./protocol";

/** What is known of something looked at. */
export interface Sight {
  /** The latest value, null while none came. */
  value: unknown;
  /** One sentence where it cannot be had, or no longer. */
  error: string;
  /** Nothing more will come. */
  end: boolean;
}

const NOTHING: Sight = { value: null, error: "", end: false };

export interface LookAt {
  run?: string;
  action?: string;
  params?: Record<string, unknown> | (() => Record<string, unknown>);
  /** Takes each value with its buffers, where it is more than one that replaces the last. */
  take?: (value: unknown, buffers: unknown) => void;
}

export interface Look {
  readonly sight: Signal<Sight>;
  close(): void;
}

class Looking implements Look {
  readonly sight = signal(NOTHING);
  readonly lid = randomId();
  seq = 0;
  close: () => void = () => {};

  constructor(
    readonly vid: string,
    readonly topic: Topic,
    readonly at: LookAt,
  ) {}
}

export class Looks {
  readonly #send: (message: ToKernel) => boolean;
  readonly #looks = new Map<string, Looking>();

  constructor(send: (message: ToKernel) => boolean) {
    this.#send = send;
  }

  open(vid: string, topic: Topic, at: LookAt): Look {
    const look = new Looking(vid, topic, at);
    this.#looks.set(look.lid, look);
    look.close = () => {
      if (this.#looks.delete(look.lid)) this.#send({ type: "away", vid, lid: look.lid });
    };
    this.#ask(look);
    return look;
  }

  receive(content: SightContent, buffers: unknown): void {
    const look = this.#looks.get(content.lid);
    if (!look) return;
    if (content.seq <= look.seq) return;
    if (content.seq !== look.seq + 1) {
      this.#ask(look);
      return;
    }
    look.seq = content.seq;
    const { take } = look.at;
    const before = look.sight.peek();
    const value = content.value === undefined ? undefined : printableAll(content.value);
    if (take && value !== undefined) take(value, buffers);
    look.sight.value = {
      value: value === undefined ? before.value : value,
      error: printableAll(content.error ?? "") as string,
      end: content.end === true,
    };
  }

  #ask(look: Looking): void {
    look.seq = 0;
    const { run = "", action = "", params = {} } = look.at;
    const { vid, lid, topic } = look;
    const now = typeof params === "function" ? params() : params;
    if (!this.#send({ type: "look", vid, lid, topic, run, action, params: now })) {
      look.sight.value = { ...look.sight.peek(), error: "The kernel cannot be reached." };
    }
  }
}
