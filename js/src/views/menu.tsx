/** A button that opens a menu, as the ARIA menu button pattern has it. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useMore } from "./more";

export interface MenuItem {
  label: string;
  act: () => void;
}

interface MenuProps {
  label: string;
  icon: ComponentChildren;
  items: MenuItem[];
}

export function Menu({ label, icon, items }: MenuProps) {
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (back: boolean) => {
    open.value = false;
    if (back) button.current?.focus({ preventScroll: true });
  };
  return (
    <span class="menu">
      <button
        type="button"
        class="quiet"
        ref={button}
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
      {open.value && <Entries {...{ label, items, close }} />}
    </span>
  );
}

function Entries(props: { label: string; items: MenuItem[]; close: (back: boolean) => void }) {
  const { more } = useMore();
  return more && <more.MenuEntries {...props} />;
}
