/** Writes the parts of the documentation that follow from the source. `node scripts/docs.ts` after a change; a test compares. */
import { readFileSync, writeFileSync } from "node:fs";
import { generatedFiles } from "./generated-docs.ts";

const root = new URL("../", import.meta.url);

for (const [file, text] of generatedFiles((name) => readFileSync(new URL(name, root), "utf8"))) {
  writeFileSync(new URL(file, root), text);
}
