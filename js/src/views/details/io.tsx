/** Inputs and outputs as a typed tree that folds; what the kernel shortened is asked for in whole. */

import { type Signal, useSignal } from "@preact/signals";
import { bytes } from "../../bytes";
import { count } from "../../format";
import type { DataNode, Io } from "../../sights";
import { CopyButton } from "../copy";
import { ChevronIcon } from "../icons";
import { useSight } from "../sight";
import { Nothing, type TabProps } from "./pane";
import { PIECE, useValue, type Value } from "./value";

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

interface NodeProps {
  node: DataNode;
  action: string;
  unfolded?: boolean;
}

function Node({ node, action, unfolded = false }: NodeProps) {
  const value = useValue(node, action);
  const { items, rows, text } = value;
  const table = (node.columns?.length ?? 0) > 0 && rows.length > 0;
  const foldable = table || items.length > 0;
  const open = useSignal(unfolded || table || (items.length > 0 && items.length <= 8));
  const cut = node.full !== undefined && text === null;
  const seeAll = () => {
    open.value = true;
    value.more();
  };
  return (
    <li class={`node ${node.kind}`}>
      <div class="line">
        {foldable ? <Twisty name={node.name} open={open} /> : <span class="twisty" />}
        <span class="key">{node.name}</span>
        <span class="type">{node.type}</span>
        {text === null && (
          <span class="value" title={node.uri}>
            {node.text}
          </span>
        )}
        {(cut || (value.missing > 0 && !(foldable && open.value))) && (
          <More node={node} value={value} act={seeAll} />
        )}
        {!foldable && node.kind !== "none" && node.kind !== "blob" && !node.uri && (
          <CopyButton text={value.copied} what={`Copy ${node.name}`} />
        )}
      </div>
      {value.why && <p class="note">{value.why}</p>}
      {text !== null && (
        <pre class="all" tabIndex={0}>
          {text}
        </pre>
      )}
      {(node.uri || node.kind === "blob") && <Reference node={node} />}
      {node.image && PICTURE.test(node.image) && (
        <img class="picture" src={node.image} alt={`${node.name}`} />
      )}
      {open.value &&
        (table ? (
          <Records node={node} rows={rows} items={items} action={action} />
        ) : (
          <Nodes nodes={items} action={action} />
        ))}
      {(value.leftOut > 0 || (foldable && open.value)) && (
        <Rest node={node} value={value} shown={table ? rows.length : items.length} act={seeAll} />
      )}
    </li>
  );
}

function Twisty({ name, open }: { name: string; open: Signal<boolean> }) {
  return (
    <button
      type="button"
      class={open.value ? "twisty open" : "twisty"}
      aria-expanded={open}
      aria-label={`${open.value ? "Fold" : "Unfold"} ${name}`}
      onClick={() => {
        open.value = !open.value;
      }}
    >
      <ChevronIcon />
    </button>
  );
}

interface MoreProps {
  node: DataNode;
  value: Value;
  act: () => void;
}

function More({ node, value, act }: MoreProps) {
  const { missing } = value;
  const all = node.full ? ` ${count(node.full)} characters` : node.size ? ` ${count(node.size)}` : "";
  const label = missing > PIECE ? `See ${count(PIECE)} more` : `See all${all}`;
  return (
    <button type="button" class="linkish" disabled={value.asking} onClick={act}>
      {value.asking ? "Loading…" : label}
    </button>
  );
}

/** What is not shown of a value, and how to get it. */
function Rest({ node, value, shown, act }: MoreProps & { shown: number }) {
  const { leftOut, missing, code } = value;
  const size = node.size ?? 0;
  if (leftOut === 0 && size <= shown) return null;
  const of = `The first ${count(shown)} of ${count(size)} ${node.columns ? "rows" : "items"}.`;
  return (
    <div class="rest">
      <span class="dim">{leftOut > 0 ? `${count(leftOut)} more characters are left out.` : of}</span>
      {missing > 0 && <More node={node} value={value} act={act} />}
      {(leftOut > 0 || missing > PIECE) && code && <Python node={node} code={code} />}
    </div>
  );
}

function Python({ node, code }: { node: DataNode; code: string }) {
  return <CopyButton text={code} what={`Copy Python that loads ${node.name}`} label="Python" />;
}

/** Something that lies elsewhere: where, how large, and how to get it. */
function Reference({ node }: { node: DataNode }) {
  const { uri, files } = node;
  const inFiles = files === undefined ? "" : ` in ${count(files)} ${files === 1 ? "file" : "files"}`;
  return (
    <div class="reference">
      {uri && node.text !== uri && <code>{uri}</code>}
      {uri && node.bytes !== undefined && <span class="dim">{bytes(node.bytes) + inFiles}</span>}
      {uri && <CopyButton text={uri} what={`Copy the URI of ${node.name}`} label="URI" />}
      {node.code && <Python node={node} code={node.code} />}
    </div>
  );
}

interface RecordsProps {
  node: DataNode;
  rows: string[][];
  /** The rows as values, where they are: they unfold. */
  items: DataNode[];
  action: string;
}

function Records({ node, rows, items, action }: RecordsProps) {
  const columns = node.columns ?? [];
  return (
    <div class="records" tabIndex={0} role="group" aria-label={`Rows of ${node.name}`}>
      <table>
        <thead>
          <tr>
            {items.length > 0 && <td />}
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <Row key={i} row={row} item={items[i]} action={action} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, item, action }: { row: string[]; item: DataNode | undefined; action: string }) {
  const open = useSignal(false);
  return (
    <>
      <tr>
        {item && (
          <td class="node">
            <Twisty name={`row ${item.name}`} open={open} />
          </td>
        )}
        {row.map((cell, at) => (
          <td key={at} title={cell}>
            {cell}
          </td>
        ))}
      </tr>
      {item && open.value && (
        <tr>
          <td class="inside" colSpan={row.length + 1}>
            <ul class="nodes">
              <Node node={item} action={action} unfolded />
            </ul>
          </td>
        </tr>
      )}
    </>
  );
}
