/** Rows of one height in a scroller, more than a browser can make an element high for. */

/** Elements higher than about 17 million px are cut off, differently by browser. */
const MOST_PX = 15_000_000;

export interface Span {
  /** Height of what scrolls in px. */
  height: number;
  /** The first row in sight. */
  first: number;
  /** Where a row stands from the top of what scrolls. */
  top: (row: number) => number;
}

/** The rows in sight of `rows` of `rowHeight` px where `scrollTop` of a window of `view` px is scrolled away. */
export function spanOf(rows: number, rowHeight: number, view: number, scrollTop: number): Span {
  const total = rows * rowHeight;
  if (total <= MOST_PX) {
    return { height: total, first: Math.floor(scrollTop / rowHeight), top: (row) => row * rowHeight };
  }
  // Scrolled by a part of what there is to scroll, the same part of the rows has gone by.
  const gone = (Math.min(scrollTop, MOST_PX - view) / (MOST_PX - view)) * (total - view);
  return {
    height: MOST_PX,
    first: Math.floor(gone / rowHeight),
    top: (row) => scrollTop + row * rowHeight - gone,
  };
}

/** How far to scroll so that `row` stands `above` px below the upper edge. */
export function scrollFor(row: number, rows: number, rowHeight: number, view: number, above: number): number {
  const total = rows * rowHeight;
  const wanted = Math.max(0, Math.min(total - view, row * rowHeight - above));
  return total <= MOST_PX ? wanted : (wanted / (total - view)) * (MOST_PX - view);
}
