/** The view of one run. */

import { AbortFailure } from "./abort";
import { Announcer } from "./announcer";
import { useView } from "./context";
import { RootError } from "./error";
import { Header } from "./header";
import { Notes } from "./notes";
import { Tree } from "./tree";

export function RunView() {
  const { store, connection } = useView();
  store.tick.value;
  const away = !connection.alive.value || store.head?.stale;
  return (
    <section class={away ? "run away" : "run"} aria-label={`Run ${store.head?.name ?? ""}`}>
      <Header />
      <AbortFailure />
      <Notes />
      <RootError />
      {store.n > 0 ? <Tree /> : <p class="waiting">No actions yet.</p>}
      <Announcer />
    </section>
  );
}
