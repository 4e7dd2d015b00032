import { readFault } from "../../src/persistence/damage.ts";
/** Real damage to the files of a real store: a torn tail is a crash, everything else is refused. */
import { cp, mkdir, readdir, readFile, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { Level } from "level";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Codec } from "../../src/persistence/codec.ts";
import { feedKey, FORMAT_KEY, journalKey, outboxKey } from "../../src/persistence/keyspace.ts";
import { findSilentDamage } from "../../src/persistence/level-files.ts";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { completeRevision, writesOf } from "./support/commits.ts";
import { flip, withDirectory } from "./support/directories.ts";
import { journalOf } from "./support/records.ts";

const SIZE = 900;
const IN_TABLE = 30;
const LAST = 70;
const FOOTER_BYTES = 48;
const REFUSED = {
  code: "store_corrupt",
  message: expect.stringMatching(/The store is damaged: .*restore the last backup/),
};

let root: string;
let release: () => void;
let done: Promise<unknown>;
/** A copy of an open store, as a crash would leave it: 30 commits in a table file, 40 in the log. */
let crashed: string;
/** Length of the log after each commit that went there; the first is 0. */
const boundaries: number[] = [0];

beforeAll(async () => {
  const ready = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  release = () => finished.resolve();
  done = withDirectory(async (directory) => {
    root = directory;
    const live = join(directory, "live");
    crashed = join(directory, "crashed");
    const first = await openLevelStore({ directory: live });
    for (let revision = 1; revision <= IN_TABLE; revision++) await first.store.commit(writesOf(revision, SIZE));
    await first.store.close();
    const second = await openLevelStore({ directory: live });
    for (let revision = IN_TABLE + 1; revision <= LAST; revision++) {
      await second.store.commit(writesOf(revision, SIZE));
      boundaries.push((await stat(join(live, await fileOf(live, "log")))).size);
    }
    await cp(live, crashed, { recursive: true });
    await second.store.close();
    ready.resolve();
    await finished.promise;
  });
  await Promise.race([ready.promise, done]);
});
afterAll(async () => {
  release();
  await done;
});

test("a store that crashed without damage opens with every commit", async () => {
  await withCopy(async (directory) => {
    expect(await revisionOf(directory)).toBe(LAST);
  });
});

test("a log that was cut anywhere by a crash keeps every commit before the cut, and nothing of the torn one", async () => {
  const end = boundaries.at(-1) ?? 0;
  const tail = fc.constantFrom("cut", "zeros", "garbage");
  const property = fc.asyncProperty(fc.integer({ min: 0, max: end }), tail, async (cut, kind) => {
    await withCopy(async (directory) => {
      const log = join(directory, await fileOf(directory, "log"));
      const before = await readFile(log);
      await truncate(log, cut);
      if (kind === "zeros") await truncate(log, cut + 5_000);
      if (kind === "garbage") await writeFile(log, noise(cut), { flag: "a" });
      // A tail may happen to be what was cut off: a commit that ended in zeros is whole again.
      const same = sharedLength(before, await readFile(log));
      const complete = boundaries.filter((boundary) => boundary <= same).length - 1;
      expect(await revisionOf(directory)).toBe(IN_TABLE + complete);
    });
  });
  await fc.assert(property, {
    numRuns: 60,
    examples: [[73_453, "zeros"], ...boundaries.slice(-3).map((cut): [number, string] => [cut, "cut"])],
  });
});

test("a store goes on after a torn tail, and is whole after the next crash", async () => {
  await withCopy(async (directory) => {
    await truncate(join(directory, await fileOf(directory, "log")), (boundaries.at(-1) ?? 0) - 3);
    const { store } = await openLevelStore({ directory });
    for (let revision = LAST; revision <= LAST + 5; revision++) await store.commit(writesOf(revision, SIZE));
    await withDirectory(async (copy) => {
      await cp(directory, copy, { recursive: true });
      expect(await revisionOf(copy)).toBe(LAST + 5);
    });
    await store.close();
  });
});

