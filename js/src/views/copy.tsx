import { useSignal } from "@preact/signals";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_MS = 1500;

/** Copies also where the page is not a secure context, as a notebook server on plain http is not. */
async function copy(text: string, near: HTMLElement): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  near.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  near.focus();
}

/** A button that copies `text`; `what` is its name, e.g. "Copy run name". */
export function CopyButton({ text, what, tabIndex }: { text: string; what: string; tabIndex?: number }) {
  const done = useSignal(false);
  const click = async (event: MouseEvent) => {
    event.stopPropagation();
    await copy(text, event.currentTarget as HTMLElement);
    done.value = true;
    setTimeout(() => {
      done.value = false;
    }, SHOWN_MS);
  };
  return (
    <button
      type="button"
      class="quiet copy"
      aria-label={what}
      title={done.value ? "Copied" : what}
      tabIndex={tabIndex}
      onClick={click}
    >
      {done.value ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}
