/** What a view shows by its kind. */

import { useEffect } from "preact/hooks";
import { rowNamed } from "../store";
import { tabOf } from "../tabs";
import { useView } from "./context";
import { useMore } from "./more";
import { RunView } from "./run";

export function App() {
  const { link } = useView();
  const kind = link.welcome.value?.kind;
  if (kind === "table") return <TableAlone />;
  return kind === "logs" ? <LogAlone /> : <RunWithMore />;
}

function RunWithMore() {
  const { state } = useView();
  useFirstLook();
  return (
    <>
      <RunView />
      {state.opened.value.map((one) => (
        <Rerun key={one.view} {...one} />
      ))}
    </>
  );
}

/** The run that a rerun has started. */
function Rerun({ view, name }: { view: string; name: string }) {
  const { state } = useView();
  const { more, note } = useMore();
  const close = () => {
    state.opened.value = state.opened.value.filter((one) => one.view !== view);
  };
  return more ? <more.Opened {...{ view, close }} title={`Rerun ${name}`} /> : <p class="waiting">{note}</p>;
}

/** Opens what the view was asked to open at first, as soon as it is there. */
function useFirstLook(): void {
  const { store, state, link } = useView();
  const welcome = link.welcome.value;
  const row = welcome && !state.begun ? rowNamed(store, welcome.action) : -1;
  useEffect(() => {
    if (!welcome || state.begun) return;
    state.begin(welcome.height);
    if (welcome.action !== "" && row < 0) return;
    state.begun = true;
    if (row >= 0) state.goTo(String(row));
    if (welcome.attempt !== null) state.attempts.value = { [welcome.action]: welcome.attempt };
    const tab = tabOf(welcome.tab);
    if (tab !== null) state.tab.value = tab;
  }, [welcome, state, row]);
}

function TableAlone() {
  const { more, note } = useMore();
  return more ? <more.TableView /> : <p class="waiting">{note}</p>;
}

function LogAlone() {
  const { more, note } = useMore();
  return more ? <more.LogAlone /> : <p class="waiting">{note}</p>;
}
