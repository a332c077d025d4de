/** The harness: `?scene=NAME&theme=light|dark`; `window.dev` drives the simulated kernel. */

import views from "../src/index";
import { SimKernel } from "./kernel";
import * as scenes from "./scenes";
import { details, events, io, logPiece, REPORT, runTable, spec } from "./sights";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "running";
const now = Date.now();
const kernel = new SimKernel({ hub_id: "devhub" });
const more = await (await fetch("out/more.js")).text();
kernel.answer = (method, params) => {
  if (method === "part") return { code: more };
  if (method === "error")
    return { kind: "USER", code: "ValueError", message: `${scenes.TRACEBACK}\n`.repeat(6) };
  if (method === "labels") {
    const actions = params.actions as string[];
    return {
      unread: 0,
      labels: Object.fromEntries(actions.map((name, i) => [name, `store=${name.slice(0, 3)}, week=${i}`])),
    };
  }
  if (method === "value") return { text: "All stores, without the closed ones. ".repeat(60) };
  if (method === "rerun") return { view: "v2", name: "r9new" };
  if (method === "open") return { view: "v2", name: String(params.row) };
  if (method === "act") return { failed: { r3: "Run r3 is over already." } };
  return {};
};
kernel.see = (look, sight) => {
  const row = run.rows.find(({ name }) => name === look.action);
  if (look.topic === "details" && row) sight({ value: details(row) });
  if (look.topic === "io") sight({ value: io });
  if (look.topic === "events") sight({ value: events });
  if (look.topic === "spec") sight({ value: spec });
  if (look.topic === "report") sight({ value: { attempt: 1, html: REPORT } });
  if (look.topic === "table") sight({ value: runTable(now, look.params as never) });
  if (look.topic === "logs") {
    const lines = Number(query.get("lines") ?? 400);
    for (let first = 0; first < lines; first += 5000) {
      const piece = logPiece(first, Math.min(5000, lines - first), now - 60_000);
      sight({ value: piece.value }, piece.buffers);
    }
  }
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
const run = (make[scene] ?? make.running)();
kernel.runs.set("v1", run);
kernel.runs.set("v2", scenes.single(now));
if (scene === "table") {
  kernel.runs.delete("v1");
  kernel.welcomes.set("v1", { kind: "table", title: "Runs of flytesnacks/development" });
}
if (scene === "logs")
  kernel.welcomes.set("v1", { kind: "logs", action: "a0", title: "Log of r8s2kqv4mtx/a0" });
const place = document.createElement("div");
place.className = "flyte-jupyter fj-hub-devhub fj-view-v1";
place.innerHTML = "<p>Snapshot: the static HTML that the notebook holds.</p>";
document.querySelector("#cell")?.append(place);
setInterval(() => kernel.emit({ type: "beat" }), 5000);
const cleanup = views.initialize({ model: kernel });
Object.assign(window, { dev: { kernel, run, place, cleanup } });
