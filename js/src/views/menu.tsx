/** A button that opens a menu, as the ARIA menu button pattern has it. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface MenuItem {
  label: string;
  act: () => void;
}

export function Menu({ label, icon, items }: { label: string; icon: ComponentChildren; items: MenuItem[] }) {
  const open = useSignal(false);
  const box = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (!open.value) return undefined;
    const away = (event: Event) => {
      if (box.current && !event.composedPath().includes(box.current)) open.value = false;
    };
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
    document.addEventListener("pointerdown", away, true);
    return () => document.removeEventListener("pointerdown", away, true);
  }, [open.value, open]);
  const close = () => {
    open.value = false;
    box.current?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  };
  const move = (event: KeyboardEvent) => {
    if (!open.value) return;
    const entries = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = entries.indexOf(event.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") open.value = false;
    else if (to !== undefined) entries[(to + entries.length) % entries.length]?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the menu inside
    <span class="menu" ref={box} onKeyDown={move}>
      <button
        type="button"
        class="quiet"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {icon}
      </button>
      {open.value && (
        <div class="entries" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                item.act();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
