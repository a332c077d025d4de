/** Bundles the views into one ES module. `node build.mjs [--dev OUTFILE]`: --dev keeps names and adds a source map. */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** `import css from "./x.css?inline"` is the minified text of x.css, as Vite has it. */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, (args) => ({
      path: resolve(args.resolveDir, args.path.slice(0, -"?inline".length)),
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async (args) => {
      const text = await readFile(args.path, "utf8");
      const { code } = await esbuild.transform(text, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text", watchFiles: [args.path] };
    });
  },
};

/** Builds the bundle and returns esbuild's result. */
export function bundle(options = {}) {
  return esbuild.build({
    absWorkingDir: here,
    entryPoints: ["src/index.ts"],
    outfile: join(here, "..", "flyte_jupyter", "static", "index.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    logLevel: "warning",
    plugins: [inlineCss],
    ...options,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dev = process.argv.indexOf("--dev");
  await bundle(
    dev > 0 ? { outfile: resolve(process.argv[dev + 1]), minify: false, sourcemap: "inline" } : {},
  );
}
