/** Import rules, made from `rooms.mjs`. The parser is swc: dependency-cruiser cannot read TypeScript 7 by itself. */
import { core, rooms, wiring } from "./rooms.mjs";

const io =
  "^(node:)?(fs|net|tls|dns|dgram|http|https|http2|child_process|worker_threads|cluster|timers|readline|repl|sqlite|inspector|process|perf_hooks)(/|$)";

const escaped = (/** @type {string} */ text) => text.replaceAll(".", "\\.").replaceAll("/", "\\/");
/** "security" is a folder; "security/access" is one file of it. */
const target = (/** @type {string} */ may) => (may.includes("/") ? `${escaped(may)}\\.ts$` : `${may}/`);

const imports = Object.entries(rooms).map(([room, { may }]) => ({
  name: `${room}-imports-only`,
  severity: "error",
  comment: `ARCHITECTURE.md#rooms: ${room} may import ${may.length === 0 ? "no other room" : may.join(", ")}`,
  from: { path: `^src/${room}/` },
  to: {
    path: "^(src|test|bench|scripts)/",
    pathNot: `^src/(${[room, ...may].map((each) => (each === room ? `${room}/` : target(each))).join("|")})`,
  },
}));

const packages = Object.entries(rooms).map(([room, { packages: own }]) => ({
  name: `${room}-packages-only`,
  severity: "error",
  comment: `ARCHITECTURE.md#rooms: ${room} may use ${own.length === 0 ? "no package" : own.join(", ")}`,
  from: { path: `^src/${room}/` },
  to: { path: "node_modules/", pathNot: `node_modules/(${[...own, "@types/node"].map(escaped).join("|")})/` },
}));

export default {
  forbidden: [
    ...imports,
    ...packages,
    {
      name: "core-reaches-no-io",
      severity: "error",
      comment: "The core decides and never touches the world, through any number of files.",
      from: { path: `^src/(${core.join("|")})/` },
      to: { reachable: true, path: io },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "a-file-has-a-room",
      severity: "error",
      comment: "A new folder of src needs an entry in rooms.mjs.",
      from: { path: "^src/", pathNot: `^src/((${Object.keys(rooms).join("|")})/|(${wiring.map(escaped).join("|")})$)` },
      to: {},
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "src-stands-alone",
      severity: "error",
      comment: "What runs in production never imports tests, benches or scripts.",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "declared-packages-only",
      severity: "error",
      comment: "src may import only what package.json declares as a dependency.",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "npm-optional"] },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
