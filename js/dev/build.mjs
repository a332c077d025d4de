/** Builds the harness into dev/out/; open dev/index.html through any static server. */
import { bundle } from "../build.mjs";

await bundle({ entryPoints: ["dev/main.ts"], outfile: "dev/out/main.js", minify: false });
