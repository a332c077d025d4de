/**
 * The second part of the views: details, logs, tables, notices, offers and what is armed. The build makes a bundle of its own of it, which is asked
 * for when somebody first opens one of them, and which shares the modules of the first.
 */

export { css } from "./styles/more";
export { Pane } from "./views/details/pane";
export { ArmedEntries } from "./views/entries";
export { LogAlone } from "./views/logs/alone";
export { MenuEntries } from "./views/menuentries";
export { mountOffer } from "./views/offer";
export { Opened } from "./views/opened";
export { TableView } from "./views/table/table";
export { openToasts } from "./views/toasts";
