/** A value of a table by the type of its column. */

import { count, duration, elapsed, time, timestamp } from "../../format";
import { phaseInfo } from "../../phases";
import type { CellType } from "../../sights";
import { useNow } from "../context";
import { PhaseIcon } from "../icons";

export function Cell({ type, value }: { type: CellType; value: unknown }) {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "phase": {
      const phase = Number(value);
      const info = phaseInfo(phase);
      return (
        <span class="phase" data-phase={info.id}>
          <PhaseIcon phase={phase} /> {info.word}
        </span>
      );
    }
    case "time":
      return <Moment ms={Number(value)} />;
    case "span":
      return <Span span={value as [number, number | null]} />;
    case "count":
      return <span class="figure">{count(Number(value))}</span>;
    case "flag":
      return <>{value ? "Yes" : "No"}</>;
    case "labels":
      return (
        <>
          {Object.entries(value as Record<string, string>).map(([key, text]) => (
            <span key={key} class="tag" title={`${key}: ${text}`}>
              {text === "" ? key : `${key}: ${text}`}
            </span>
          ))}
        </>
      );
    default:
      return <span title={String(value)}>{String(value)}</span>;
  }
}

function Moment({ ms }: { ms: number }) {
  const now = useNow();
  return (
    <span class="figure" title={timestamp(ms)}>
      {time(ms, now)}
    </span>
  );
}

function Span({ span: [from, to] }: { span: [number, number | null] }) {
  const now = useNow();
  return <span class="figure">{to === null ? elapsed(now - from) : duration(to - from)}</span>;
}
