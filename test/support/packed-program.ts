/**
 * The program in a few files instead of a thousand, made once for a run of the tests: looking them up is half of what a
 * start costs, and the tests start some four hundred processes. It is the same code; `npm-start.test.ts`, `start.test.ts`,
 * `readme.test.ts` and one run of the demo without an engine have the program as it lies in the repository.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown, type Plugin } from "rolldown";
import type { TestProject } from "vitest/node";

const TESTS = join(import.meta.dirname, "..");
const SOURCE = join(TESTS, "../src");
/** All lie in one folder: the engine looks for its worker beside itself. */
const ENTRIES = {
  main: join(SOURCE, "main.ts"),
  demo: join(SOURCE, "cli/demo.ts"),
  token: join(SOURCE, "cli/token.ts"),
  devnet: join(SOURCE, "devnet/main.ts"),
  "signer-worker": join(SOURCE, "security/signer-worker.ts"),
  "engine-process": join(TESTS, "crash/support/engine-process.ts"),
};
/** They load a file that lies beside them: a library, a module of WebAssembly. */
const LEFT_WHERE_THEY_ARE = ["classic-level", "tiny-secp256k1"];

export type PackedProgram = {
  /** Holds `<entry>.js` for each entry. */
  readonly directory: string;
  /** For `NODE_COMPILE_CACHE`: filled by the first processes that end in order. */
  readonly compiled: string;
};

declare module "vitest" {
  interface ProvidedContext {
    readonly packed: PackedProgram;
  }
}

let directory: string | undefined;

/** Called by vitest before the tests of a project begin. */
export async function setup(project: TestProject): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "lucid-packed-"));
  const bundle = await rolldown({ input: ENTRIES, platform: "node", plugins: [placesKept], logLevel: "silent" });
  await bundle.write({ dir: directory, format: "esm", minify: true, entryFileNames: "[name].js" });
  await bundle.close();
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  project.provide("packed", { directory, compiled: join(directory, "compiled") });
}

/** After the last of them. */
export async function teardown(): Promise<void> {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

/** What reads a file that lies beside it still finds it; the demo starts the packed engine. */
const placesKept: Plugin = {
  name: "places-kept",
  resolveId(id) {
    if (!LEFT_WHERE_THEY_ARE.includes(id)) return undefined;
    return { id: createRequire(ENTRIES.main).resolve(id), external: "absolute" };
  },
  transform(code, id) {
    if (id.endsWith("/cli/engine-process.ts")) return code.replace('"../main.ts"', '"./main.js"');
    if (!id.endsWith("/pages-for-people.ts") && !id.endsWith("/cli/demo.ts")) return undefined;
    return code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
  },
};