test("a flipped bit in the log before the last commit is refused, for LevelDB would forget commits silently", async () => {
  const lastStart = boundaries.at(-2) ?? 0;
  const property = fc.asyncProperty(fc.integer({ min: 0, max: lastStart - 1 }), fc.nat(7), async (byte, bit) => {
    await withCopy(async (directory) => {
      await flip(join(directory, await fileOf(directory, "log")), { byte, bit });
      await expect(revisionOf(directory)).rejects.toMatchObject(REFUSED);
    });
  });
  await fc.assert(property, { numRuns: 60 });
});

test("a flipped bit in a table file is refused when the store is opened, and found by verify while it is open", async () => {
  const { length } = await readFile(join(crashed, await fileOf(crashed, "ldb")));
  // Between the two handles in the footer and the magic number at its end lie bytes without a meaning.
  const property = fc.asyncProperty(fc.nat(length - FOOTER_BYTES - 1), fc.nat(7), async (byte, bit) => {
    await withCopy(async (directory) => {
      await flip(join(directory, await fileOf(directory, "ldb")), { byte, bit });
      await expect(openLevelStore({ directory })).rejects.toMatchObject(REFUSED);
    });
  });
  await fc.assert(property, { numRuns: 40 });
  await withCopy(async (directory) => {
    const opened = await openLevelStore({ directory });
    await expect(opened.verify()).resolves.toBeUndefined();
    await flip(join(directory, await fileOf(directory, "ldb")), { byte: 2_000, bit: 3 });
    await expect(opened.verify()).rejects.toMatchObject(REFUSED);
    await expect(opened.verify(AbortSignal.abort())).rejects.toThrow(/abort/i);
    await opened.store.close();
  });
});

test("a flipped bit in the manifest or in CURRENT is refused", async () => {
  for (const name of [await fileOf(crashed, "manifest"), "CURRENT"]) {
    const { length } = await readFile(join(crashed, name));
    for (let byte = 0; byte < length; byte += 3) {
      await withCopy(async (directory) => {
        await flip(join(directory, name), { byte, bit: byte % 8 });
        await expect(openLevelStore({ directory })).rejects.toMatchObject(REFUSED);
      });
    }
  }
});

test("each file of the store that is gone, emptied or cut in half is refused, and nothing new is started in its place", async () => {
  for (const kind of ["manifest", "current", "ldb"] as const) {
    const name = await fileOf(crashed, kind);
    const { length } = await readFile(join(crashed, name));
    const damages: ((file: string) => Promise<void>)[] = [
      unlink,
      (file) => truncate(file, 0),
      (file) => truncate(file, length >> 1),
    ];
    for (const damage of damages) {
      await withCopy(async (directory) => {
        await damage(join(directory, name));
        await expect(openLevelStore({ directory })).rejects.toMatchObject(REFUSED);
      });
    }
  }
});

test("a log file that is gone is refused, for it held the newest commits", async () => {
  await withCopy(async (directory) => {
    await unlink(join(directory, await fileOf(directory, "log")));
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      ...REFUSED,
      evidence: { found: expect.stringMatching(/newest commits is gone/) },
    });
  });
});

test("an older log whose end is lost while a newer one has commits is refused", async () => {
  await withCopy(async (directory) => {
    const name = await fileOf(directory, "log");
    const newer = String(Number.parseInt(name, 10) + 1).padStart(6, "0");
    const log = await readFile(join(directory, name));
    // The first block ends between two records; what follows becomes a log of its own, less one commit.
    const cut = boundaries.findLast((boundary) => boundary < 32_768 - 7) ?? 0;
    await truncate(join(directory, name), cut - 1);
    await writeFile(join(directory, `${newer}.log`), log.subarray(32_768));
    await expect(openLevelStore({ directory })).rejects.toMatchObject(REFUSED);
  });
});

