/** The buttons that abort: two clicks, then what became of it until the phase changes. */

import type { Abort } from "../aborts";
import { useView } from "./context";
import { StopIcon, WarningIcon } from "./icons";

export function useRunAbort(): Abort {
  const { aborts, link, store } = useView();
  return aborts.get("", () => link.request("abort_run", { run: store.key }));
}

export function useActionAbort(action: string): Abort {
  const { aborts, link, store } = useView();
  return aborts.get(action, () => link.request("abort_action", { run: store.key, action }));
}

/** The second click of a double-click is not a confirmation. */
function confirm(abort: Abort, event: MouseEvent): void {
  event.stopPropagation();
  if (event.detail < 2) abort.confirm();
}

/** Moves the focus to what took the place of the clicked button. */
const focus = (element: HTMLElement | null) => element?.focus({ preventScroll: true });

export function AbortRun() {
  const abort = useRunAbort();
  const stage = abort.stage.value;
  if (stage === "idle" || stage === "failed") {
    return (
      <button type="button" class="button danger" onClick={() => abort.arm()}>
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
          if (event.key === "Escape") abort.reset();
        }}
      >
        <button
          type="button"
          class="button danger solid"
          ref={focus}
          onClick={(event) => confirm(abort, event)}
        >
          <StopIcon />
          Confirm abort
        </button>
        <button type="button" class="button" onClick={() => abort.reset()}>
          Keep running
        </button>
      </span>
    );
  }
  return (
    <span class="outcome" role="status">
      {abort.words}
    </span>
  );
}

/** Why the run could not be aborted. */
export function AbortFailure() {
  const abort = useRunAbort();
  if (abort.stage.value !== "failed") return null;
  return (
    <div class="note" role="status">
      <WarningIcon />
      <span>
        <b>Not aborted.</b> {abort.words}
      </span>
      <span class="gap" />
      <button type="button" class="button" onClick={() => abort.reset()}>
        Dismiss
      </button>
    </div>
  );
}

/** The button at the end of a row; `active` rows' buttons are in the tab order. */
export function AbortAction({ action, active }: { action: string; active: boolean }) {
  const abort = useActionAbort(action);
  const stage = abort.stage.value;
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
        onBlur={() => abort.stage.value === "armed" && abort.reset()}
        onKeyDown={(event) => {
          if (event.key === "Escape") abort.reset();
          event.stopPropagation();
        }}
        onClick={(event) => confirm(abort, event)}
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
      title={stage === "failed" ? abort.words : name}
      tabIndex={tabIndex}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") event.stopPropagation();
      }}
      onClick={(event) => {
        event.stopPropagation();
        abort.arm();
      }}
    >
      <StopIcon />
    </button>
  );
}

/** How an action's abort stands, beside its name. */
export function AbortNote({ action }: { action: string }) {
  const abort = useActionAbort(action);
  const { words } = abort;
  return words ? (
    <span class="aborting" data-stage={abort.stage.value} role="status" title={words}>
      {words}
    </span>
  ) : null;
}
