/** Cuts under the store alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openLevelStore } from "../../../src/persistence/open-level-store.ts";
import { completeRevision } from "../../persistence/support/commits.ts";
import type { Judge } from "../support/judge.ts";
import { Shim } from "../support/shim.ts";
import { Recorded, Tally, type Manner } from "./recorded.ts";

const STORE_WRITER = join(import.meta.dirname, "../../persistence/support/commit-forever.ts");
/** Characters per commit: a new log and a new table about every 160 commits. */
const STORE_COMMIT = 200_000;
const CUTS_PER_STORE = 4;

/** Commits of 200 kB as fast as they go: logs are switched, tables written and compacted when the power fails. */
export async function cutStore(judge: Judge, cuts: number, { random, strict }: Manner): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-drill-"));
  // A new store is made beside its place, so the disk is the folder above it.
  const [root, recording] = [join(directory, "disk"), join(directory, "recording")];
  const store = join(root, "store");
  const tally = new Tally();
  const lost: string[] = [];
  let acknowledgedInAll = 0;
  let tables = 0;
  try {
    const shim = await Shim.build(directory);
    for (let cut = 0; cut < cuts; cut += 1) {
      if (cut % CUTS_PER_STORE === 0) {
        await rm(root, { recursive: true, force: true });
        await mkdir(root);
      }
      const recorded = await Recorded.from(root, recording, strict);
      const writer = spawn(process.execPath, [STORE_WRITER, store, String(STORE_COMMIT)], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { PATH: process.env["PATH"], ...shim.environment(root, recording) },
      });
      const acknowledged = await cutAfter(writer, 20 + random.below(500));
      const differences = await recorded.replay();
      if (differences.length > 2) tally.unlike.push(`store cut ${cut + 1}: ${differences.join(" ")}`);
      tally.add(await recorded.cut(random));
      const revision = await revisionOf(store).catch((error: unknown) => `${String(error)}`);
      acknowledgedInAll += acknowledged.count;
      tables += (await readdir(store)).filter((name) => name.endsWith(".ldb")).length;
      if (typeof revision === "string") lost.push(`cut ${cut + 1}: ${revision}`);
      else if (revision < acknowledged.last)
        lost.push(`cut ${cut + 1}: ${acknowledged.last} was told, ${revision} is there`);
      // What cannot be opened, or lost something, is no beginning for another cut.
      if (lost.length > 0) cut += CUTS_PER_STORE - (cut % CUTS_PER_STORE) - 1;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  judge.empty("a store opens after each cut and has every acknowledged commit, whole", lost);
  judge.empty("each recording of the store is the directory that the kill left", tally.unlike);
  judge.did("commits acknowledged before cuts of the store", acknowledgedInAll, 20);
  judge.table({
    "cuts under the store": tally.cuts,
    "commits of 200 kB acknowledged": acknowledgedInAll,
    "table files found": tables,
    "files with unsynced data, all cuts": tally.volatileFiles,
    "unsynced names, of them lost": `${tally.volatileNames}, ${tally.lostNames}`,
  });
}

async function cutAfter(writer: ReturnType<typeof spawn>, wanted: number): Promise<{ last: number; count: number }> {
  if (writer.stdout === null) throw new Error("the writer has no output");
  const seen = { last: 0, count: 0 };
  for await (const line of createInterface({ input: writer.stdout })) {
    seen.last = Number(line);
    seen.count += 1;
    if (seen.count === wanted) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  if (writer.signalCode !== "SIGKILL") throw new Error(`the writer ended by itself: ${writer.exitCode}`);
  return seen;
}

async function revisionOf(root: string): Promise<number> {
  const { store, verify } = await openLevelStore({ directory: root });
  try {
    await verify();
    return await completeRevision(store, () => STORE_COMMIT);
  } finally {
    await store.close();
  }
}
