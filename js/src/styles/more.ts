/** The styles of details, logs, tables and notices. */

import details from "./details.css?inline";
import entries from "./entries.css?inline";
import io from "./io.css?inline";
import logs from "./logs.css?inline";
import offer from "./offer.css?inline";
import table from "./table.css?inline";
import toasts from "./toasts.css?inline";

export const css = [details, entries, io, logs, offer, table, toasts].join("\n");
