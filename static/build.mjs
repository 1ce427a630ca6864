/**
 * Builds static/dist/: hashed scripts in split chunks, one stylesheet, pictures, and manifest.json, which
 * says for each source name which file to load and which chunks to preload with it. Templates read it
 * through `{% asset %}` and `{% script %}`; the service worker is made from it.
 *
 * `node static/build.mjs` once, `--watch` again at every change.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: {
    shell: "js/shell.js", chat: "js/chat.js", operations: "js/operations.js", app: "css/app.css", "chat-styles": "css/chat.css", staff: "css/staff.css",
    de: "js/lib/words/de.js", // what scripts say in a language but English, one file each
  },
  outdir: "dist",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"],
  minify: true,
  sourcemap: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

/** Copies the pictures under hashed names. @returns {Promise<Record<string, {file: string}>>} */
async function copyPictures() {
  /** @type {Record<string, {file: string}>} */
  const entries = {};
  for (const folder of ["icons", "screenshots"]) {
    for (const name of (await readdir(join(here, folder))).sort()) {
      const content = await readFile(join(here, folder, name));
      const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
      const file = `${basename(name, extname(name))}-${hash}${extname(name)}`;
      await writeFile(join(dist, file), content);
      entries[`${folder}/${name}`] = { file };
    }
  }
  return entries;
}

/** @param {{kind: string}} item */
const isStatic = (item) => item.kind === "import-statement";

/** @param {esbuild.Metafile} metafile */
async function writeManifest(metafile) {
  /** @type {Record<string, {file: string, imports?: string[]}>} */
  const assets = await copyPictures();
  /** Parts of the page that come when they are first needed, small enough to be kept for times without a network. */
  const later = [];
  const named = new Set(Object.values(/** @type {Record<string, string>} */ (options.entryPoints)));
  for (const [path, output] of Object.entries(metafile.outputs)) {
    // What is imported on demand is an entry to esbuild as well; no page names it.
    if (output.entryPoint?.startsWith("js/controllers/")) later.push(basename(path), ...output.imports.filter(isStatic).map((item) => basename(item.path)));
    if (!output.entryPoint || !named.has(output.entryPoint)) continue;
    const imports = output.imports.filter(isStatic);
    assets[output.entryPoint.replace(/^(?:css|js(?:\/lib)?)\//, "")] = {
      file: basename(path),
      ...(imports.length > 0 && { imports: imports.map((item) => basename(item.path)) }),
    };
  }
  // Removed last and not first: a server that runs beside the build always finds what it names.
  const fresh = new Set([...Object.keys(metafile.outputs).map((path) => basename(path)), "manifest.json", "service_worker.js"]);
  for (const { file } of Object.values(assets)) fresh.add(file);
  const version = createHash("sha256").update(JSON.stringify([assets, later])).digest("hex").slice(0, 12);
  await writeFile(join(dist, "manifest.json"), JSON.stringify({ version, assets, later: [...new Set(later)].sort() }, null, 2) + "\n");
  for (const name of await readdir(dist)) if (!fresh.has(name)) await rm(join(dist, name));
}

/** @type {esbuild.Plugin} */
const manifest = {
  name: "manifest",
  setup(build) {
    build.onEnd(async (result) => {
      if (result.metafile && result.errors.length === 0) await writeManifest(result.metafile);
    });
  },
};

await mkdir(dist, { recursive: true });
// The worker's own name must not change: browsers compare the same address with what they have.
await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["worker/service_worker.js"],
  outdir: "dist",
  bundle: true,
  format: "iife",
  target: options.target,
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' }, // what Workbox says to developers stays out
  logLevel: "warning",
});
const context = await esbuild.context({ ...options, plugins: [manifest] });
if (process.argv.includes("--watch")) {
  await context.watch();
} else {
  await context.rebuild();
  await context.dispose();
}
