/** Above the lines of a log: search, what is shown, copy and save. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { count } from "../../format";
import type { LogView } from "../../logs/view";
import { CopyButton } from "../copy";
import { ArrowIcon, CloseIcon, SearchIcon, WarningIcon } from "../icons";
import { IconButton } from "../toolbar";
import { ClockIcon, DownloadIcon, SystemIcon, WrapIcon } from "./icons";

export function LogTools({ view, name, leave }: { view: LogView; name: string; leave: () => void }) {
  const { taste, store } = view;
  store.tick.value;
  const chosen = view.selection.value;
  const lines = chosen ? Math.abs(chosen.to - chosen.from) + 1 : 0;
  const toggle = (which: "times" | "wrap" | "hideSystem") => () => {
    taste[which].value = !taste[which].value;
  };
  const goTo = (line: number) => {
    if (line < 0) return;
    view.match.value = line;
    view.follow.value = false;
    view.goal.value++;
  };
  return (
    <div class="toolbar" role="toolbar" aria-label="Log">
      <Search view={view} goTo={goTo} leave={leave} />
      <span class="gap" />
      {lines > 0 && (
        <span class="dim selected-lines">
          {lines === 1 ? "1 line selected" : `${count(lines)} lines selected`}
        </span>
      )}
      <IconButton label="Go to the first error" act={() => goTo(view.firstTrouble())}>
        <WarningIcon />
      </IconButton>
      <IconButton label="Times" pressed={taste.times.value} act={toggle("times")}>
        <ClockIcon />
      </IconButton>
      <IconButton label="Wrap long lines" pressed={taste.wrap.value} act={toggle("wrap")}>
        <WrapIcon />
      </IconButton>
      <IconButton
        label="Hide lines of the system"
        pressed={taste.hideSystem.value}
        act={toggle("hideSystem")}
      >
        <SystemIcon />
      </IconButton>
      <CopyButton text={() => view.text()} what={lines > 0 ? "Copy the selected lines" : "Copy the log"} />
      <IconButton label="Save the log as a file" act={() => save(view, name)}>
        <DownloadIcon />
      </IconButton>
    </div>
  );
}

function Search({ view, goTo, leave }: { view: LogView; goTo: (line: number) => void; leave: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const asked = view.findAsked.value;
  useLayoutEffect(() => {
    if (asked > 0) input.current?.select();
  }, [asked]);
  const text = view.find.value;
  const found = view.found.value;
  return (
    <span class="find">
      <SearchIcon />
      <input
        ref={input}
        type="text"
        aria-label="Search the log"
        placeholder="Search  ( / )"
        value={text}
        onInput={(event) => {
          view.find.value = event.currentTarget.value;
          view.match.value = -1;
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") goTo(view.step(event.shiftKey ? -1 : 1));
          else if (event.key === "Escape") {
            view.find.value = "";
            leave();
          } else return;
          event.preventDefault();
        }}
      />
      {text !== "" && (
        <>
          <span class="found" role="status">
            {found.length === 1 ? "1 line" : `${count(found.length)} lines`}
          </span>
          <IconButton label="Previous line with a match" act={() => goTo(view.step(-1))}>
            <ArrowIcon to="up" />
          </IconButton>
          <IconButton label="Next line with a match" act={() => goTo(view.step(1))}>
            <ArrowIcon to="down" />
          </IconButton>
          <IconButton
            label="Clear the search"
            act={() => {
              view.find.value = "";
            }}
          >
            <CloseIcon />
          </IconButton>
        </>
      )}
    </span>
  );
}

function save(view: LogView, name: string): void {
  const parts = [...view.store.copy(view.store.start, view.store.end, view.taste.hideSystem.value)];
  const url = URL.createObjectURL(new Blob(parts, { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\w.-]+/g, "_")}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
