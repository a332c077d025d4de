/** What a placeholder says of itself, by its attributes or, where a sanitiser took those, by its classes. */

const ID = /^[0-9a-z]+$/;
/** On the element that holds a live view, so that two runtimes in one page do not both adopt a placeholder. */
export const LIVE = "data-flyte-live";
/** Beside it, while the kernel of that view is not heard of: it may be gone, and another may take its place. */
export const AWAY = "data-flyte-away";
const LIVE_NOW = `:scope > [${LIVE}]:not([${AWAY}])`;
/** On the element that offers to bring a placeholder to life. */
export const OFFER = "data-flyte-offer";
export const PLACEHOLDER = ".flyte-jupyter";

function token(element: Element, prefix: string): string | null {
  for (const it of element.classList) if (it.startsWith(prefix)) return it.slice(prefix.length);
  return null;
}

const idOr = (text: string | null): string | null => (text !== null && ID.test(text) ? text : null);

/** The view a placeholder asks for. */
export function viewOf(element: Element): string | null {
  return idOr(element.getAttribute("data-flyte-view")) ?? idOr(token(element, "fj-view-"));
}

/** The run that a snapshot shows, as "PROJECT/DOMAIN/RUN", the hash of its endpoint, and what was open of it. */
export function whereabouts(element: Element): { at: string; place: string; as: string | null } | null {
  const at = token(element, "fj-at-");
  const place = idOr(token(element, "fj-on-"));
  if (at === null || place === null || at.split("/").length !== 3) return null;
  return { at, place, as: token(element, "fj-as-") };
}

/** Whether somebody shows something live in a placeholder, or offers to. */
export function isTaken(element: Element): boolean {
  return element.querySelector(`${LIVE_NOW}, :scope > [${OFFER}]`) !== null;
}

export function isLive(element: Element): boolean {
  return element.querySelector(LIVE_NOW) !== null;
}
