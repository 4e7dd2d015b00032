/** The contracts in `src` and how each folder's are compiled. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { compile } from "./solidity.ts";

/** The devnet runs what mainnet runs; what other people's nodes are asked to run has no instruction that is newer than it needs. */
const FOLDERS = [
  { folder: new URL("../src/devnet/contracts/", import.meta.url), evmVersion: "cancun" },
  { folder: new URL("../src/chain/contracts/", import.meta.url), evmVersion: "istanbul" },
];

/** Where each artifact belongs, and its text. */
export function* artifacts(): Generator<[URL, string]> {
  for (const { folder, evmVersion } of FOLDERS) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".sol"))) {
      const artifact = compile(readFileSync(new URL(file, folder), "utf8"), { evmVersion });
      yield [new URL(`${basename(file, ".sol")}.json`, folder), `${JSON.stringify(artifact, null, 2)}\n`];
    }
  }
}
