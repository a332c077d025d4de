/** Notices of armed actions: in a corner of the page, and outside of the page where the person allows it. */

import { effect, signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { safeUrl } from "../links";
import type { ToastContent } from "../protocol";
import { css } from "../styles/more";
import { followTheme } from "../theme";
import { CloseIcon } from "./icons";
import { addStyles } from "./shadow";

/** How long a notice stays while nobody points at it. */
const STAY_MS = 15_000;
const CHECK_MS = 1_000;
const MOST = 5;

interface Shown extends ToastContent {
  until: number;
}

export interface Toasts {
  show(toast: ToastContent): void;
  close(): void;
}

/** Adds a place for notices to the page. */
export function openToasts(): Toasts {
  const toasts = signal<Shown[]>([]);
  const seen = new Set<string>();
  let held = false;

  const host = document.createElement("div");
  host.setAttribute("data-flyte-toasts", "");
  host.setAttribute("data-lm-suppress-shortcuts", "true");
  const root = host.attachShadow({ mode: "open" });
  addStyles(root);
  addStyles(root, css);
  const container = document.createElement("div");
  root.append(container);
  document.body.append(host);
  const stopTheme = followTheme(host);

  const dismiss = (id: string) => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  };
  const hold = (on: boolean) => {
    held = on;
    const until = Date.now() + STAY_MS;
    if (!on) toasts.value = toasts.value.map((toast) => ({ ...toast, until }));
  };
  const timer = setInterval(() => {
    const now = Date.now();
    if (!held && toasts.value.some((toast) => toast.until <= now)) {
      toasts.value = toasts.value.filter((toast) => toast.until > now);
    }
  }, CHECK_MS);
  const stopDrawing = effect(() => {
    render(<List toasts={toasts.value} dismiss={dismiss} hold={hold} />, container);
  });
  return {
    show(toast) {
      if (seen.has(toast.id)) return;
      seen.add(toast.id);
      toasts.value = [...toasts.value.slice(1 - MOST), { ...toast, until: Date.now() + STAY_MS }];
      notifyOutside(toast);
    },
    close() {
      clearInterval(timer);
      stopDrawing();
      stopTheme();
      render(null, container);
      host.remove();
    },
  };
}

interface ListProps {
  toasts: Shown[];
  dismiss: (id: string) => void;
  hold: (on: boolean) => void;
}

function List({ toasts, dismiss, hold }: ListProps) {
  const ask = useSignal(canAsk());
  return (
    <div
      class="toasts"
      role="status"
      aria-live="polite"
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocusIn={() => hold(true)}
      onFocusOut={() => hold(false)}
    >
      {toasts.map((toast) => {
        const url = safeUrl(toast.url);
        return (
          <div key={toast.id} class="toast">
            <div class="line">
              <b class="label">{toast.title}</b>
              <span class="gap" />
              <button
                type="button"
                class="quiet"
                aria-label="Dismiss"
                title="Dismiss"
                onClick={() => dismiss(toast.id)}
              >
                <CloseIcon />
              </button>
            </div>
            <p>{toast.text}</p>
            {(url || ask.value) && (
              <div class="line">
                {url && (
                  <a class="button" href={url} target="_blank" rel="noopener noreferrer">
                    Open in console
                  </a>
                )}
                {ask.value && (
                  <button
                    type="button"
                    class="button"
                    title="Ask the browser for its permission to notify you while you look elsewhere"
                    onClick={() => {
                      ask.value = false;
                      void Notification.requestPermission();
                    }}
                  >
                    Notify me outside of this page, too
                  </button>
                )}
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}

function canAsk(): boolean {
  return (
    typeof Notification === "function" && Notification.permission === "default" && window.isSecureContext
  );
}

/** A notification of the browser while nobody looks at the page. */
function notifyOutside({ id, title, text }: ToastContent): void {
  if (typeof Notification !== "function" || Notification.permission !== "granted" || document.hasFocus())
    return;
  try {
    const note = new Notification(title, { body: text, tag: `flyte-jupyter-${id}` });
    note.onclick = () => {
      window.focus();
      note.close();
    };
  } catch {
    // Some browsers allow notifications to service workers only.
  }
}
