/** Child process: commits revision after revision and writes the number of each acknowledged one to stdout. */
import { openLevelStore } from "../../../src/persistence/open-level-store.ts";
import { ACTOR, writesOf } from "./commits.ts";

const [directory = "", size = "0"] = process.argv.slice(2);
const { store } = await openLevelStore({ directory });
for (let revision = (store.record(ACTOR)?.revision ?? 0) + 1; ; revision++) {
  await store.commit(writesOf(revision, Number(size)));
  process.stdout.write(`${revision}\n`);
}
