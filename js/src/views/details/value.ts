/** A value of which the kernel sent a part: more of it is asked for, a piece at a time. */

import { useSignal } from "@preact/signals";
import { count, printableAll } from "../../format";
import type { DataNode, MoreOfValue } from "../../sights";
import { useView } from "../context";

/** Items that come at a time. */
export const PIECE = 1_000;

export interface Value {
  items: DataNode[];
  rows: string[][];
  /** The whole text of one that was shortened; null before it is asked for. */
  text: string | null;
  /** How many items there are to ask for. */
  missing: number;
  /** What a text is too long by to be shown in a page. */
  leftOut: number;
  /** Python that loads it. */
  code: string | undefined;
  asking: boolean;
  /** Why there is no more of it. */
  why: string;
  more(): Promise<void>;
  /** What a person copies; null where it cannot be had. */
  copied(): Promise<string | null>;
}

export function useValue(node: DataNode, action: string): Value {
  const { link, store } = useView();
  const got = useSignal<MoreOfValue>({});
  const asking = useSignal(false);
  const why = useSignal("");
  const items = [...(node.items ?? []), ...(got.value.items ?? [])];
  const rows = [...(node.rows ?? []), ...(got.value.rows ?? [])];
  const text = got.value.text ?? null;
  const ask = async (): Promise<MoreOfValue | null> => {
    if (asking.value) return null;
    asking.value = true;
    why.value = "";
    const params = { run: store.key, action, path: node.path, from: items.length };
    try {
      return printableAll((await link.request("value", params).reply) ?? {}) as MoreOfValue;
    } catch (error) {
      why.value = (error as Error).message;
      return null;
    } finally {
      asking.value = false;
    }
  };
  const more = async () => {
    const piece = await ask();
    if (!piece) return;
    const { items: before = [], rows: above = [] } = got.value;
    got.value = {
      ...piece,
      items: [...before, ...(piece.items ?? [])],
      rows: [...above, ...(piece.rows ?? [])],
    };
  };
  const copied = async () => {
    const all = text === null && node.full !== undefined ? await ask() : got.value;
    if (all === null) return null;
    if (all.left_out && all.text !== undefined) {
      why.value = `Only the first ${count(all.text.length)} characters are copied.`;
    }
    return all.text ?? node.text;
  };
  return {
    items,
    rows,
    text,
    missing: node.kind === "table" ? 0 : (node.size ?? 0) - items.length,
    leftOut: text === null ? 0 : (got.value.left_out ?? 0),
    code: got.value.code ?? node.code,
    asking: asking.value,
    why: why.value,
    more,
    copied,
  };
}
