/** Search and filters of a table. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Table } from "../../sights";
import { SearchIcon } from "../icons";
import type { TableAsk } from "./table";

/** The kernel is asked when nobody typed for so long. */
const TYPED_MS = 250;

interface FiltersProps {
  table: Table | null;
  ask: TableAsk;
  change: (part: Partial<TableAsk>) => void;
}

export function Filters({ table, ask, change }: FiltersProps) {
  const text = useSignal(ask.text);
  const typed = text.value;
  useEffect(() => {
    if (typed === ask.text) return undefined;
    const timer = setTimeout(() => change({ text: typed }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <>
      {table?.filters.map(({ key, title, options }) => (
        <select
          key={key}
          class="field"
          aria-label={title}
          value={ask.filters[key] ?? ""}
          onChange={(event) => {
            const { [key]: _, ...others } = ask.filters;
            const { value } = event.currentTarget;
            change({ filters: value === "" ? others : { ...others, [key]: value } });
          }}
        >
          <option value="">{`${title}: any`}</option>
          {options.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      ))}
      <span class="find">
        <SearchIcon />
        <input
          type="text"
          aria-label="Search"
          placeholder="Search"
          value={typed}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") text.value = "";
            event.stopPropagation();
          }}
        />
      </span>
    </>
  );
}
