/**
 * Takes the machine away from under the program. `src` is loaded as it is; only what it imports from Node and from six
 * packages (LevelDB, sockets of both kinds, ids, the curve, compiled schemas) is another module, and time and chance of the process are
 * the world's. To be called before anything of `src` is loaded.
 */
import { registerHooks } from "node:module";
import { takeOverGlobals } from "./globals.ts";

const SOURCE = new URL("../../../src/", import.meta.url).href;
const HERE = new URL("./", import.meta.url).href;

const REPLACED: Readonly<Record<string, string>> = {
  level: "level.ts",
  undici: "undici.ts",
  fastify: "fastify.ts",
  nanoid: "nanoid.ts",
  "tiny-secp256k1": "secp256k1.ts",
  "typebox/compile": "typebox-compile.ts",
  "node:crypto": "crypto.ts",
  "node:perf_hooks": "perf-hooks.ts",
  "node:fs/promises": "fs-promises.ts",
  "node:worker_threads": "worker-threads.ts",
  "node:timers/promises": "timers-promises.ts",
};
/** Gets messages of the thread it believes to run in from whoever calls `serve`. */
const AS_IT_IS = new Set(
  ["src/security/signer-worker.ts"].map((path) => new URL(`../../../${path}`, import.meta.url).href),
);

export type Mutation = { readonly file: string; readonly fragment: string; readonly replacement: string };

/** With a mutation the program is loaded with one deliberate bug. */
export function installMachine(mutation?: Mutation): void {
  const mutated = mutation === undefined ? undefined : new URL(`../../../${mutation.file}`, import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL = "" } = context;
      const replaced = REPLACED[specifier];
      if (replaced === undefined || !parentURL.startsWith(SOURCE) || AS_IT_IS.has(parentURL))
        return next(specifier, context);
      return { url: `${HERE}${replaced}`, shortCircuit: true };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (mutation === undefined || url !== mutated) return loaded;
      return { ...loaded, source: withBug(textOf(loaded.source), mutation) };
    },
  });
  takeOverGlobals();
}

/** Throws when the fragment is not there exactly once: a bug that was not planted would look like one that is not found. */
export function withBug(source: string, { file, fragment, replacement }: Mutation): string {
  const parts = source.split(fragment);
  if (parts.length !== 2) throw new Error(`${file}: the fragment occurs ${parts.length - 1} times: ${fragment}`);
  return parts.join(replacement);
}

function textOf(source: unknown): string {
  if (typeof source === "string") return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString("utf8");
  throw new Error("a file of the program has no source");
}
