/**
 * Bundles the views into two ES modules. `node build.mjs [--dev OUTFILE]`: --dev keeps names and adds a source map.
 *
 * `index.js` is what every page gets. `more.js` exports a function that takes what hands out the modules of the first
 * bundle: it is made with those left out, and the first bundle then with a list of just what is imported of them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const STATIC = join(here, "..", "flyte_jupyter", "static");

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

/** `virtual:shared` has what the second bundle imports of the first, by path: `[[path, [names]], ...]`. */
const sharing = (shared) => ({
  name: "shared",
  setup(build) {
    build.onResolve({ filter: /^virtual:shared$/ }, () => ({ path: "shared", namespace: "shared" }));
    build.onLoad({ filter: /.*/, namespace: "shared" }, () => {
      const lines = shared.map(([path, names], i) => {
        return `import { ${names.map((name) => `${name} as ${name}_${i}`).join(", ")} } from "./${path}";`;
      });
      const modules = shared.map(([path, names], i) => {
        return `${JSON.stringify(path)}: { ${names.map((name) => `${name}: ${name}_${i}`).join(", ")} }`;
      });
      const contents = `${lines.join("\n")}\nconst modules = () => ({ ${modules.join(", ")} });`;
      return { contents: `${contents}\nexport const shared = (path) => modules()[path];`, resolveDir: here };
    });
  },
});

/** Leaves out the modules in `paths`, which the first bundle has. */
const leaving = (paths) => ({
  name: "leaving",
  setup(build) {
    build.onResolve({ filter: /.*/ }, async (args) => {
      if (args.kind === "entry-point" || args.pluginData === "asked" || args.path.endsWith("?inline")) return;
      const { path, errors } = await build.resolve(args.path, {
        ...{ kind: args.kind, resolveDir: args.resolveDir, importer: args.importer, pluginData: "asked" },
      });
      const name = relative(here, path);
      if (errors.length === 0 && paths.has(name)) return { path: name, external: true };
    });
  },
});

const settings = (options) => ({
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  logLevel: "warning",
  ...options,
});

const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";?/gm;
const namesIn = (list) =>
  list
    .split(",")
    .map((entry) => entry.trim().split(/\s+as\s+/)[0])
    .filter(Boolean);

/**
 * Builds both bundles; returns esbuild's results, `more` with its text. `options` are of the first one; those of the
 * second are derived.
 */
export async function bundle(options = {}) {
  const first = { entryPoints: ["src/index.ts"], outfile: join(STATIC, "index.js"), ...options };
  const probe = await esbuild.build(
    settings({ ...first, plugins: [inlineCss, sharing([])], write: false, metafile: true, sourcemap: false }),
  );
  const paths = new Set(Object.keys(probe.metafile.inputs));
  const second = { entryPoints: ["src/more.ts"], write: false, plugins: [inlineCss, leaving(paths)] };
  const readable = await esbuild.build(settings({ ...second, minify: false }));
  const imported = new Map();
  for (const [, names, path] of readable.outputFiles[0].text.matchAll(IMPORT)) {
    imported.set(path, new Set([...(imported.get(path) ?? []), ...namesIn(names)]));
  }
  const shared = [...imported].map(([path, names]) => [path, [...names]]);
  const result = await esbuild.build(settings({ ...first, plugins: [inlineCss, sharing(shared)] }));
  const built = await esbuild.build(
    settings({
      ...{ ...second, minify: options.minify ?? true, format: "cjs" },
      banner: { js: "export default function(require){var module={exports:{}};" },
      footer: { js: "return module.exports}" },
    }),
  );
  const { text } = built.outputFiles[0];
  if (options.write !== false) await writeFile(join(dirname(first.outfile), "more.js"), text);
  return { ...result, more: text };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dev = process.argv.indexOf("--dev");
  await bundle(
    dev > 0 ? { outfile: resolve(process.argv[dev + 1]), minify: false, sourcemap: "inline" } : {},
  );
}
