/** The styles of details, logs and tables. */

import details from "./details.css?inline";
import logs from "./logs.css?inline";
import table from "./table.css?inline";

export const css = [details, logs, table].join("\n");
