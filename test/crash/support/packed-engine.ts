/**
 * The engine's process in two files instead of a thousand: looking them up is half of what a start costs, and a storm is
 * some two hundred starts. It is the same code; `npm-start.test.ts` kills the program as it lies in the repository.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown, type Plugin } from "rolldown";

const ENTRY = join(import.meta.dirname, "engine-process.ts");
const SOURCE = join(import.meta.dirname, "../../../src");
/** Started by the engine as a file of its own that lies beside it. */
const WORKER = join(SOURCE, "security/signer-worker.ts");
/** They load a file that lies beside them: a library, a module of WebAssembly. */
const LEFT_WHERE_THEY_ARE = ["classic-level", "tiny-secp256k1"];

export type PackedEngine = {
  readonly script: string;
  /** For `NODE_COMPILE_CACHE`: filled by the first engine that ends in order. */
  readonly compiled: string;
  remove(): Promise<void>;
};

export async function packEngine(): Promise<PackedEngine> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-packed-"));
  const bundle = await rolldown({
    input: [ENTRY, WORKER],
    platform: "node",
    external: [join(SOURCE, "devnet/devnet.ts")],
    plugins: [placesKept],
    logLevel: "silent",
  });
  await bundle.write({ dir: directory, format: "esm", minify: true, entryFileNames: "[name].js" });
  await bundle.close();
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  return {
    script: join(directory, "engine-process.js"),
    compiled: join(directory, "compiled"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What reads a file that lies beside it still finds it. */
const placesKept: Plugin = {
  name: "places-kept",
  resolveId(id) {
    if (!LEFT_WHERE_THEY_ARE.includes(id)) return undefined;
    return { id: createRequire(ENTRY).resolve(id), external: "absolute" };
  },
  transform(code, id) {
    if (!id.endsWith("/pages-for-people.ts")) return undefined;
    return code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
  },
};
