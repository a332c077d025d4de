/** A line above a snapshot that offers to show its run live. */

import { render } from "preact";
import { Ask } from "../asks";
import type { Request } from "../requests";
import { css } from "../styles/more";
import { followTheme } from "../theme";
import { addStyles } from "./shadow";

export interface MountedOffer {
  close(): void;
}

interface OfferProps {
  run: string;
  ask: Ask;
  send: () => void;
}

function Offer({ run, ask, send }: OfferProps) {
  const words = ask.words("Connecting…");
  return (
    <div class="run offer">
      <span class="dim">A snapshot of {run}.</span>
      <button type="button" class="button" disabled={ask.waiting} onClick={send}>
        Show it live
      </button>
      <span class={ask.stage.value === "failed" ? "outcome bad" : "outcome"} role="status">
        {words}
      </span>
    </div>
  );
}

/** Shows the offer in `host`; `request` asks the kernel, and `accepted` is given the view that it answers. */
export function mountOffer(
  host: HTMLElement,
  run: string,
  request: () => Request,
  accepted: (view: string) => void,
): MountedOffer {
  host.setAttribute("data-lm-suppress-shortcuts", "true");
  const root = host.attachShadow({ mode: "open" });
  addStyles(root);
  addStyles(root, css);
  const container = document.createElement("div");
  root.append(container);
  const stopTheme = followTheme(host);
  const ask = new Ask();
  const send = () =>
    ask.follow(request(), (result) => {
      const { view } = (result ?? {}) as { view?: unknown };
      if (typeof view === "string") accepted(view);
    });
  render(<Offer run={decoded(run)} ask={ask} send={send} />, container);
  return {
    close() {
      stopTheme();
      render(null, container);
      host.remove();
    },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
