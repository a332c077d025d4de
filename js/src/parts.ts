/** Loading of the second part of the views, once per connection. */

import { shared } from "virtual:shared";
import { type Signal, signal } from "@preact/signals";
import type { Requests } from "./requests";

export type More = typeof import("./more");

export interface MorePart {
  /** The part, null while it is not there. */
  readonly it: Signal<More | null>;
  /** Why it cannot be had, or "". */
  readonly error: Signal<string>;
}

/** Makes the part of what the kernel sent: a module of this package that takes the modules of the first part. */
async function fetchMore(requests: Requests): Promise<More> {
  const { code } = (await requests.ask("", "part", {}).reply) as { code: string };
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    const module = await import(/* @vite-ignore */ url);
    return module.default(shared);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** How parts are had; tests and the harness have them without a kernel. */
export const source: { more: (requests: Requests) => Promise<More> } = { more: fetchMore };

export class Parts {
  readonly more: MorePart = { it: signal(null), error: signal("") };
  readonly #requests: Requests;
  #asked = false;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** Asks for the part the first time, and again after it could not be had. */
  load(): MorePart {
    if (!this.#asked) {
      this.#asked = true;
      source.more(this.#requests).then(
        (more) => {
          this.more.it.value = more;
          this.more.error.value = "";
        },
        (error: Error) => {
          this.more.error.value = error.message;
          this.#asked = false;
        },
      );
    }
    return this.more;
  }
}
