/** A shadow root of a view gets its styles. */

import { css as first } from "../styles";

/** Parsed once for all views of a page. */
const sheets = new Map<string, CSSStyleSheet>();

function sheetOf(css: string): CSSStyleSheet {
  const known = sheets.get(css);
  if (known) return known;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  sheets.set(css, sheet);
  return sheet;
}

export function addStyles(root: ShadowRoot, css = first): void {
  try {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheetOf(css)];
  } catch {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}
