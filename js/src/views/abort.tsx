/** The buttons that abort: two clicks, then what became of it until the phase changes. */

import { useSignal } from "@preact/signals";
import type { Ask } from "../asks";
import { useView } from "./context";
import { StopIcon, WarningIcon } from "./icons";

const ABORTING = "Aborting…";

function useAbort(action: string): { ask: Ask; send: (reason?: string) => void } {
  const { asks, link, store } = useView();
  const ask = asks.get(`abort ${action}`);
  const send = (reason = "") => {
    const why = reason.trim() ? { reason: reason.trim() } : {};
    const request = action
      ? link.request("abort_action", { run: store.key, action, ...why })
      : link.request("abort_run", { run: store.key, ...why });
    ask.follow(request);
  };
  return { ask, send };
}

/** Moves the focus to what took the place of the clicked button. */
const focus = (element: HTMLElement | null) => element?.focus({ preventScroll: true });

export function AbortRun() {
  const { ask, send } = useAbort("");
  const reason = useSignal("");
  const stage = ask.stage.value;
  if (stage === "idle" || stage === "failed") {
    return (
      <button type="button" class="button danger" onClick={() => ask.arm()}>
        <StopIcon />
        Abort run
      </button>
    );
  }
  if (stage === "armed") {
    return (
      <span
        class="confirm"
        role="group"
        aria-label="Confirm"
        onKeyDown={(event) => {
          if (event.key === "Escape") ask.reset();
          event.stopPropagation();
        }}
      >
        <input
          class="field"
          placeholder="Reason (optional)"
          aria-label="Reason of the abort"
          maxLength={500}
          value={reason}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") send(reason.value);
          }}
        />
        <button
          type="button"
          class="button danger solid"
          ref={focus}
          onClick={(event) => {
            // The second click of a double-click is not a confirmation.
            if (event.detail < 2) send(reason.value);
          }}
        >
          <StopIcon />
          Confirm abort
        </button>
        <button type="button" class="button" onClick={() => ask.reset()}>
          Keep running
        </button>
      </span>
    );
  }
  return (
    <span class="outcome" role="status">
      {ask.words(ABORTING)}
    </span>
  );
}

/** Why something of the run could not be done. */
export function Failure({ what, title }: { what: string; title: string }) {
  const ask = useView().asks.get(what);
  if (ask.stage.value !== "failed") return null;
  return (
    <div class="note" role="status">
      <WarningIcon />
      <span>
        <b>{title}</b> {ask.reason.value}
      </span>
      <span class="gap" />
      <button type="button" class="button" onClick={() => ask.reset()}>
        Dismiss
      </button>
    </div>
  );
}

/** The button at the end of a row; `active` rows' buttons are in the tab order. */
export function AbortAction({ action, active }: { action: string; active: boolean }) {
  const { ask, send } = useAbort(action);
  const stage = ask.stage.value;
  const name = `Abort action ${action}`;
  const tabIndex = active ? 0 : -1;
  if (stage === "armed") {
    return (
      <button
        type="button"
        class="button danger solid armed"
        aria-label={`${name}: press again to confirm`}
        tabIndex={tabIndex}
        ref={focus}
        onBlur={() => ask.stage.value === "armed" && ask.reset()}
        onKeyDown={(event) => {
          if (event.key === "Escape") ask.reset();
          event.stopPropagation();
        }}
        onClick={(event) => {
          event.stopPropagation();
          if (event.detail < 2) send();
        }}
      >
        Abort?
      </button>
    );
  }
  if (stage !== "idle" && stage !== "failed") return null;
  return (
    <button
      type="button"
      class="quiet abort"
      aria-label={name}
      title={stage === "failed" ? ask.reason.value : name}
      tabIndex={tabIndex}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") event.stopPropagation();
      }}
      onClick={(event) => {
        event.stopPropagation();
        ask.arm();
      }}
    >
      <StopIcon />
    </button>
  );
}

/** How an action's abort stands, beside its name. */
export function AbortNote({ action }: { action: string }) {
  const { ask } = useAbort(action);
  const words = ask.words(ABORTING);
  return words ? (
    <span class="aborting" data-stage={ask.stage.value} role="status" title={words}>
      {words}
    </span>
  ) : null;
}
