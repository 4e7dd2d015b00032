/** Writes the artifacts of the devnet's contracts: `npm run contracts`. A test compares them with the sources. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { compile } from "./solidity.ts";

const FOLDER = new URL("../src/devnet/contracts/", import.meta.url);

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".sol"))) {
  const artifact = compile(readFileSync(new URL(file, FOLDER), "utf8"));
  writeFileSync(new URL(`${basename(file, ".sol")}.json`, FOLDER), `${JSON.stringify(artifact, null, 2)}\n`);
}
