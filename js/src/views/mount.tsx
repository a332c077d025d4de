/** Puts a live view into a host element: shadow root, styles, theme, what is in sight. */

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { Asks } from "../asks";
import type { Connection } from "../connection";
import { ErrorTexts } from "../errors";
import { Labels } from "../labels";
import { RunStore } from "../store";
import { followTheme } from "../theme";
import type { ViewState } from "../viewstate";
import { VisibleLines } from "../visible";
import { App } from "./app";
import { Context, type ViewContext } from "./context";
import { addStyles } from "./shadow";

export interface Mounted {
  /** Whether the kernel said that it does not know the view. */
  readonly unknown: boolean;
  /** The host was put elsewhere in the page. */
  moved(): void;
  close(): void;
}

export interface MountOptions {
  /** Called when there is something to show, and when there no longer is. */
  showing?: (on: boolean) => void;
  /** Say "connecting" while there is nothing to show, for there is no snapshot. */
  waiting?: boolean;
}

/** On a host that is scrolled out of sight. */
const UNSEEN = "data-flyte-unseen";

const NO_RUN = new RunStore("");

/**
 * Tells whether `host` is in sight: scrolled into view, in a page that is looked at. To be begun when there is something
 * in it: an empty one stands below the snapshot that it will cover.
 */
function followSight(
  host: HTMLElement,
  seen: (visible: boolean) => void,
): { begin: () => void; stop: () => void } {
  let intersects = true;
  const tell = () => seen(intersects && document.visibilityState !== "hidden");
  const observer = new IntersectionObserver((entries) => {
    intersects = entries[entries.length - 1].isIntersecting;
    host.toggleAttribute(UNSEEN, !intersects);
    tell();
  });
  document.addEventListener("visibilitychange", tell);
  return {
    begin: () => observer.observe(host),
    stop: () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", tell);
    },
  };
}

/**
 * Remembers what has the focus inside; the returned function gives it back after the host was moved. Where what had it
 * is no more, the tree takes it: else it falls to the page, whose next key deletes a cell.
 */
function followFocus(host: HTMLElement, root: ShadowRoot): () => void {
  let focused: HTMLElement | null = null;
  root.addEventListener("focusin", (event) => {
    focused = event.target as HTMLElement;
  });
  root.addEventListener("focusout", () => {
    // Later: whoever is being moved has no focus at this moment either.
    setTimeout(() => {
      if (host.isConnected && !root.activeElement) focused = null;
    });
  });
  new MutationObserver(() => {
    if (!focused || focused.isConnected) return;
    focused = null;
    root.querySelector<HTMLElement>("[role=treegrid],[tabindex]")?.focus({ preventScroll: true });
  }).observe(root, { childList: true, subtree: true });
  return () => focused?.focus({ preventScroll: true });
}

/** Mounts `view` into `host` and keeps it live until closed. */
export function mountView(
  connection: Connection,
  view: string,
  host: HTMLElement,
  state: ViewState,
  options: MountOptions = {},
): Mounted {
  // Without this a key pressed inside runs a notebook shortcut: `b` would insert a cell.
  host.setAttribute("data-lm-suppress-shortcuts", "true");
  const root = host.attachShadow({ mode: "open" });
  addStyles(root);
  const container = document.createElement("div");
  root.append(container);

  const link = connection.mount(view);
  const clock = signal(0);
  const announcement = signal("");
  const lines = new VisibleLines();
  const asks = new Asks();
  const errors = new ErrorTexts(link);
  const labels = new Labels(link);
  let visible = true;
  let shown = false;
  const timer = setInterval(() => {
    if (visible && !link.store.peek()?.head?.over) clock.value++;
  }, 1000);
  const giveFocusBack = followFocus(host, root);
  const stopTheme = followTheme(host);
  const sight = followSight(host, (now) => {
    if (now && !visible) clock.value++;
    visible = now;
    link.seen(now);
  });

  const context = (store: RunStore): ViewContext => ({
    ...{ connection, link, store, state, asks, errors, labels, lines, clock, announcement },
    mountInside: mountView,
  });
  const stopStyling = effect(() => {
    const more = connection.parts.more.it.value;
    if (more) addStyles(root, more.css);
  });
  const stopDrawing = effect(() => {
    // A table has no run of its own.
    const own = link.welcome.value?.kind === "table" ? NO_RUN : link.store.value;
    const store = link.unknown.value ? null : own;
    if (store) {
      if (!shown) options.showing?.(true);
      shown = true;
      render(
        <Context.Provider value={context(store)}>
          <App />
        </Context.Provider>,
        container,
      );
      sight.begin();
      return;
    }
    if (shown || link.unknown.value) options.showing?.(false);
    shown = false;
    const note = link.unknown.value
      ? "The kernel no longer knows this view. Run the cell again."
      : "Connecting to the kernel…";
    render(options.waiting ? <p class="waiting">{note}</p> : null, container);
  });

  return {
    get unknown() {
      return link.unknown.peek();
    },
    moved() {
      state.moved.value++;
      giveFocusBack();
    },
    close() {
      clearInterval(timer);
      labels.close();
      stopDrawing();
      stopStyling();
      stopTheme();
      sight.stop();
      render(null, container);
      if (shown) options.showing?.(false);
      link.close();
    },
  };
}
