/** What the sights of each topic hold; `docs/protocol.md` is the contract. Times are ms since 1970. */

export interface ErrorInfo {
  kind: string;
  code: string;
  message: string;
}

export interface Attempt {
  attempt: number;
  phase: number;
  started: number | null;
  ended: number | null;
  retried: boolean;
  /** Phase, from, to. */
  phases: [number, number, number | null][];
  error: ErrorInfo | null;
  cache: number;
  logs: boolean;
  report: boolean;
  cluster: string;
  links: { name: string; url: string; ready: boolean }[];
}

export interface Condition {
  prompt: string;
  format: "text" | "markdown";
  description: string;
  type: "bool" | "int" | "float" | "str" | "";
  deadline: number | null;
  answered: boolean;
  answer: string;
  by: string;
  at: number | null;
}

export interface Details {
  name: string;
  kind: string;
  phase: number;
  task: string;
  version: string;
  environment: string;
  parent: string;
  group: string;
  who: string;
  source: string;
  cache: number;
  relation: { kind: string; run: string } | null;
  recovered_from: string;
  abort: { reason: string; by: string } | null;
  error: ErrorInfo | null;
  attempts: Attempt[];
  condition: Condition | null;
}

export interface DataNode {
  name: string;
  type: string;
  kind: "none" | "value" | "text" | "list" | "map" | "record" | "blob" | "table" | "error";
  text: string;
  path: (string | number)[];
  full?: number;
  size?: number;
  items?: DataNode[];
  uri?: string;
  bytes?: number;
  files?: number;
  code?: string;
  columns?: string[];
  rows?: string[][];
  image?: string;
}

/** More of a node's value than was sent with it: the reply to `value`. */
export interface MoreOfValue {
  text?: string;
  items?: DataNode[];
  rows?: string[][];
  left_out?: number;
  code?: string;
}

export interface Io {
  inputs: DataNode[] | null;
  outputs: DataNode[] | null;
  note: string;
}

export interface LogPiece {
  attempt: number;
  first: number;
  count: number;
  marks: { line: number; kind: "gap" | "cut" }[];
  note: string;
  restart?: boolean;
}

export interface Events {
  attempts: Record<string, EventInfo[]>;
}

export interface EventInfo {
  time: number | null;
  kind: string;
  reason: string;
  source: string;
  message: string;
  count: number;
}

export interface Spec {
  sections: { title: string; rows: [string, string][] }[];
}

export interface Report {
  attempt: number;
  html?: string;
  none?: boolean;
}

export type CellType = "text" | "phase" | "time" | "span" | "count" | "flag" | "labels";

export interface TableColumn {
  key: string;
  title: string;
  type: CellType;
  sortable: boolean;
}

export interface TableRow {
  id: string;
  cells: Record<string, unknown>;
  acts: string[];
}

export interface TableAct {
  name: string;
  title: string;
  confirm: boolean;
  reason: boolean;
}

export interface TableAsk {
  filters: Record<string, string>;
  sort: [string, "asc" | "desc"] | null;
  page: number;
  size: number;
  text: string;
}

export interface Table {
  columns: TableColumn[];
  rows: TableRow[];
  /** What it answers; what a page leaves out of its question is as the table begins. */
  asked: TableAsk;
  more: boolean;
  total: number | null;
  filters: { key: string; title: string; options: [string, string][] }[];
  acts: TableAct[];
  opens: boolean;
  empty: string;
  note: string;
}
