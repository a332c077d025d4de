/** What anywidget loads: `initialize` runs once per model in a page, `render` once per displayed view. */

import { Connection } from "./connection";
import { Hub, hubIdOf } from "./hub";
import { followNotices } from "./notices";
import type { Model } from "./protocol";
import { mountView } from "./views/mount";
import { ViewState } from "./viewstate";

type Cleanup = () => void;

function viewIdOf(model: Model): string | null {
  const id = model.get("view_id");
  return typeof id === "string" && id !== "" ? id : null;
}

/** Starts the hub, where the model is one. */
function initialize({ model }: { model: Model }): Cleanup | undefined {
  const hubId = hubIdOf(model);
  if (hubId === null || viewIdOf(model) !== null) return undefined;
  const hub = new Hub(model, hubId);
  return () => hub.close();
}

/** Mounts the view of a fall-back widget; a hub shows nothing of its own. */
function render({ model, el }: { model: Model; el: HTMLElement }): Cleanup | undefined {
  const view = viewIdOf(model);
  if (view === null) return undefined;
  const connection = new Connection(model);
  const host = document.createElement("div");
  el.append(host);
  const mounted = mountView(connection, view, host, new ViewState(view), { waiting: true });
  const closeToasts = followNotices(connection);
  return () => {
    mounted.close();
    closeToasts();
    connection.close();
    host.remove();
  };
}

export default { initialize, render };
