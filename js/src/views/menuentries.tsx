/** An open menu. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { MenuItem } from "./menu";

interface EntriesProps {
  label: string;
  items: MenuItem[];
  /** Closes it; `back`: the button that opened it is where one is then. */
  close: (back: boolean) => void;
}

export function MenuEntries({ label, items, close }: EntriesProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const away = (event: Event) => {
      const menu = box.current?.parentElement;
      if (menu && !event.composedPath().includes(menu)) close(false);
    };
    box.current?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
    document.addEventListener("pointerdown", away, true);
    return () => document.removeEventListener("pointerdown", away, true);
  }, []);
  const move = (event: KeyboardEvent) => {
    const entries = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = entries.indexOf(event.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") close(false);
    else if (to !== undefined) entries[(to + entries.length) % entries.length]?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="entries" role="menu" aria-label={label} ref={box} onKeyDown={move} tabIndex={-1}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            close(true);
            item.act();
          }}
        >
          {item.label}
        </button>
      ))}
    </div>
  );
}
