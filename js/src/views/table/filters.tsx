/** Search and filters of a table. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Table, TableAsk } from "../../sights";
import { SearchIcon } from "../icons";

/** The kernel is asked when nobody typed for so long. */
const TYPED_MS = 250;

export type Change = (part: Partial<TableAsk>) => void;

interface FiltersProps {
  filters: Table["filters"];
  asked: TableAsk;
  change: Change;
}

export function Filters({ filters, asked, change }: FiltersProps) {
  const text = useSignal(asked.text);
  const typed = text.value;
  useEffect(() => {
    if (typed === asked.text) return undefined;
    const timer = setTimeout(() => change({ text: typed }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <>
      {filters.map(({ key, title, options }) => (
        <select
          key={key}
          class="field"
          aria-label={title}
          value={asked.filters[key] ?? ""}
          onChange={(event) => {
            const { [key]: _, ...others } = asked.filters;
            const { value } = event.currentTarget;
            change({ filters: value === "" ? others : { ...others, [key]: value } });
          }}
        >
          <option value="">{`${title}: any`}</option>
          {withChosen(options, asked.filters[key]).map(([value, word]) => (
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

type Options = Table["filters"][number]["options"];

/** The options, and one for what a cell asked for that is none of them, such as two phases. */
function withChosen(options: Options, chosen = ""): Options {
  if (chosen === "" || options.some(([value]) => value === chosen)) return options;
  const words = chosen.split(",").map((part) => options.find(([value]) => value === part)?.[1] ?? part);
  return [...options, [chosen, words.join(" or ")]];
}
