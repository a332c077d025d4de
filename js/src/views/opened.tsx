/** A view inside of a view: a run that was opened from a table, or that a rerun has started. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { ViewState } from "../viewstate";
import { useView } from "./context";

export function Opened({ view, title, close }: { view: string; title: string; close: () => void }) {
  const { connection, mountInside } = useView();
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const host = document.createElement("div");
    parent.append(host);
    const scroll = () => parent.parentElement?.scrollIntoView?.({ block: "nearest" });
    scroll();
    const showing = (on: boolean) => {
      if (on) requestAnimationFrame(scroll); // what is shown is higher than the word that it is on its way
    };
    const mounted = mountInside(connection, view, host, new ViewState(), { waiting: true, showing });
    return () => {
      mounted.close();
      host.remove();
    };
  }, [connection, mountInside, view]);
  return (
    <section class="opened" aria-label={title}>
      <div class="line">
        <span class="dim">{title}</span>
        <span class="gap" />
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
      <div ref={place} />
    </section>
  );
}
