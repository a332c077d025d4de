/** What the simulated kernel answers to looks; the shapes are those of docs/protocol.md. */

import type { Details, Events, Io, Spec, Table, TableAsk } from "../src/sights";
import type { RowData } from "./encode";
import { TRACEBACK } from "./scenes";

const S = 1000;
const LIBRARY_TRACEBACK = `Traceback (most recent call last):
  File "/home/ada/notebooks/train.py", line 88, in make_features
    frame = clean(column)
  File "/usr/lib/python3.11/site-packages/pandas/core/frame.py", line 10374, in apply
    return op.apply().__finalize__(self, method="apply")
  File "/usr/lib/python3.11/site-packages/pandas/core/apply.py", line 916, in apply
    return self.apply_standard()
  File "/home/ada/notebooks/train.py", line 41, in clean
    return [float(v) for v in column]
ValueError: could not convert string to float: 'n/a'`;

export function details(row: RowData): Details {
  const from = row.queued;
  const ran = Number.isNaN(row.started) ? null : row.started;
  const ended = Number.isNaN(row.ended) ? null : row.ended;
  const error =
    row.phase === 6 ? { kind: "USER" as const, code: "ValueError", message: LIBRARY_TRACEBACK } : null;
  const attempts = Array.from({ length: row.attempts }, (_, i) => {
    const last = i === row.attempts - 1;
    const at = from + i * 6 * S;
    return {
      attempt: i + 1,
      phase: last ? row.phase : 4,
      started: at,
      ended: last ? ended : at + 5 * S,
      retried: !last,
      phases: [
        [1, at, at + 400],
        [3, at + 400, ran === null && last ? null : at + 1200],
        ...(ran === null ? [] : [[4, at + 1200, last ? ended : at + 5 * S]]),
      ] as [number, number, number | null][],
      error: last
        ? error
        : { kind: "SYSTEM", code: "OOMKilled", message: "The container ran out of memory." },
      cache: row.cache,
      logs: true,
      report: true,
      cluster: "c",
      links: [{ name: "Kubernetes logs", url: "https://logs.example.com/x", ready: true }],
    };
  });
  const condition = {
    prompt:
      "Deploy **model 7** to `production`?\n\n- loss 0.031 (was 0.034)\n- see the [report](https://example.com/r)",
    format: "markdown" as const,
    description: "",
    type: "bool" as const,
    deadline: Date.now() + 3600 * S,
    answered: row.phase === 5,
    answer: row.phase === 5 ? "True" : "",
    by: row.phase === 5 ? "Ada Lovelace" : "",
    at: row.phase === 5 ? Date.now() : null,
  };
  return {
    name: row.name,
    kind: row.kind === 3 ? "condition" : "task",
    phase: row.phase,
    task: `forecast.${row.label}`,
    version: "4f1c9a7",
    environment: "forecast",
    parent: row.parent < 0 ? "" : "a0",
    group: row.group,
    who: "Ada Lovelace <ada@example.com>",
    source: "notebook",
    cache: row.cache,
    relation: row.parent < 0 ? { kind: "rerun", run: "r7abc12" } : null,
    recovered_from: "",
    abort: row.phase === 7 ? { reason: "wrong table, see #214", by: "Ada Lovelace" } : null,
    error,
    attempts: row.kind === 3 ? [] : attempts,
    condition: row.kind === 3 ? condition : null,
  };
}

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAAOklEQVR42u3PQREAAAgDINc/9Izg3YMGZKbLZ6Gqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq/G0BSQ8AAbGRT2cAAAAASUVORK5CYII=";

export const io: Io = {
  inputs: [
    {
      name: "table",
      type: "dir",
      kind: "blob",
      text: "s3://lake/sales/2026/11",
      path: ["inputs", "table"],
      uri: "s3://lake/sales/2026/11",
      bytes: 48_211_004,
      code: 'flyte_jupyter.remote.Action.get(run_name="r8s2kqv4mtx", name="a0").inputs()["table"]',
    },
    { name: "horizon", type: "int", kind: "value", text: "28", path: ["inputs", "horizon"] },
    {
      name: "note",
      type: "str",
      kind: "text",
      text: "All stores, without the closed ones; see the ticket for …",
      path: ["inputs", "note"],
      full: 18_204,
    },
    {
      name: "config",
      type: "Config",
      kind: "record",
      text: "{…} 3 items",
      path: ["inputs", "config"],
      size: 3,
      items: [
        { name: "model", type: "str", kind: "text", text: "'lightgbm'", path: ["inputs", "config", "model"] },
        {
          name: "rates",
          type: "list of float",
          kind: "list",
          text: "[…] 40 items",
          path: ["inputs", "config", "rates"],
          size: 40,
          items: [0.1, 0.05].map((x, i) => ({
            name: String(i),
            type: "float",
            kind: "value" as const,
            text: String(x),
            path: ["inputs", "config", "rates", i],
          })),
        },
        { name: "seed", type: "None", kind: "none", text: "None", path: ["inputs", "config", "seed"] },
      ],
    },
  ],
  outputs: [
    {
      name: "scores",
      type: "list of dict",
      kind: "list",
      text: "[…] 120 items",
      path: ["outputs", "scores"],
      size: 120,
      columns: ["fold", "loss", "seconds"],
      rows: [
        ["1", "0.0312", "41.2"],
        ["2", "0.0307", "39.8"],
        ["3", "0.0331", "44.0"],
      ],
    },
    {
      name: "plot",
      type: "file",
      kind: "blob",
      text: "s3://lake/out/plot.png",
      path: ["outputs", "plot"],
      uri: "s3://lake/out/plot.png",
      bytes: 2048,
      image: PIXEL,
      code: "x",
    },
  ],
  note: "",
};

