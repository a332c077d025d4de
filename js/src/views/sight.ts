/** Looking at a topic from a component: for as long as it is there. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Look, Sight } from "../looks";
import type { Topic } from "../protocol";
import { useView } from "./context";

const NOTHING: Sight = { value: null, error: "", end: false };

/** What is seen of a topic of an action. `params` that change are looked at anew. */
export function useSight<T>(topic: Topic, action: string, params: Record<string, unknown> = {}): SightOf<T> {
  const { link, store } = useView();
  const look = useSignal<Look | null>(null);
  const key = JSON.stringify(params);
  useEffect(() => {
    const opened = link.look(topic, { run: store.key, action, params: JSON.parse(key) });
    look.value = opened;
    return () => {
      look.value = null;
      opened.close();
    };
  }, [link, store.key, topic, action, key, look]);
  return useComputed(() => look.value?.sight.value ?? NOTHING).value as SightOf<T>;
}

export interface SightOf<T> extends Sight {
  value: T | null;
}
