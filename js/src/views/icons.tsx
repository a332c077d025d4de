/** Icons of 16 by 16, drawn in the colour of the text; always beside or instead of a word that says the same. */

import type { ComponentChildren } from "preact";
import { Kind, Phase } from "../phases";

export function Svg({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {children}
    </svg>
  );
}

const ring = <circle cx="8" cy="8" r="5.75" />;
const disc = <circle class="fill" cx="8" cy="8" r="6.5" />;

const PHASE_SHAPES: Record<number, ComponentChildren> = {
  [Phase.QUEUED]: <circle cx="8" cy="8" r="5.75" stroke-dasharray="1.6 2.01" />,
  [Phase.WAITING_FOR_RESOURCES]: (
    <>
      <circle cx="8" cy="8" r="5.75" stroke-dasharray="1.6 2.01" />
      <path d="M5.6 8h.01M8 8h.01M10.4 8h.01" stroke-width="1.9" />
    </>
  ),
  [Phase.INITIALIZING]: (
    <>
      <circle class="faint" cx="8" cy="8" r="5.75" />
      <path d="M8 2.25A5.75 5.75 0 0 1 13.75 8" />
    </>
  ),
  [Phase.RUNNING]: (
    <>
      <circle class="faint" cx="8" cy="8" r="5.75" />
      <path class="spin" d="M8 2.25A5.75 5.75 0 1 1 2.25 8" />
    </>
  ),
  [Phase.SUCCEEDED]: (
    <>
      {disc}
      <path class="cut" d="m5.1 8.2 2 2 3.8-4.2" />
    </>
  ),
  [Phase.FAILED]: (
    <>
      {disc}
      <path class="cut" d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  [Phase.ABORTED]: (
    <>
      {ring}
      <rect class="fill" x="5.6" y="5.6" width="4.8" height="4.8" rx=".8" />
    </>
  ),
  [Phase.TIMED_OUT]: (
    <>
      {disc}
      <path class="cut" d="M8 4.6V8l2.3 1.7" />
    </>
  ),
  [Phase.PAUSED]: (
    <>
      {ring}
      <path d="M6.5 6v4m3-4v4" />
    </>
  ),
  [Phase.RECOVERED]: (
    <>
      <path d="M3.2 11.2A5.75 5.75 0 1 0 2.6 6" />
      <path d="M2.3 2.9v3.3h3.3M5.6 8.3l1.8 1.8 3.2-3.6" />
    </>
  ),
};

const QUESTION = (
  <>
    {ring}
    <path d="M6.4 6.6c.1-2 3.2-1.8 3.2.1 0 1.2-1.6 1.2-1.6 2.4M8 11h.01" />
  </>
);

export function PhaseIcon({ phase }: { phase: number }) {
  return <Svg>{PHASE_SHAPES[phase] ?? QUESTION}</Svg>;
}

const KIND_SHAPES: Record<number, ComponentChildren> = {
  [Kind.TASK]: <path d="M8 2.2 13 5v6l-5 2.8L3 11V5zM3.2 5.1 8 7.8l4.8-2.7M8 7.8v5.8" />,
  [Kind.TRACE]: <path d="M2 8.5h2.6L6.4 4l3 8.2 1.8-3.7H14" />,
  [Kind.CONDITION]: <path d="M8 2.2 13.8 8 8 13.8 2.2 8zM8 5.6v2.7M8 10.3h.01" />,
};

const KIND_WORDS: Record<number, string> = {
  [Kind.TASK]: "Task",
  [Kind.TRACE]: "Trace",
  [Kind.CONDITION]: "Condition",
};

export function KindIcon({ kind }: { kind: number }) {
  return (
    <span class="kind" title={KIND_WORDS[kind] ?? "Action"}>
      <Svg>{KIND_SHAPES[kind] ?? <circle cx="8" cy="8" r="2" />}</Svg>
    </span>
  );
}

export const FolderIcon = () => (
  <span class="kind" title="Group">
    <Svg>
      <path d="M2.2 4.2c0-.5.4-.9.9-.9h3l1.5 1.6h5.3c.5 0 .9.4.9.9v6c0 .5-.4.9-.9.9H3.1a.9.9 0 0 1-.9-.9z" />
    </Svg>
  </span>
);

export const ChevronIcon = () => (
  <Svg>
    <path d="m6.2 4.4 3.6 3.6-3.6 3.6" />
  </Svg>
);

export const CopyIcon = () => (
  <Svg>
    <path d="M6 5.5h6.2c.4 0 .8.4.8.8v6.4c0 .4-.4.8-.8.8H6a.8.8 0 0 1-.8-.8V6.3c0-.4.4-.8.8-.8zM3 10.4V3.5c0-.4.4-.8.8-.8h6.4" />
  </Svg>
);

export const CheckIcon = () => (
  <Svg>
    <path d="m3.4 8.6 3 3 6.2-7" />
  </Svg>
);

export const StopIcon = () => (
  <Svg>
    {ring}
    <rect class="fill" x="5.8" y="5.8" width="4.4" height="4.4" rx=".7" />
  </Svg>
);

export const ExternalIcon = () => (
  <Svg>
    <path d="M9.2 2.8h4v4M13 3 7.8 8.2M6.4 4H3.8a1 1 0 0 0-1 1v7.2a1 1 0 0 0 1 1H11a1 1 0 0 0 1-1V9.6" />
  </Svg>
);

export const WarningIcon = () => (
  <Svg>
    <path d="M8 2.4 14.2 13H1.8zM8 6.4v3M8 11.2h.01" />
  </Svg>
);

export const RerunIcon = () => (
  <Svg>
    <path d="M12.9 6.2A5.3 5.3 0 1 0 13.3 9M13.3 2.9v3.6H9.7" />
  </Svg>
);

export const CameraIcon = () => (
  <Svg>
    <path d="M2.3 5.2c0-.5.4-.9.9-.9h1.9l1-1.5h3.8l1 1.5h1.9c.5 0 .9.4.9.9v6.6c0 .5-.4.9-.9.9H3.2a.9.9 0 0 1-.9-.9z" />
    <circle cx="8" cy="8.4" r="2.2" />
  </Svg>
);

export const BoltIcon = () => (
  <Svg>
    <path d="M8.9 1.9 3.6 9h3.6l-.8 5.1L11.9 7H8.3z" />
  </Svg>
);

export const MoreIcon = () => (
  <Svg>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2" />
  </Svg>
);

export const SearchIcon = () => (
  <Svg>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.4 3.4" />
  </Svg>
);

export const CloseIcon = () => (
  <Svg>
    <path d="m4.2 4.2 7.6 7.6m0-7.6-7.6 7.6" />
  </Svg>
);

/** An arrow: "up", "down", or "both" for what can be sorted. */
export const ArrowIcon = ({ to }: { to: "up" | "down" }) => (
  <Svg>
    <path d={to === "up" ? "M8 13V3.2M4 7l4-4 4 4" : "M8 3v9.8M4 9l4 4 4-4"} />
  </Svg>
);

export const ExpandIcon = () => (
  <Svg>
    <path d="M4.5 6 8 2.5 11.5 6M4.5 10 8 13.5l3.5-3.5" />
  </Svg>
);

export const CollapseIcon = () => (
  <Svg>
    <path d="M4.5 2.5 8 6l3.5-3.5M4.5 13.5 8 10l3.5 3.5" />
  </Svg>
);

export const FollowIcon = () => (
  <Svg>
    <path d="M8 2.5v7.3M4.6 6.6 8 10l3.4-3.4M3 13.4h10" />
  </Svg>
);

export const PathIcon = () => (
  <Svg>
    <path d="M2 4h5v4h4v4h3" />
    <circle class="fill" cx="2.6" cy="4" r="1.4" />
    <circle class="fill" cx="13.4" cy="12" r="1.4" />
  </Svg>
);

export const ZoomIcon = ({ into }: { into: boolean }) => (
  <Svg>
    <circle cx="7" cy="7" r="4.3" />
    <path d={`m10.3 10.3 3.4 3.4M5 7h4${into ? "M7 5v4" : ""}`} />
  </Svg>
);

export const FitIcon = () => (
  <Svg>
    <path d="M2.5 3v10M13.5 3v10M5 8h6M7 6 5 8l2 2M9 6l2 2-2 2" />
  </Svg>
);

export const RetryIcon = () => (
  <Svg>
    <path d="M4 4.4A5 5 0 1 1 3 8M3.6 1.9v2.9h2.9" />
  </Svg>
);