export const events: Events = {
  attempts: {
    "1": [
      {
        time: Date.now() - 70 * S,
        kind: "Normal",
        reason: "Scheduled",
        source: "default-scheduler",
        message: "Assigned forecast/a0-0 to node-12",
        count: 1,
      },
      {
        time: Date.now() - 68 * S,
        kind: "Warning",
        reason: "BackOff",
        source: "kubelet",
        message: "Back-off pulling image registry.example.com/forecast:4f1c9a7",
        count: 4,
      },
      {
        time: Date.now() - 60 * S,
        kind: "Normal",
        reason: "Started",
        source: "kubelet",
        message: "Started container main",
        count: 1,
      },
    ],
  },
};

export const spec: Spec = {
  sections: [
    {
      title: "Task",
      rows: [
        ["Name", "forecast.make_features"],
        ["Version", "4f1c9a7"],
        ["Image", "registry.example.com/forecast:4f1c9a7"],
      ],
    },
    {
      title: "Resources",
      rows: [
        ["CPU", "2 to 4"],
        ["Memory", "8Gi"],
        ["GPU", "1 × A10"],
      ],
    },
    {
      title: "Environment",
      rows: [
        ["API_TOKEN", "hidden"],
        ["MODE", "fast"],
      ],
    },
  ],
};

export const REPORT = `<h1 style="font-family:sans-serif">Forecast</h1><p>Loss by fold</p><svg width="300" height="120"><polyline fill="none" stroke="teal" stroke-width="3" points="0,100 60,60 120,70 180,40 240,30 300,25"/></svg><p style="height:300px;background:#eef">Body</p><script>document.querySelector("p").append(" (drawn by the report's own script)")</script>`;

/** `count` lines from number `first` on, as a sight's value and buffers. */
export function logPiece(first: number, count: number, at: number): { value: object; buffers: DataView[] } {
  const times = new Float64Array(count);
  const flags = new Uint8Array(count);
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const n = first + i;
    times[i] = at + n * 137;
    if (n < 3) {
      flags[i] = 1;
      lines.push(`[flyte] ${["pulling image", "starting attempt 1", "inputs loaded"][n]}`);
    } else if (n % 41 === 17)
      lines.push("\u001b[31;1mERROR\u001b[0m could not read part-\u001b[36m0042\u001b[0m: retrying");
    else if (n % 23 === 5)
      lines.push(
        `\u001b[33mWARNING\u001b[0m column \u001b[4mprice\u001b[24m has ${n} empty values, ${"they are filled with the median of the store and the week, ".repeat(3)}`,
      );
    else
      lines.push(
        `\u001b[2m2026-11-21 06:31:${String(n % 60).padStart(2, "0")}\u001b[0m \u001b[32mINFO\u001b[0m step ${n} loss=0.${1000 - (n % 900)} items/s=${1200 + (n % 77)}`,
      );
  }
  const text = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  return {
    value: {
      attempt: 1,
      first,
      count,
      marks: first === 0 && count > 30 ? [{ line: 28, kind: "gap" }] : [],
      note: "",
    },
    buffers: [new DataView(times.buffer), new DataView(flags.buffer), new DataView(text.buffer)],
  };
}

/** A table of runs as the kernel would sort and cut it. */
export function runTable(now: number, params: Partial<TableAsk>): Table {
  const asked: TableAsk = { filters: {}, sort: ["started", "desc"], page: 0, size: 20, text: "", ...params };
  const phases = [4, 5, 6, 9, 5, 7, 5, 8, 1, 10];
  const all = Array.from({ length: 60 }, (_, i) => {
    const started = now - i * 750 * S;
    const phase = phases[i % 10];
    const over = ![1, 4, 9].includes(phase);
    return {
      id: `r${i}`,
      cells: {
        phase,
        task: ["forecast.train", "forecast.score", "lake.compact"][i % 3],
        run: `r${i}x${(i * 7919).toString(36)}`,
        started,
        duration: [started, over ? started + (40 + i * 13) * S : null],
        who: i % 4 ? "Ada Lovelace" : "Grace Hopper",
        labels: (i % 2 ? { team: "vision" } : {}) as Record<string, string>,
      },
      acts: over ? [] : ["abort"],
    };
  }).filter(({ cells }) => JSON.stringify(cells).includes(asked.text));
  const from = asked.page * asked.size;
  return {
    columns: [
      { key: "phase", title: "Phase", type: "phase", sortable: true },
      { key: "task", title: "Task", type: "text", sortable: true },
      { key: "run", title: "Run", type: "text", sortable: true },
      { key: "started", title: "Started", type: "time", sortable: true },
      { key: "duration", title: "Duration", type: "span", sortable: true },
      { key: "who", title: "Who", type: "text", sortable: false },
      { key: "labels", title: "Labels", type: "labels", sortable: false },
    ],
    rows: all.slice(from, from + asked.size),
    asked,
    more: from + asked.size < all.length,
    total: all.length,
    filters: [
      {
        key: "phase",
        title: "Phase",
        options: [
          ["4", "Running"],
          ["6", "Failed"],
        ],
      },
    ],
    acts: [{ name: "abort", title: "Abort", confirm: true, reason: true }],
    opens: true,
    empty: "There are no runs.",
    note: "",
  };
}

export { TRACEBACK };
