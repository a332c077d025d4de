/** All styles of a view; they live in its shadow root. */

import base from "./base.css?inline";
import controls from "./controls.css?inline";
import details from "./details.css?inline";
import header from "./header.css?inline";
import logs from "./logs.css?inline";
import notes from "./notes.css?inline";
import notices from "./notices.css?inline";
import table from "./table.css?inline";
import tokens from "./tokens.css?inline";
import tree from "./tree.css?inline";

export const css = [tokens, base, controls, header, notes, tree, details, logs, table, notices].join("\n");
