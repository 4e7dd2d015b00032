/** Writes the artifacts of the contracts in `src`: `npm run contracts`. A test compares them with the sources. */
import { writeFileSync } from "node:fs";
import { artifacts } from "./contract-artifacts.ts";

for (const [file, text] of artifacts()) writeFileSync(file, text);
