/** What the cluster told about an attempt. */

import { count, time, timestamp } from "../../format";
import type { Events } from "../../sights";
import { useNow } from "../context";
import { useSight } from "../sight";
import { Nothing, type TabProps } from "./pane";

export function EventsTab({ action, attempt }: TabProps) {
  const events = useSight<Events>("events", action);
  const now = useNow();
  const { value } = events;
  const attempts = Object.keys(value?.attempts ?? {}).sort((a, b) => Number(a) - Number(b));
  const chosen = attempt === null ? attempts.at(-1) : String(attempt);
  const list = value && chosen !== undefined ? (value.attempts[chosen] ?? []) : [];
  if (!value || list.length === 0) return <Nothing sight={events}>The cluster tells of no events.</Nothing>;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Event</th>
        </tr>
      </thead>
      <tbody>
        {list.map((event, i) => (
          <tr key={i} class={event.kind === "Warning" ? "warning" : undefined}>
            <td class="figure" title={event.time === null ? undefined : timestamp(event.time)}>
              {event.time === null ? "" : time(event.time, now)}
            </td>
            <td>
              {event.reason && <b>{event.reason} </b>}
              {event.message}
              {event.count > 1 && <span class="dim"> ×{count(event.count)}</span>}
              {event.source && <span class="dim"> {event.source}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
