/** The tabs of the details. */

export const TABS = [
  ["overview", "Overview"],
  ["io", "Inputs & Outputs"],
  ["logs", "Logs"],
  ["report", "Report"],
  ["events", "Events"],
  ["spec", "Spec"],
] as const;

/** The tab that a topic of the protocol is shown in. */
export function tabOf(topic: string): string | null {
  const tab = { details: "overview", inputs: "io", outputs: "io" }[topic] ?? topic;
  return TABS.some(([id]) => id === tab) ? tab : null;
}
