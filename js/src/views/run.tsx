/** The view of one run. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { printable } from "../format";
import { keyOf } from "../order";
import { Failure } from "./abort";
import { Announcer } from "./announcer";
import { useNow, useView } from "./context";
import { RootError } from "./error";
import { Grip } from "./grip";
import { Header, phaseOf } from "./header";
import { Details } from "./more";
import { Notes } from "./notes";
import { Toolbar } from "./toolbar";
import { reveal, Tree } from "./tree";

export function RunView() {
  const { store, connection } = useView();
  const away = !connection.alive.value || store.head?.stale;
  return (
    <section
      class={away ? "run away" : "run"}
      aria-label={`Run ${store.head?.name ?? ""}`}
      data-run-phase={phaseOf(store)}
    >
      <Header />
      <Failure what="abort " title="Not aborted." />
      <Failure what="rerun" title="Not rerun." />
      <Failure what="freeze" title="Not frozen." />
      <FrozenNote />
      <Notes />
      <RootError />
      {store.n > 0 ? <Body /> : <p class="waiting">No actions yet.</p>}
      <Announcer />
    </section>
  );
}

/** What was left out of a frozen view. */
function FrozenNote() {
  const ask = useView().asks.get("freeze");
  const { note = "" } = (ask.stage.value === "accepted" && (ask.result as { note?: string } | null)) || {};
  if (!note) return null;
  return (
    <div class="note calm" role="status">
      <span>{printable(note)}</span>
      <span class="gap" />
      <button type="button" class="button" onClick={() => ask.reset()}>
        Dismiss
      </button>
    </div>
  );
}

/** The tree, and beside or below it the details of what is chosen. */
function Body() {
  const { store, state, labels, lines } = useView();
  const now = useNow();
  if (state.find.value.text) labels.seek(store);
  lines.update(store, state, now, labels.known, labels.version.value);
  const box = useRef<HTMLDivElement>(null);
  const shown = state.shown.value;
  const open = state.tab.value !== null;
  useLayoutEffect(() => {
    if (shown > 0 || open) reveal(box.current, lines.lineOfKey(store, state.selected.peek()));
  }, [shown, open, box, lines, store, state]);
  const step = (by: 1 | -1) => {
    const line = lines.seekMatch(lines.lineOfKey(store, state.selected.peek()), by);
    if (line >= 0) state.goTo(keyOf(store, lines.node[line]));
  };
  const leave = () => box.current?.focus({ preventScroll: true });
  return (
    <>
      {store.n > 1 && <Toolbar lines={lines} stamp={lines.stamp} step={step} leave={leave} />}
      <div class={open ? "body open" : "body"} style={{ "--height": `${state.height.value}px` }}>
        <Tree lines={lines} stamp={lines.stamp} box={box} />
        {open && <Details leave={leave} />}
      </div>
      {(open || store.n > 4) && <Grip state={state} />}
    </>
  );
}
