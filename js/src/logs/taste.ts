import { signal } from "@preact/signals";

/** How a person likes logs stays over actions and attempts of a view. */
export class LogTaste {
  readonly times = signal(false);
  readonly wrap = signal(false);
  readonly hideSystem = signal(false);
}
