/** Flyte's phases: numbers, words and what they mean to a view. */

export const Phase = {
  UNKNOWN: 0,
  QUEUED: 1,
  WAITING_FOR_RESOURCES: 2,
  INITIALIZING: 3,
  RUNNING: 4,
  SUCCEEDED: 5,
  FAILED: 6,
  ABORTED: 7,
  TIMED_OUT: 8,
  PAUSED: 9,
  RECOVERED: 10,
} as const;

export interface PhaseInfo {
  /** What `data-phase` and the colour tokens are called. */
  id: string;
  /** What a person reads. */
  word: string;
  terminal: boolean;
}

const INFOS: PhaseInfo[] = [
  { id: "unknown", word: "Unknown", terminal: false },
  { id: "queued", word: "Queued", terminal: false },
  { id: "waiting_for_resources", word: "Waiting", terminal: false },
  { id: "initializing", word: "Initializing", terminal: false },
  { id: "running", word: "Running", terminal: false },
  { id: "succeeded", word: "Succeeded", terminal: true },
  { id: "failed", word: "Failed", terminal: true },
  { id: "aborted", word: "Aborted", terminal: true },
  { id: "timed_out", word: "Timed out", terminal: true },
  { id: "paused", word: "Paused", terminal: false },
  { id: "recovered", word: "Recovered", terminal: true },
];

/** How many phase numbers a table of counts has room for. */
export const PHASES = INFOS.length;

/** The phase with this number; a number of tomorrow's Flyte is "unknown". */
export function phaseInfo(phase: number): PhaseInfo {
  return INFOS[phase] ?? INFOS[0];
}

export function isTerminal(phase: number): boolean {
  return phaseInfo(phase).terminal;
}

/** The order in which a segmented bar shows the phases: what is done first, what waits last. */
export const BAR_ORDER = [
  Phase.SUCCEEDED,
  Phase.RECOVERED,
  Phase.FAILED,
  Phase.TIMED_OUT,
  Phase.ABORTED,
  Phase.PAUSED,
  Phase.RUNNING,
  Phase.INITIALIZING,
  Phase.WAITING_FOR_RESOURCES,
  Phase.QUEUED,
  Phase.UNKNOWN,
];

const SUMMARY_ORDER: number[] = [
  Phase.FAILED,
  Phase.TIMED_OUT,
  Phase.PAUSED,
  Phase.RUNNING,
  Phase.INITIALIZING,
  Phase.WAITING_FOR_RESOURCES,
  Phase.QUEUED,
  Phase.UNKNOWN,
  Phase.ABORTED,
  Phase.SUCCEEDED,
  Phase.RECOVERED,
];

/** The one phase that says most about many: trouble first, then what goes on, then success. */
export function summaryPhase(counts: ArrayLike<number>): number {
  return SUMMARY_ORDER.find((phase) => counts[phase] > 0) ?? Phase.UNKNOWN;
}

/** The place of a phase in that order, from 0. */
export function summaryRank(phase: number): number {
  return SUMMARY_ORDER.indexOf(phase < PHASES ? phase : Phase.UNKNOWN);
}

export const Kind = { UNKNOWN: 0, TASK: 1, TRACE: 2, CONDITION: 3 } as const;

/** Flyte's cache status that means "the outputs came from the cache". */
export const CACHE_HIT = 2;
