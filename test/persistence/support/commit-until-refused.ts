/** Child process under a file size limit: commits until the kernel refuses, then tries once more and reports. */
import { isFault } from "../../../src/domain/errors.ts";
import { openLevelStore } from "../../../src/persistence/open-level-store.ts";
import { writesOf } from "./commits.ts";

const [directory = ""] = process.argv.slice(2);
const { store } = await openLevelStore({ directory });
let acknowledged = 0;
try {
  for (;;) {
    await store.commit(writesOf(acknowledged + 1, 20_000));
    acknowledged++;
  }
} catch (error) {
  const later = await store.commit([{ put: "meta", name: "later", value: 1 }]).catch((again: unknown) => again);
  const report = { acknowledged, refused: codeOf(error), later: codeOf(later) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function codeOf(error: unknown): string {
  return isFault(error) ? error.code : `no fault: ${String(error)}`;
}
