/** The styles of details, logs, tables and notices. */

import details from "./details.css?inline";
import io from "./io.css?inline";
import logs from "./logs.css?inline";
import table from "./table.css?inline";
import toasts from "./toasts.css?inline";

export const css = [details, io, logs, table, toasts].join("\n");
