/** Find, and what changes how the whole tree is shown. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { count } from "../format";
import { BAR_ORDER, Phase, phaseInfo } from "../phases";
import type { VisibleLines } from "../visible";
import { useView } from "./context";
import {
  ArrowIcon,
  CloseIcon,
  CollapseIcon,
  ExpandIcon,
  FitIcon,
  FollowIcon,
  PathIcon,
  PhaseIcon,
  SearchIcon,
} from "./icons";

interface ToolbarProps {
  lines: VisibleLines;
  /** Of the lines; it is drawn again when they are others. */
  stamp: string;
  /** Chooses the next or previous match. */
  step: (by: 1 | -1) => void;
  /** Gives the focus back to the tree. */
  leave: () => void;
}

export function Toolbar({ lines, stamp, step, leave }: ToolbarProps) {
  const { store, state } = useView();
  const { finding, zoom, follow } = state;
  const { critical } = state.find.value;
  const root = store.root >= 0 ? [String(store.root)] : [];
  return (
    <div class="toolbar" role="toolbar" aria-label="Actions shown">
      <FindField lines={lines} stamp={stamp} step={step} leave={leave} />
      <Chips />
      {finding && (
        <button
          type="button"
          class="button"
          onClick={() => {
            state.look({ text: "", phases: 0, critical: false });
            leave();
          }}
        >
          Show all
        </button>
      )}
      <span class="icons">
        {zoom.value && (
          <IconButton label="Show the whole time axis" act={() => (state.zoom.value = null)}>
            <FitIcon />
          </IconButton>
        )}
        <IconButton
          label="Critical path: only what the duration depends on"
          pressed={critical}
          act={() => state.look({ critical: !critical })}
        >
          <PathIcon />
        </IconButton>
        {!store.head?.over && (
          <IconButton
            label="Follow the newest action"
            pressed={follow.value}
            act={() => {
              follow.value = !follow.value;
            }}
          >
            <FollowIcon />
          </IconButton>
        )}
        <IconButton label="Expand all" act={() => state.setAll(true)}>
          <ExpandIcon />
        </IconButton>
        <IconButton label="Collapse all" act={() => state.setAll(false, root)}>
          <CollapseIcon />
        </IconButton>
      </span>
    </div>
  );
}

interface IconButtonProps {
  label: string;
  act: () => void;
  pressed?: boolean;
  children: preact.ComponentChildren;
}

/** A button of an icon, with its words as name and on hover; with `pressed` it is on or off. */
export function IconButton({ label, act, pressed, children }: IconButtonProps) {
  return (
    <button type="button" class="quiet" aria-label={label} title={label} aria-pressed={pressed} onClick={act}>
      {children}
    </button>
  );
}

function FindField({ lines, step, leave }: ToolbarProps) {
  const { state, labels } = useView();
  const input = useRef<HTMLInputElement>(null);
  const { text } = state.find.value;
  const asked = state.findAsked.value;
  useLayoutEffect(() => {
    if (asked > 0) input.current?.select();
  }, [asked]);
  const { count: found } = lines.matches;
  const soFar = labels.soFar(text);
  return (
    <span class="find">
      <SearchIcon />
      <input
        ref={input}
        type="text"
        aria-label="Find actions"
        placeholder="Find  ( / )"
        value={text}
        onInput={(event) => state.look({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          else if (event.key === "ArrowDown") leave();
          else if (event.key === "Escape") {
            if (text !== "") state.look({ text: "" });
            leave();
          } else return;
          event.preventDefault();
        }}
      />
      {state.finding && (
        <>
          <span class="found" role="status" title={soFar && "Not all inputs were read"}>
            {found === 1 ? "1 match" : `${count(found)} matches`}
            {soFar}
          </span>
          <IconButton label="Previous match" act={() => step(-1)}>
            <ArrowIcon to="up" />
          </IconButton>
          <IconButton label="Next match" act={() => step(1)}>
            <ArrowIcon to="down" />
          </IconButton>
        </>
      )}
      {text !== "" && (
        <IconButton label="Clear the text" act={() => state.look({ text: "" })}>
          <CloseIcon />
        </IconButton>
      )}
    </span>
  );
}

/** The phases that are there, as filters; "only failed" among them as soon as something failed. */
function Chips() {
  const { store, state } = useView();
  const { phases } = state.find.value;
  const here = BAR_ORDER.filter((phase) => store.counts[phase] > 0 || (phases & (1 << phase)) !== 0);
  if (here.length < 2 && phases === 0) return null;
  return (
    <span class="chips" role="group" aria-label="Only these phases">
      {here.map((phase) => {
        const info = phaseInfo(phase);
        const bad = phase === Phase.FAILED || phase === Phase.TIMED_OUT;
        return (
          <button
            key={phase}
            type="button"
            class={bad ? "chip bad" : "chip"}
            data-phase={info.id}
            aria-pressed={(phases & (1 << phase)) !== 0}
            aria-label={`Only ${info.word.toLowerCase()}: ${count(store.counts[phase])}`}
            title={`Only ${info.word.toLowerCase()}`}
            onClick={() => state.togglePhase(phase)}
          >
            <PhaseIcon phase={phase} />
            {count(store.counts[phase])}
          </button>
        );
      })}
    </span>
  );
}
