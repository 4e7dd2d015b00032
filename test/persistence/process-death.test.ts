/** A store and the processes around it: killed, doubled, and refused by the disk. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { completeRevision } from "./support/commits.ts";
import { withDirectory } from "./support/directories.ts";

const CHILD = join(import.meta.dirname, "support/commit-forever.ts");
const KILLS = 24;

test("a process killed at any moment loses no acknowledged commit and leaves no half of one", async () => {
  await withDirectory(async (directory) => {
    // Large commits span blocks of the log, and make LevelDB switch files and compact under the kills.
    const sizes = [0, 3_000, 40_000];
    let revision = 0;
    const written = new Map<number, number>();
    for (let kill = 0; kill < KILLS; kill++) {
      const size = sizes[kill % sizes.length] ?? 0;
      const child = spawn(process.execPath, [CHILD, directory, String(size)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const acknowledged = await killAfter(child, 1 + ((kill * 7) % 31));
      for (let seen = revision + 1; seen <= acknowledged + 1; seen++) written.set(seen, size);
      const { store } = await openLevelStore({ directory });
      revision = await completeRevision(store, (seen) => written.get(seen) ?? -1);
      await store.close();
      // One commit may be on disk whose number never reached us.
      expect(revision - acknowledged).toBeOneOf([0, 1]);
    }
  });
});

test("a second process on the same directory is told that the store is in use, and the first goes on", async () => {
  await withDirectory(async (directory) => {
    const child = spawn(process.execPath, [CHILD, directory, "10"], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = Number((await lines.next()).value);
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      code: "store_locked",
      message: expect.stringMatching(/Another process uses the store in .*Stop it first/),
    });
    expect(Number((await lines.next()).value)).toBeGreaterThan(first);
    child.kill("SIGKILL");
    await once(child, "close");
    const { store } = await openLevelStore({ directory });
    expect(await completeRevision(store, () => 10)).toBeGreaterThan(first);
    await store.close();
  });
});

test("a store that is open in this process cannot be opened a second time, and can after it was closed", async () => {
  await withDirectory(async (directory) => {
    const { store } = await openLevelStore({ directory });
    await expect(openLevelStore({ directory })).rejects.toMatchObject({ code: "store_locked" });
    await store.close();
    const again = await openLevelStore({ directory });
    expect(again.created).toBe(false);
    await again.store.close();
  });
});

test("a write that the disk refuses rejects its commit and every later one, and what was acknowledged is kept", async () => {
  await withDirectory(async (directory) => {
    const script = join(import.meta.dirname, "support/commit-until-refused.ts");
    // A real refusal by the kernel: no file of this process may grow beyond 512 kB (ulimit counts in blocks of 1 kB).
    const command = `trap '' XFSZ; ulimit -f 512; exec "$0" "$1" "$2"`;
    const child = spawn("bash", ["-c", command, process.execPath, script, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    const outcome = JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
    expect(outcome).toMatchObject({ refused: "store_failed", later: "store_failed" });
    const { store } = await openLevelStore({ directory });
    const revision = await completeRevision(store, () => 20_000);
    expect(revision - Number(outcome["acknowledged"])).toBeOneOf([0, 1]);
    expect(revision).toBeGreaterThan(5);
    await store.close();
  });
});

/** Kills without warning once `count` commits were acknowledged; resolves to the last acknowledged number. */
async function killAfter(child: ChildProcess, count: number): Promise<number> {
  let acknowledged = 0;
  let seen = 0;
  if (child.stdout === null) throw new Error("the child has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (++seen === count) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return acknowledged;
}
