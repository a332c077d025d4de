/** Notices for the person: where they are shown is asked for with the first one. */

import { effect } from "@preact/signals";
import type { Connection } from "./connection";
import type { ToastContent } from "./protocol";
import type { Toasts } from "./views/toasts";

/** Shows what `connection` is told until the returned function is called. */
export function followNotices(connection: Connection): () => void {
  const waiting: ToastContent[] = [];
  let toasts: Toasts | undefined;
  const show = () => {
    const more = connection.parts.more.it.value;
    if (!more || waiting.length === 0) return;
    toasts ??= more.openToasts();
    for (const toast of waiting.splice(0)) toasts.show(toast);
  };
  const stopListening = connection.onToast((toast) => {
    waiting.push(toast);
    connection.parts.load();
    show();
  });
  const stopWaiting = effect(show);
  return () => {
    stopListening();
    stopWaiting();
    toasts?.close();
  };
}
