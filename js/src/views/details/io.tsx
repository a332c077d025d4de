/** Inputs and outputs as a typed tree that folds; what the kernel shortened is asked for in whole. */

import { useSignal } from "@preact/signals";
import { bytes } from "../../bytes";
import { count, printableAll } from "../../format";
import type { DataNode, Io } from "../../sights";
import { useView } from "../context";
import { CopyButton } from "../copy";
import { ChevronIcon } from "../icons";
import { useSight } from "../sight";
import { Nothing, type TabProps } from "./pane";

/** Raster pictures only, and only as data. */
const PICTURE = /^data:image\/(png|jpeg|gif|webp|bmp);base64,[0-9a-z+/=]+$/i;

export function IoTab({ action }: TabProps) {
  const io = useSight<Io>("io", action);
  if (!io.value) return <Nothing sight={io}>There are no inputs and outputs.</Nothing>;
  const { inputs, outputs, note } = io.value;
  return (
    <>
      {io.error && <p class="note">{io.error}</p>}
      <Side title="Inputs" nodes={inputs} action={action} note={inputs ? "" : note} />
      <Side title="Outputs" nodes={outputs} action={action} note={inputs ? note : ""} />
    </>
  );
}

interface SideProps {
  title: string;
  nodes: DataNode[] | null;
  action: string;
  /** A sentence in place of what is missing. */
  note: string;
}

function Side({ title, nodes, action, note }: SideProps) {
  const missing = nodes ? `There are no ${title.toLowerCase()}.` : "Not there yet.";
  return (
    <section class="side" aria-label={title}>
      <h4>{title}</h4>
      {(note || !nodes?.length) && <p class="dim">{note || missing}</p>}
      <Nodes nodes={nodes ?? []} action={action} />
    </section>
  );
}

function Nodes({ nodes, action }: { nodes: DataNode[]; action: string }) {
  if (nodes.length === 0) return null;
  return (
    <ul class="nodes">
      {nodes.map((node, i) => (
        <Node key={i} node={node} action={action} />
      ))}
    </ul>
  );
}

interface Whole {
  state: "asking" | "failed";
  why: string;
}

interface Found {
  text?: string;
  items?: DataNode[];
}

function Node({ node, action }: { node: DataNode; action: string }) {
  const { link, store } = useView();
  const table = (node.columns?.length ?? 0) > 0 && (node.rows?.length ?? 0) > 0;
  const below = (node.items?.length ?? 0) > 0;
  const open = useSignal(table || (below && (node.items?.length ?? 0) <= 8));
  const items = useSignal<DataNode[] | null>(null);
  const text = useSignal<string | null>(null);
  const whole = useSignal<Whole | null>(null);
  const shown = items.value ?? node.items ?? [];
  const missing = node.size !== undefined && items.value === null && node.size > shown.length && !table;
  const cut = node.full !== undefined && text.value === null;
  const ask = async (): Promise<Found | null> => {
    whole.value = { state: "asking", why: "" };
    try {
      const result = await link.request("value", { run: store.key, action, path: node.path }).reply;
      whole.value = null;
      return printableAll(result ?? {}) as Found;
    } catch (error) {
      whole.value = { state: "failed", why: (error as Error).message };
      return null;
    }
  };
  const seeAll = async () => {
    const found = await ask();
    if (found?.items) {
      items.value = found.items;
      open.value = true;
    }
    if (found?.text !== undefined) text.value = found.text;
  };
  const copied = async () => text.value ?? (cut ? ((await ask())?.text ?? null) : node.text);
  return (
    <li class={`node ${node.kind}`}>
      <div class="line">
        {below || table ? (
          <button
            type="button"
            class={open.value ? "twisty open" : "twisty"}
            aria-expanded={open}
            aria-label={`${open.value ? "Fold" : "Unfold"} ${node.name}`}
            onClick={() => {
              open.value = !open.value;
            }}
          >
            <ChevronIcon />
          </button>
        ) : (
          <span class="twisty" />
        )}
        <span class="key">{node.name}</span>
        <span class="type">{node.type}</span>
        {text.value === null && (
          <span class="value" title={node.uri}>
            {node.text}
          </span>
        )}
        {(cut || missing) && (
          <button type="button" class="linkish" disabled={whole.value?.state === "asking"} onClick={seeAll}>
            {whole.value?.state === "asking"
              ? "Loading…"
              : `See all${node.full ? ` ${count(node.full)} characters` : node.size ? ` ${count(node.size)}` : ""}`}
          </button>
        )}
        {!below && !table && node.kind !== "none" && !node.uri && (
          <CopyButton text={copied} what={`Copy ${node.name}`} />
        )}
      </div>
      {whole.value?.state === "failed" && <p class="note">{whole.value.why}</p>}
      {text.value !== null && (
        <pre class="all" tabIndex={0}>
          {text.value}
        </pre>
      )}
      {node.uri && <Reference node={node} />}
      {node.image && PICTURE.test(node.image) && (
        <img class="picture" src={node.image} alt={`${node.name}`} />
      )}
      {open.value && table && <Records node={node} />}
      {open.value && !table && <Nodes nodes={shown} action={action} />}
    </li>
  );
}

/** Something that lies elsewhere: where, how large, and how to get it. */
function Reference({ node }: { node: DataNode }) {
  return (
    <div class="reference">
      {node.text !== node.uri && <code>{node.uri}</code>}
      {node.bytes !== undefined && <span class="dim">{bytes(node.bytes)}</span>}
      <CopyButton text={node.uri ?? ""} what={`Copy the URI of ${node.name}`} label="URI" />
      {node.code && (
        <CopyButton text={node.code} what={`Copy Python that loads ${node.name}`} label="Python" />
      )}
    </div>
  );
}

function Records({ node }: { node: DataNode }) {
  const columns = node.columns ?? [];
  const rows = node.rows ?? [];
  return (
    <div class="records" tabIndex={0} role="group" aria-label={`Rows of ${node.name}`}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {node.size !== undefined && node.size > rows.length && (
        <p class="dim">{`The first ${count(rows.length)} of ${count(node.size)} rows.`}</p>
      )}
    </div>
  );
}
