/** A whole error: its headline, then the text with the frames of libraries folded. */

import { useSignal } from "@preact/signals";
import { count, headline } from "../../format";
import type { ErrorInfo } from "../../sights";
import { type Part, partsOf } from "../../traceback";
import { CopyButton } from "../copy";

export function WholeError({ error }: { error: ErrorInfo }) {
  const kind = error.kind === "" ? "" : `${error.kind.toLowerCase()} error`;
  const said = headline(error.message) || "The backend gives no reason.";
  // The SDK gives the type as the code, and the message alone.
  const type = error.code === "" || error.message.includes(error.code) ? "" : `${error.code}: `;
  const head = type + said;
  const facts = [kind, head.startsWith(error.code) ? "" : error.code].filter(Boolean).join(" · ");
  return (
    <section class="error whole" aria-label="Error">
      <div class="tools">
        <b class="headline">{head}</b>
        <span class="gap" />
        <CopyButton text={type + (error.message || said)} what="Copy error" />
      </div>
      {facts && <div class="facts">{facts}</div>}
      {error.message.trim() !== said && (
        <pre tabIndex={0}>
          {partsOf(error.message).map((part, i) =>
            part.kind === "library" ? (
              <Library key={i} part={part} />
            ) : (
              <span key={i}>{`${part.lines.join("\n")}\n`}</span>
            ),
          )}
        </pre>
      )}
    </section>
  );
}

function Library({ part }: { part: Part }) {
  const open = useSignal(false);
  const frames = part.frames === 1 ? "1 frame" : `${count(part.frames)} frames`;
  return (
    <>
      <button
        type="button"
        class="frames"
        aria-expanded={open}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {open.value ? `Hide ${frames} of libraries` : `… ${frames} of libraries`}
      </button>
      {"\n"}
      {open.value && <span class="library">{`${part.lines.join("\n")}\n`}</span>}
    </>
  );
}
