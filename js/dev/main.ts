/** The harness: `?scene=NAME&theme=light|dark`; `window.dev` drives the simulated kernel. */

import views from "../src/index";
import { SimKernel } from "./kernel";
import * as scenes from "./scenes";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "running";
const now = Date.now();
const kernel = new SimKernel({ hub_id: "devhub" });
kernel.answer = (method) => {
  if (method === "error")
    return { kind: "USER", code: "ValueError", message: `${scenes.TRACEBACK}\n`.repeat(6) };
  return {};
};
const make: Record<string, () => ReturnType<typeof scenes.running>> = {
  running: () => scenes.running(now),
  succeeded: () => scenes.succeeded(now),
  failed: () => scenes.failed(now),
  aborted: () => scenes.aborted(now),
  empty: () => scenes.empty(now),
  stale: () => scenes.stale(now),
  hostile: () => scenes.hostile(now),
  single: () => scenes.single(now),
  large: () => scenes.large(now, Number(query.get("n") ?? 10_000)),
};
document.body.dataset.jpThemeLight = String(query.get("theme") !== "dark");
const run = make[scene]();
kernel.runs.set("v1", run);
const place = document.createElement("div");
place.className = "flyte-jupyter fj-hub-devhub fj-view-v1";
place.innerHTML = "<p>Snapshot: the static HTML that the notebook holds.</p>";
document.querySelector("#cell")?.append(place);
setInterval(() => kernel.emit({ type: "beat" }), 5000);
const cleanup = views.initialize({ model: kernel });
Object.assign(window, { dev: { kernel, run, place, cleanup } });
