/** A shadow root of a view gets its styles. */

import { css as first } from "../styles";

export function addStyles(root: ShadowRoot, css = first): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}
