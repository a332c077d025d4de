/** Light or dark, found out from what the view really stands on, and followed while it is open. */

export type Theme = "light" | "dark";

/** Red, green, blue in 0..255 and alpha in 0..1 of a computed colour; null where it is not in rgb() form. */
export function parseColor(text: string): [number, number, number, number] | null {
  const match = /^rgba?\(([^)]+)\)$/.exec(text.trim());
  if (!match) return null;
  const parts = match[1].split(/[\s,/]+/).filter(Boolean);
  const [r, g, b] = parts.map(Number);
  const alpha = parts[3];
  const a = alpha === undefined ? 1 : alpha.endsWith("%") ? Number.parseFloat(alpha) / 100 : Number(alpha);
  return [r, g, b, a].some((n) => n === undefined || Number.isNaN(n)) ? null : [r, g, b, a];
}

/** Whether light text belongs on this background. */
export function isDark(r: number, g: number, b: number): boolean {
  const linear = [r, g, b].map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.18;
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** The theme behind `element`: the first opaque background up the tree, else what the page says of itself. */
function detectTheme(element: Element): Theme {
  for (let at: Element | null = element; at; at = parentOf(at)) {
    const color = parseColor(getComputedStyle(at).backgroundColor);
    if (color && color[3] > 0.5) return isDark(color[0], color[1], color[2]) ? "dark" : "light";
  }
  const { body, documentElement } = document;
  if (body.dataset.jpThemeLight !== undefined)
    return body.dataset.jpThemeLight === "false" ? "dark" : "light";
  if (body.dataset.vscodeThemeKind) return body.dataset.vscodeThemeKind.includes("dark") ? "dark" : "light";
  if (documentElement.classList.contains("dark") || body.classList.contains("dark")) return "dark";
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** A theme's stylesheet may be applied some time after the attribute that announces it. */
const SETTLE_MS = 300;

/** Keeps `data-theme` of `host` right until the returned function is called. */
export function followTheme(host: HTMLElement): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = () => {
    const theme = detectTheme(host.parentElement ?? host);
    if (host.dataset.theme !== theme) host.dataset.theme = theme;
  };
  const changed = () => {
    update();
    clearTimeout(timer);
    timer = setTimeout(update, SETTLE_MS);
  };
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true });
  }
  const scheme = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  scheme?.addEventListener?.("change", changed);
  changed();
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    scheme?.removeEventListener?.("change", changed);
  };
}
