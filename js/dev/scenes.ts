/** Runs in the states that a person will see, for the harness. */

import { Phase } from "../src/phases";
import { RunWriter } from "./encode";

const TRACEBACK = `ValueError: could not convert string to float: 'n/a'
Traceback (most recent call last):
  File "/home/ada/notebooks/train.py", line 41, in clean
    return [float(v) for v in column]
  File "/home/ada/notebooks/train.py", line 41, in <listcomp>
    return [float(v) for v in column]
ValueError: could not convert string to float: 'n/a'`;

const S = 1000;

function pipeline(key: string, task: string, started: number): RunWriter {
  const run = new RunWriter(key, { name: key, task, started, url: "https://flyte.example.org/runs/x" });
  run.add({ name: "a0", label: task, phase: Phase.RUNNING, queued: started, started: started + 400 });
  return run;
}

export function running(now: number): RunWriter {
  const at = now - 74 * S;
  const run = pipeline("r8s2kqv4mtx", "train_forecast", at);
  run.add({
    parent: 0,
    name: "ax1load",
    label: "load_table",
    phase: 5,
    queued: at + 1 * S,
    started: at + 2 * S,
    ended: at + 9 * S,
  });
  run.add({
    parent: 0,
    name: "ax2val",
    label: "validate_schema",
    kind: 2,
    phase: 5,
    queued: at + 9 * S,
    started: at + 9 * S,
    ended: at + 9.3 * S,
  });
  for (let i = 0; i < 8; i++) {
    const queued = at + 10 * S + i * 300;
    const phase = i < 3 ? 5 : i === 3 ? 6 : i < 6 ? 4 : i === 6 ? 3 : 1;
    run.add({
      parent: 0,
      group: "features",
      name: `af${i}q7z`,
      label: `make_features`,
      phase,
      cache: i === 1 ? 2 : 0,
      attempts: i === 3 ? 3 : i === 4 ? 2 : 1,
      queued,
      initialized: phase === 1 ? Number.NaN : queued + 700,
      started: phase === 1 || phase === 3 ? Number.NaN : queued + 1200 + i * 500,
      ended: phase === 5 || phase === 6 ? queued + 12 * S + i * 4 * S : Number.NaN,
      error: i === 3 ? TRACEBACK : "",
    });
  }
  const tune = run.add({
    parent: 0,
    name: "at1tune",
    label: "tune",
    phase: 4,
    queued: at + 11 * S,
    started: at + 13 * S,
  });
  run.add({
    parent: tune,
    name: "at2fold",
    label: "fit_fold",
    phase: 5,
    queued: at + 15 * S,
    started: at + 16 * S,
    ended: at + 40 * S,
  });
  run.add({
    parent: tune,
    name: "at3fold",
    label: "fit_fold",
    phase: 4,
    queued: at + 15 * S,
    started: at + 41 * S,
  });
  run.add({ parent: tune, name: "at4fold", label: "fit_fold", phase: 2, queued: at + 15 * S });
  run.add({
    parent: 0,
    name: "acond",
    label: "approve_model",
    kind: 3,
    phase: 9,
    queued: at + 60 * S,
    started: at + 60 * S,
  });
  return run;
}

export function succeeded(now: number): RunWriter {
  const run = running(now);
  run.rows.forEach((row, i) => {
    row.phase = i === 7 ? 10 : 5;
    row.error = "";
    if (Number.isNaN(row.started)) row.started = row.queued + 2 * S;
    if (Number.isNaN(row.ended)) row.ended = run.rows[0].queued + (50 + i) * S;
  });
  run.rows[0].ended = now - 2 * S;
  run.head = { ...run.head, phase: 5, ended: now - 2 * S, over: true };
  return run;
}

export function failed(now: number): RunWriter {
  const run = running(now);
  const ended = now - 5 * S;
  for (const row of run.rows) {
    if (row.phase === 4) Object.assign(row, { phase: 7, ended });
    if (row.phase < 4 || row.phase === 9) Object.assign(row, { phase: 7, ended });
  }
  run.rows[11].phase = 8;
  run.rows[11].error = "TimeoutError: the task ran longer than 60 s";
  Object.assign(run.rows[0], { phase: 6, ended, error: TRACEBACK });
  run.head = { ...run.head, phase: 6, ended, error: TRACEBACK, over: true };
  return run;
}

export function aborted(now: number): RunWriter {
  const run = running(now);
  const ended = now - 3 * S;
  for (const row of run.rows) {
    if (![5, 6].includes(row.phase)) Object.assign(row, { phase: 7, ended });
  }
  run.head = { ...run.head, phase: 7, ended, abort_reason: "wrong table, see #214", over: true };
  return run;
}

export function empty(now: number): RunWriter {
  return new RunWriter("r0empty", { name: "r0empty", task: "train_forecast", phase: 1, started: now - 800 });
}

export function stale(now: number): RunWriter {
  const run = running(now);
  run.head = {
    ...run.head,
    stale: { since: now - 14 * S, reason: "The backend does not answer: connection refused." },
  };
  return run;
}

export function hostile(now: number): RunWriter {
  const run = running(now);
  const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e${"long".repeat(60)}`;
  run.head = {
    ...run.head,
    task: evil,
    name: evil,
    url: "javascript:window.hacked=1",
    abort_reason: evil,
    error: evil,
  };
  for (const row of run.rows.slice(1)) {
    row.label = evil;
    row.error = evil;
    if (row.group) row.group = evil;
  }
  return run;
}

/** `n` actions: a fan-out of n, each tenth with two children. */
export function large(now: number, n: number): RunWriter {
  const at = now - 600 * S;
  const run = pipeline("r7large", "sweep", at);
  for (let i = 1; run.rows.length < n; i++) {
    const queued = at + (i / n) * 300 * S;
    const phase = i % 97 === 0 ? 6 : i < n * 0.6 ? 5 : i < n * 0.61 ? 4 : 1;
    const started = phase === 1 ? Number.NaN : queued + 3 * S;
    const ended = phase > 4 ? queued + (20 + (i % 50)) * S : Number.NaN;
    const row = run.add({
      parent: 0,
      group: "points",
      name: `p${i}`,
      label: `evaluate point ${i}`,
      phase,
      queued,
      started,
      ended,
      error: phase === 6 ? TRACEBACK : "",
    });
    if (i % 10 === 0) {
      run.add({ parent: row, name: `p${i}a`, label: "load", kind: 2, phase, queued, started, ended });
      run.add({ parent: row, name: `p${i}b`, label: "score", kind: 2, phase, queued, started, ended });
    }
  }
  return run;
}

/** A small run that is over in a second. */
export function single(now: number): RunWriter {
  const run = pipeline("r1single", "hello", now - 3 * S);
  Object.assign(run.rows[0], { phase: 5, ended: now - 2 * S });
  run.head = { ...run.head, phase: 5, ended: now - 2 * S, over: true, url: "" };
  return run;
}

export { TRACEBACK };
