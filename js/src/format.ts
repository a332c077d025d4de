/** Numbers, durations and times as a person reads them; `tests/golden/format.json` holds Python to the same. */

import { Phase } from "./phases";

/** What a page would act upon instead of showing: control characters, lone surrogates, changes of text direction. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** `text` with everything that is not to be shown as itself replaced by the replacement character. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNPRINTABLE, "\ufffd");
}

/** JSON data with every text in it made printable. */
export function printableAll(data: unknown): unknown {
  if (typeof data === "string") return printable(data);
  if (Array.isArray(data)) return data.map(printableAll);
  if (data === null || typeof data !== "object") return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [printable(key), printableAll(value)]),
  );
}

const pad = (n: number): string => String(n).padStart(2, "0");

/** A duration in ms: "340ms", "3.2s", "42s", "1m 02s", "2h 05m", "3d 04h"; "" where unknown. Cut, never rounded up. */
export function duration(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return "";
  if (ms < 0) return "0ms";
  if (ms < 1000) return `${Math.floor(ms)}ms`;
  const s = Math.floor(ms / 1000);
  if (s < 10) return `${s}.${Math.floor((ms % 1000) / 100)}s`;
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${pad(s % 60)}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${pad(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86400)}d ${pad(Math.floor((s % 86400) / 3600))}h`;
}

/** A duration that is still growing, in whole seconds: "3s", "42s", then as `duration`. */
export function elapsed(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return "";
  return ms < 10_000 ? `${Math.max(0, Math.floor(ms / 1000))}s` : duration(ms);
}

/** A whole number with thousands marked: "12,345". */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "37 of 200 done, 12 running, 2 failed" of counts by phase number. */
export function progress(counts: ArrayLike<number>): string {
  const at = (...phases: number[]) => phases.reduce((sum, phase) => sum + (counts[phase] ?? 0), 0);
  const total = Array.from(counts).reduce((sum, n) => sum + n, 0);
  const parts = [`${count(at(Phase.SUCCEEDED, Phase.RECOVERED))} of ${count(total)} done`];
  const named: [number, string][] = [
    [Phase.RUNNING, "running"],
    [Phase.PAUSED, "paused"],
    [Phase.FAILED, "failed"],
    [Phase.TIMED_OUT, "timed out"],
    [Phase.ABORTED, "aborted"],
  ];
  for (const [phase, word] of named) {
    if (at(phase) > 0) parts.push(`${count(at(phase))} ${word}`);
  }
  return parts.join(", ");
}

/** What a calendar has no day for is no moment. */
const FARTHEST_MS = 8.64e15 - 1e9;

const isMoment = (ms: number): boolean => Math.abs(ms) < FARTHEST_MS;

function shifted(ms: number, offset: number): Date {
  return new Date(ms + offset * 60_000);
}

/** Minutes that local time is ahead of UTC at that moment. */
function localOffset(ms: number): number {
  return -new Date(ms).getTimezoneOffset();
}

const day = (d: Date): string => d.toISOString().slice(0, 10);

/** A moment: "06:31:12" if it is of the same day as `now`, else "2026-11-21 06:31". `offset`: minutes ahead of UTC. */
export function time(ms: number, now: number, offset: number = localOffset(ms)): string {
  if (!isMoment(ms) || !isMoment(now)) return "";
  const at = shifted(ms, offset);
  const clock = at.toISOString().slice(11, 19);
  return day(at) === day(shifted(now, offset)) ? clock : `${day(at)} ${clock.slice(0, 5)}`;
}

/** A moment in full: "2026-11-21 06:31:12 UTC+01:00". */
export function timestamp(ms: number, offset: number = localOffset(ms)): string {
  if (!isMoment(ms)) return "at an unknown time";
  const at = shifted(ms, offset).toISOString();
  const minutes = Math.abs(offset);
  const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC${offset === 0 ? "" : zone}`;
}

/** The line of an error text that says most: of a traceback the exception, else the first one. */
export function headline(text: string): string {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const filled = lines.filter(Boolean);
  if (!text.trimStart().startsWith("Traceback (most recent call last)")) return (filled[0] ?? "").trim();
  const frames = lines.findLastIndex((line) => line.startsWith("  "));
  return (lines.slice(frames + 1).find(Boolean) ?? filled[filled.length - 1]).trim();
}
