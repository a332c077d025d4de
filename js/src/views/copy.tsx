import { useSignal } from "@preact/signals";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_MS = 1500;

/** Copies also where the page is not a secure context, as a notebook server on plain http is not. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

interface CopyProps {
  /** What it copies; null where that could not be had. */
  text: string | (() => string | Promise<string | null>);
  /** The button's name, e.g. "Copy run name". */
  what: string;
  /** Written on it, where it is not the icon alone. */
  label?: string;
  tabIndex?: number;
}

/** A button that copies `text`. */
export function CopyButton({ text, what, label, tabIndex }: CopyProps) {
  const done = useSignal(false);
  const click = async (event: MouseEvent) => {
    event.stopPropagation();
    const button = event.currentTarget as HTMLElement;
    const found = typeof text === "string" ? text : await text();
    if (found === null) return;
    await copyText(found);
    button.focus({ preventScroll: true });
    done.value = true;
    setTimeout(() => {
      done.value = false;
    }, SHOWN_MS);
  };
  return (
    <button
      type="button"
      class={label ? "button copy" : "quiet copy"}
      aria-label={what}
      title={done.value ? "Copied" : what}
      tabIndex={tabIndex}
      onClick={click}
    >
      {done.value ? <CheckIcon /> : <CopyIcon />}
      {label}
    </button>
  );
}