test("a value that stands under another key, or was replaced by other JSON, is refused when it is read", async () => {
  await withDirectory(async (directory) => {
    await (await openLevelStore({ directory })).store.close();
    const codec = new Codec();
    const level = new Level(directory);
    await level.put("m!moved", codec.encode("meta", "m!home", { paid: true }));
    await level.put("m!edited", codec.encode("meta", "m!edited", { paid: true }).replace("true", "null"));
    await level.put("m!empty", "");
    await level.close();
    const { store } = await openLevelStore({ directory });
    for (const name of ["moved", "edited", "empty"]) {
      const refused = expect.objectContaining({
        code: "store_corrupt",
        message: expect.stringContaining(`key m!${name}`),
      });
      expect(() => store.meta(name)).toThrow(refused);
    }
    await store.close();
  });
});

test("a directory with anything but a store is refused and left as it was", async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "holiday.jpg"), "x");
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.stringMatching(/not empty and is not a store/),
    });
    expect(await readdir(directory)).toEqual(["holiday.jpg"]);
  });
});

test("a LevelDB of another program is refused and left as it was", async () => {
  await withDirectory(async (directory) => {
    const level = new Level(directory);
    await level.put("foreign", "value");
    await level.close();
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.stringMatching(/not a store of this engine/),
    });
    await level.open();
    expect(await level.iterator().all()).toEqual([["foreign", "value"]]);
    await level.close();
  });
});

test("a store of a newer release is refused with the way out, and an older release finds it unchanged", async () => {
  await withDirectory(async (directory) => {
    await (await openLevelStore({ directory })).store.close();
    const level = new Level(directory);
    const newer = { format: 4, storeId: "s", createdAt: 1, somethingNew: true };
    await level.put(FORMAT_KEY, new Codec().encode("format", FORMAT_KEY, newer));
    await level.close();
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.stringMatching(/format 4; this release knows format 3/),
    });
  });
});

test("a store of format 1 is read as it is and goes on as one of today, which an older release refuses", async () => {
  await withDirectory(async (directory) => {
    const codec = new Codec();
    const actor = { kind: "payout", id: "po_1" };
    const first = { format: 1, storeId: "kept", createdAt: 5 };
    const feed = { sequence: 1, at: 1, actor, revision: 1, event: { type: "payout.created" } };
    const level = new Level(directory);
    await level.put(FORMAT_KEY, codec.encode("format", FORMAT_KEY, first));
    const rows = [1, 2].map((revision) => ["journal", journalKey(actor, revision), journalOf(revision)] as const);
    for (const [shape, key, value] of rows) await level.put(key, codec.encode(shape, key, value));
    await level.put(feedKey(1), codec.encode("feed", feedKey(1), feed));
    await level.close();
    const opened = await openLevelStore({ directory });
    expect(opened).toMatchObject({ created: false, identity: { ...first, format: 3 } });
    await opened.store.commit([3, 4].map((revision) => ({ put: "journal", actor, entry: journalOf(revision) })));
    await opened.store.commit([{ put: "feed", entry: { ...feed, sequence: 2 } }]);
    const journal = await opened.store.journal(actor, { afterRevision: 0, limit: 9 });
    expect(journal).toEqual([1, 2, 3, 4].map((revision) => journalOf(revision)));
    expect(await opened.store.feed({ afterSequence: 0, limit: 9 })).toEqual([feed, { ...feed, sequence: 2 }]);
    await opened.store.close();
    const again = await openLevelStore({ directory });
    expect(again.identity).toEqual({ ...first, format: 3 });
    await again.store.close();
  });
});

