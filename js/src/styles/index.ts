/** The styles of what is always there; they live in the shadow root of each view. */

import armed from "./armed.css?inline";
import base from "./base.css?inline";
import controls from "./controls.css?inline";
import header from "./header.css?inline";
import notes from "./notes.css?inline";
import timeline from "./timeline.css?inline";
import tokens from "./tokens.css?inline";
import tree from "./tree.css?inline";

export const css = [tokens, base, controls, header, notes, armed, timeline, tree].join("\n");
