/** An action's report: its HTML in a frame that can neither reach the page nor leave it, as high as what it shows. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Report } from "../../sights";
import { useSight } from "../sight";
import { Nothing, type TabProps } from "./pane";

const HEIGHT = { least: 120, first: 320, most: 20_000 };

/** Tells the height of what the frame shows, whenever that changes. Runs inside of the sandbox. */
const TELL_HEIGHT = `<script>new ResizeObserver(()=>parent.postMessage({flyteReport:document.documentElement.scrollHeight},"*")).observe(document.documentElement)</script>`;

export function ReportTab({ action, attempt, over }: TabProps & { over: boolean }) {
  const report = useSight<Report>("report", action, { attempt });
  const { value } = report;
  if (value?.html) return <Frame html={value.html} action={action} />;
  return <Nothing sight={report}>{over ? "There is no report." : "There is no report yet."}</Nothing>;
}

function Frame({ html, action }: { html: string; action: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const height = useSignal(HEIGHT.first);
  useEffect(() => {
    const told = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return;
      const told = Number((event.data as { flyteReport?: unknown } | null)?.flyteReport);
      if (told > 0) height.value = Math.min(HEIGHT.most, Math.max(HEIGHT.least, Math.ceil(told)));
    };
    globalThis.addEventListener("message", told);
    return () => globalThis.removeEventListener("message", told);
  }, [height]);
  return (
    <iframe
      ref={frame}
      class="report-frame"
      title={`Report of ${action}`}
      // Without allow-same-origin: its scripts draw, and see neither page, cookies nor storage.
      sandbox="allow-scripts"
      referrerpolicy="no-referrer"
      srcdoc={html + TELL_HEIGHT}
      style={{ height: `${height.value}px` }}
    />
  );
}