test("an effect that a store of format 2 holds keeps the input it was stored with, and goes with its answer", async () => {
  await withDirectory(async (directory) => {
    const codec = new Codec();
    const actor = { kind: "transaction", id: "tx!1" };
    const stored = { key: "2.watch", actor, invokeId: "watch", source: "watchTransaction", input: { txId: "ab" } };
    const level = new Level(directory);
    await level.put(FORMAT_KEY, codec.encode("format", FORMAT_KEY, { format: 2, storeId: "kept", createdAt: 5 }));
    await level.put(outboxKey(stored), codec.encode("outbox", outboxKey(stored), stored));
    await level.close();
    const { store } = await openLevelStore({ directory });
    const { source, input: _, ...fresh } = { ...stored, key: "3.watch" };
    await store.commit([{ put: "outbox", entry: { ...fresh, source } }]);
    expect(await store.outbox({ source, limit: 9 })).toEqual([stored, { ...fresh, source }]);
    await store.commit([{ delete: "outbox", source, actor, key: "2.watch" }]);
    expect(await store.outbox({ source, limit: 9 })).toEqual([{ ...fresh, source }]);
    await store.close();
  });
});

test("a new store has an identity that stays, and a creation that was interrupted is completed", async () => {
  await withDirectory(async (directory) => {
    const nested = join(directory, "a", "b");
    const level = new Level(nested);
    await level.open();
    await level.close();
    const first = await openLevelStore({ directory: nested, now: () => 77 });
    expect(first).toMatchObject({ created: true, identity: { format: 3, createdAt: 77 } });
    await first.store.close();
    const second = await openLevelStore({ directory: nested, now: () => 99 });
    expect(second).toMatchObject({ created: false, identity: first.identity });
    await second.store.close();
  });
});

test("the leavings of a creation that was killed before the first file was complete are no store and no obstacle", async () => {
  await withDirectory(async (directory) => {
    for (const name of ["LOCK", "LOG", "MANIFEST-000001", "000001.dbtmp"]) await writeFile(join(directory, name), "");
    const { store, created } = await openLevelStore({ directory });
    expect(created).toBe(true);
    await store.close();
  });
});

test("a directory that cannot be used is a failure of the disk, not of the store", async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "");
    await expect(openLevelStore({ directory: join(directory, "file", "store") })).rejects.toMatchObject({
      code: "store_failed",
    });
  });
});

test("a lock file that cannot be opened is a failure of the disk, and no reason to restore a backup", async () => {
  await withCopy(async (directory) => {
    await unlink(join(directory, "LOCK"));
    await mkdir(join(directory, "LOCK"));
    await expect(openLevelStore({ directory })).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringMatching(/Is a directory.*Check the permissions/),
    });
  });
});

test("files that another process removes between two looks are no damage", async () => {
  await withDirectory(async (directory) => {
    expect(await findSilentDamage(directory)).toBeUndefined();
  });
});

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((byte, index) => byte !== b[index]);
  return differs === -1 ? a.length : differs;
}

async function withCopy(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = join(root, `copy-${copies++}`);
  await mkdir(directory);
  await cp(crashed, directory, { recursive: true });
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
let copies = 0;

async function revisionOf(directory: string): Promise<number> {
  const { store } = await openLevelStore({ directory });
  try {
    return await completeRevision(store, () => SIZE);
  } finally {
    await store.close();
  }
}

async function fileOf(directory: string, kind: "log" | "ldb" | "manifest" | "current"): Promise<string> {
  const pattern = { log: /^\d+\.log$/, ldb: /^\d+\.ldb$/, manifest: /^MANIFEST-/, current: /^CURRENT$/ }[kind];
  const name = (await readdir(directory)).find((candidate) => pattern.test(candidate));
  if (name === undefined) throw new Error(`no ${kind} in ${directory}`);
  return name;
}

function noise(seed: number): Buffer {
  return Buffer.from(Array.from({ length: 3_000 }, (_, n) => Math.imul(seed + n, 2_654_435_761) >>> 24));
}

test("a disk that refuses to be read is asked again, and no caller learns where the files are", () => {
  expect(readFault(new Error("IO error: /data/store/000123.ldb: Too many open files"))).toMatchObject({
    code: "store_unavailable",
    retryable: true,
    message: "The disk refused to be read: IO error: 000123.ldb: Too many open files",
  });
  expect(readFault(new Error("Corruption: block checksum mismatch"))).toMatchObject({ code: "store_corrupt" });
  const other = new Error("Database is not open");
  expect(readFault(other)).toBe(other);
});
