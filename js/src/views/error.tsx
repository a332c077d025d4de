/** Errors, readable where they happened. */

import { useSignal } from "@preact/signals";
import type { ErrorText } from "../errors";
import { headline } from "../format";
import { Phase } from "../phases";
import type { RunStore } from "../store";
import { useView } from "./context";
import { CopyButton } from "./copy";
import { ChevronIcon } from "./icons";

/** How many lines of the root's error are shown before it is opened. */
const FIRST_LINES = 4;

/** The beginning of an error; of a traceback what it leads to. */
function beginning(text: string): string {
  if (text.startsWith("Traceback")) return headline(text);
  const lines = text.split("\n");
  const trace = lines.findIndex((line) => line.startsWith("Traceback"));
  return lines.slice(0, trace < 0 ? FIRST_LINES : Math.min(trace, FIRST_LINES)).join("\n");
}

/** Whether an action has an error, be it that its text was not sent yet: the kernel sends the first few unasked. */
export function hasError(store: RunStore, row: number): boolean {
  const phase = store.phase[row];
  return store.error[row] !== 0 || phase === Phase.FAILED || phase === Phase.TIMED_OUT;
}

function Facts({ error }: { error: ErrorText }) {
  const facts = [error.kind && `${error.kind.toLowerCase()} error`, error.state === "whole" && error.code]
    .filter(Boolean)
    .join(" · ");
  if (error.state === "unavailable") return <span class="facts">Not all of it: {error.code}</span>;
  return <span class="facts">{error.state === "loading" ? "Loading the whole text…" : facts}</span>;
}

/** The error of the run, below its header. */
export function RootError() {
  const { store, errors } = useView();
  const open = useSignal(false);
  const first = store.head?.error ?? "";
  if (!first) return null;
  const action = store.root >= 0 ? store.text(store.name[store.root]) : "a0";
  const attempt = store.root >= 0 ? store.attempts[store.root] : 1;
  const error: ErrorText = open.value
    ? errors.get(store, action, attempt, first).value
    : { state: "whole", kind: "", code: "", message: first };
  const text = open.value ? error.message : beginning(first);
  return (
    <section class="error root" aria-label="Error of the run">
      <div class="tools">
        <button
          type="button"
          class="fold"
          aria-expanded={open.value}
          onClick={() => {
            errors.forgetUnavailable();
            open.value = !open.value;
          }}
        >
          <ChevronIcon />
          Error
        </button>
        <Facts error={error} />
        <span class="gap" />
        <CopyButton text={error.message} what="Copy error" />
      </div>
      <pre class={open.value ? "whole" : "first"} tabIndex={open.value ? 0 : undefined}>
        {text}
      </pre>
    </section>
  );
}
