/** A table whose rows live in the kernel: filtered, sorted, searched and paged there; acts on what is selected. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count } from "../../format";
import type { Table, TableAsk, TableRow } from "../../sights";
import { useView } from "../context";
import { ArrowIcon, ChevronIcon } from "../icons";
import { Opened } from "../opened";
import { useSight } from "../sight";
import { IconButton } from "../toolbar";
import { ActOnRow, Acts } from "./acts";
import { Cell } from "./cells";
import { type Change, Filters } from "./filters";

export function TableView() {
  const { link, asks, connection } = useView();
  const ask = useSignal<Partial<TableAsk>>({});
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const opened = useSignal<{ row: string; view: string; name: string } | null>(null);
  const sight = useSight<Table>("table", "", ask.value);
  // What was seen last stays while the next page or order is on its way.
  const last = useRef<Table | null>(null);
  last.current = sight.value ?? last.current;
  const table = last.current;
  const body = useRef<HTMLTableSectionElement>(null);
  const { title = "", view = "", height = null } = link.welcome.value ?? {};
  // Also what is on its way to the kernel.
  const asked = table && { ...table.asked, ...ask.value };
  const change: Change = (part) => {
    ask.value = { ...asked, page: 0, ...part };
  };
  const toggle = (row: TableRow) => {
    if (opened.value?.row === row.id) {
      opened.value = null;
      return;
    }
    const opening = asks.get(`open ${row.id}`);
    opening.follow(link.request("open", { view, row: row.id }), (result) => {
      const found = (result ?? {}) as { view?: unknown; name?: unknown };
      opening.reset();
      if (typeof found.view === "string") {
        opened.value = { row: row.id, view: found.view, name: String(found.name ?? row.id) };
      }
    });
  };
  const choose = (id: string) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  const away = !connection.alive.value;
  return (
    <section
      class={away ? "run table-view away" : "run table-view"}
      aria-label={title}
      style={{ maxHeight: height === null ? undefined : `${height}px` }}
    >
      <header class="head">
        <div class="line">
          <b class="task">{title}</b>
          {table?.total != null && <span class="dim">{count(table.total)}</span>}
          <span class="gap" />
          {table && asked && <Filters filters={table.filters} asked={asked} change={change} />}
        </div>
        {table && <Acts table={table} chosen={chosen} />}
      </header>
      {away && <p class="note">Disconnected from the kernel. Run the cell again if it was restarted.</p>}
      {(sight.error || table?.note) && (
        <p class={sight.error ? "note" : "note calm"}>{sight.error || table?.note}</p>
      )}
      {!table && <p class="waiting">Loading…</p>}
      {table && (
        <div class="scroll" tabIndex={-1}>
          <table class="plain" aria-label={title} aria-busy={sight.value === null}>
            <Head table={table} sort={asked?.sort ?? null} change={change} chosen={chosen} />
            <tbody ref={body} onKeyDown={(event) => moveInRows(event, body.current)}>
              {table.rows.map((row, i) => (
                <Row
                  key={row.id}
                  table={table}
                  row={row}
                  first={i === 0}
                  chosen={chosen.value.has(row.id)}
                  choose={() => choose(row.id)}
                  open={opened.value?.row === row.id}
                  toggle={() => toggle(row)}
                  inside={
                    opened.value?.row === row.id && (
                      <Opened
                        view={opened.value.view}
                        title={`Run ${opened.value.name}`}
                        close={() => {
                          opened.value = null;
                        }}
                      />
                    )
                  }
                />
              ))}
            </tbody>
          </table>
          {table.rows.length === 0 && <p class="waiting">{table.empty || "There is nothing."}</p>}
        </div>
      )}
      {table && (table.more || table.asked.page > 0) && <Pages table={table} change={change} />}
    </section>
  );
}

interface HeadProps {
  table: Table;
  sort: TableAsk["sort"];
  change: Change;
  chosen: { value: ReadonlySet<string> };
}

/** Whether rows can be selected: where there is something to do with them. */
const selectable = (table: Table): boolean => table.acts.length > 0;

