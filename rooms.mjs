/**
 * The rooms of `src`: what each one owns and the only things it may import. One object, read by the import checker
 * (`.dependency-cruiser.mjs`), by `test/architecture` and by the table in ARCHITECTURE.md, so that the three never differ.
 *
 * `may` names rooms, or single files of a room ("security/access"); a room may always import itself. `packages` are
 * the npm packages that only these rooms may import; Node's own modules are free except in the core.
 *
 * @typedef {{ readonly owns: string, readonly may: readonly string[], readonly packages: readonly string[] }} Room
 */

/** @type {Readonly<Record<string, Room>>} */
export const rooms = {
  domain: { owns: "words, units, limits, the error catalogue", may: [], packages: ["typebox"] },
  tron: {
    owns: "wire format and cryptography of TRON",
    may: ["domain"],
    packages: ["@noble/hashes", "tiny-secp256k1"],
  },
  machines: { owns: "decisions", may: ["domain"], packages: ["typebox", "xstate"] },
  ports: { owns: "interfaces of the engine", may: ["domain"], packages: [] },
  actors: { owns: "one actor and its effects", may: ["domain", "machines", "ports"], packages: ["typebox", "xstate"] },
  supervisor: {
    owns: "many actors, the façade of the engine",
    may: ["domain", "machines", "ports", "actors"],
    packages: ["@xstate/store", "async-mutex"],
  },
  persistence: { owns: "LevelDB", may: ["domain", "ports"], packages: ["level", "typebox"] },
  chain: {
    owns: "access to TRON nodes",
    may: ["domain", "ports", "tron"],
    packages: ["async-mutex", "lossless-json", "typebox", "undici"],
  },
  security: {
    owns: "keys, signing, tokens, scopes",
    may: ["domain", "ports", "tron"],
    packages: ["async-mutex", "tronweb", "typebox"],
  },
  devnet: {
    owns: "a TRON node in a process, for development and tests",
    may: ["domain", "tron"],
    packages: [
      "@ethereumjs/common",
      "@ethereumjs/evm",
      "@ethereumjs/statemanager",
      "@ethereumjs/util",
      "@scure/bip32",
      "@scure/bip39",
      "async-mutex",
      "level",
    ],
  },
  http: {
    owns: "the HTTP surface",
    may: ["domain", "ports", "machines", "actors/machine-tree", "actors/step", "security/access", "supervisor/facade"],
    packages: [
      "@fastify/ajv-compiler",
      "@fastify/swagger",
      "@fastify/type-provider-typebox",
      "fastify",
      "nanoid",
      "typebox",
    ],
  },
  operations: {
    owns: "configuration, logs, metrics, clock",
    may: ["domain", "ports"],
    packages: ["pino", "prom-client", "typebox"],
  },
  composition: {
    owns: "how the adapters are put together; only compose.ts and main.ts use it",
    may: [
      "domain",
      "tron",
      "machines",
      "ports",
      "actors",
      "supervisor",
      "persistence",
      "chain",
      "security",
      "devnet",
      "http",
      "operations",
    ],
    packages: [],
  },
  cli: {
    owns: "commands for people",
    may: [
      "domain",
      "operations",
      "tron",
      "chain/networks",
      "chain/rate",
      "chain/suspension",
      "security/access",
      "security/api-tokens",
      "security/private-file",
    ],
    packages: ["csv-parse"],
  },
};

/** Rooms that decide: no I/O, no clock, no randomness, not even through another file. */
export const core = ["domain", "machines", "tron"];

/** The files at the top of `src` that wire the rooms together and may import anything. */
export const wiring = ["main.ts", "compose.ts"];
