/** The view of one run. */

import { Announcer } from "./announcer";
import { useView } from "./context";
import { RootError } from "./error";
import { Header } from "./header";
import { Notes } from "./notes";
import { Tree } from "./tree";

export function RunView() {
  const { store } = useView();
  store.tick.value;
  return (
    <section class="run" aria-label={`Run ${store.head?.name ?? ""}`}>
      <Header />
      <Notes />
      <RootError />
      {store.n > 0 ? <Tree /> : <p class="waiting">No actions yet.</p>}
      <Announcer />
    </section>
  );
}