function Head({ table, sort, change, chosen }: HeadProps) {
  const ids = table.rows.map(({ id }) => id);
  const all = ids.length > 0 && ids.every((id) => chosen.value.has(id));
  return (
    <thead>
      <tr>
        {selectable(table) && (
          <th class="pick">
            <input
              type="checkbox"
              aria-label="Select all rows of this page"
              checked={all}
              onChange={() => {
                chosen.value = new Set(all ? [] : ids);
              }}
            />
          </th>
        )}
        {table.opens && (
          <th class="pick">
            <span class="said">Open</span>
          </th>
        )}
        {table.columns.map(({ key, title, type, sortable }) => {
          const on = sort?.[0] === key ? sort[1] : null;
          return (
            <th
              key={key}
              scope="col"
              class={`of-${type}`}
              aria-sort={on ? (on === "asc" ? "ascending" : "descending") : undefined}
            >
              {sortable ? (
                <button
                  type="button"
                  class="sort"
                  onClick={() => change({ sort: [key, on === "desc" ? "asc" : "desc"] })}
                >
                  {title}
                  {on && <ArrowIcon to={on === "asc" ? "up" : "down"} />}
                </button>
              ) : (
                title
              )}
            </th>
          );
        })}
        {table.acts.some(({ confirm }) => !confirm) && (
          <th>
            <span class="said">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}

interface RowProps {
  table: Table;
  row: TableRow;
  first: boolean;
  chosen: boolean;
  choose: () => void;
  open: boolean;
  toggle: () => void;
  inside: preact.ComponentChildren;
}

function Row({ table, row, first, chosen, choose, open, toggle, inside }: RowProps) {
  const { asks } = useView();
  const opening = asks.get(`open ${row.id}`);
  const quick = table.acts.filter(({ confirm }) => !confirm);
  const columns =
    table.columns.length + (selectable(table) ? 1 : 0) + (table.opens ? 1 : 0) + (quick.length > 0 ? 1 : 0);
  return (
    <>
      <tr
        data-row={row.id}
        class={chosen ? "chosen" : undefined}
        tabIndex={first ? 0 : -1}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          if (event.key === "Enter" && table.opens) toggle();
          else if (event.key === " " && selectable(table)) choose();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
        onDblClick={() => table.opens && toggle()}
      >
        {selectable(table) && (
          <td class="pick">
            <input type="checkbox" aria-label={`Select ${row.id}`} checked={chosen} onChange={choose} />
          </td>
        )}
        {table.opens && (
          <td class="pick">
            <button
              type="button"
              class={open ? "twisty open" : "twisty"}
              aria-label={`${open ? "Close" : "Open"} ${row.id}`}
              aria-expanded={open}
              onClick={toggle}
            >
              <ChevronIcon />
            </button>
          </td>
        )}
        {table.columns.map(({ key, type }) => (
          <td key={key} class={`of-${type}`}>
            <Cell type={type} value={row.cells[key]} />
          </td>
        ))}
        {quick.length > 0 && (
          <td>
            {quick
              .filter(({ name }) => row.acts.includes(name))
              .map((act) => (
                <ActOnRow key={act.name} act={act} row={row.id} />
              ))}
          </td>
        )}
      </tr>
      {(opening.stage.value === "failed" || inside) && (
        <tr class="inside">
          <td colSpan={columns}>{inside || <p class="note">{opening.reason.value}</p>}</td>
        </tr>
      )}
    </>
  );
}

function Pages({ table, change }: { table: Table; change: Change }) {
  const { page, size } = table.asked;
  const from = page * size;
  const shown = `${count(from + 1)} to ${count(from + table.rows.length)}`;
  return (
    <div class="pages">
      <span class="dim" role="status">
        {table.total === null ? shown : `${shown} of ${count(table.total)}`}
      </span>
      <IconButton label="Previous page" act={() => page > 0 && change({ page: page - 1 })}>
        <ArrowIcon to="up" />
      </IconButton>
      <IconButton label="Next page" act={() => table.more && change({ page: page + 1 })}>
        <ArrowIcon to="down" />
      </IconButton>
    </div>
  );
}

/** Arrows, Home and End go from row to row. */
function moveInRows(event: KeyboardEvent, body: HTMLElement | null): void {
  const rows = [...(body?.querySelectorAll<HTMLElement>("tr[data-row]") ?? [])];
  const at = rows.indexOf(event.target as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  rows[Math.min(rows.length - 1, Math.max(0, to))]?.focus();
  event.preventDefault();
  event.stopPropagation();
}
