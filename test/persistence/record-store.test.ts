/** What the store makes of a disk that misbehaves. */
import { expect, test } from "vitest";
import type { Write } from "../../src/ports/store.ts";
import { Codec } from "../../src/persistence/codec.ts";
import type { Batch, Change } from "../../src/persistence/key-value.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { RecordStore } from "../../src/persistence/record-store.ts";
import { recordOf } from "./support/records.ts";

/** A disk whose writes wait for a hand, and are refused when it says so. */
class HandDisk extends MemoryKeyValue {
  readonly waiting: { changes: readonly Change[]; proceed: (refusal?: Error) => void }[] = [];

  override batch(): Batch {
    const inner = super.batch();
    const changes: Change[] = [];
    const write = async () => {
      const refusal = await new Promise<Error | undefined>((proceed) => this.waiting.push({ changes, proceed }));
      if (refusal !== undefined) throw refusal;
      await inner.write();
    };
    return { add: (more) => (inner.add(more), void changes.push(...more)), write };
  }

  async next(refusal?: Error): Promise<void> {
    while (this.waiting.length === 0) await Promise.resolve();
    this.waiting.shift()?.proceed(refusal);
  }
}

const meta = (value: unknown): Write => ({ put: "meta", name: "m", value });

test("after a refused write every later commit is refused, also those that were already waiting", async () => {
  const disk = new HandDisk();
  const store = new RecordStore(disk, new Codec());
  const outcomes = [1, 2, 3].map((value) => store.commit([meta(value)]).catch((error: unknown) => error));
  await disk.next(new Error("IO error: /d/5.log: No space left on device"));
  const full = expect.objectContaining({ code: "store_failed", evidence: { diskFull: true } });
  expect(await Promise.all(outcomes)).toEqual([full, full, full]);
  await expect(store.commit([meta(4)])).rejects.toEqual(full);
  expect(disk.waiting).toEqual([]);
  expect(store.meta("m")).toBeUndefined();
  await store.close();
});

test("a refusal for another reason is not called a full disk", async () => {
  const disk = new HandDisk();
  const store = new RecordStore(disk, new Codec());
  const commit = store.commit([meta(1)]);
  await Promise.all([
    disk.next(new Error("IO error: Input/output error")),
    expect(commit).rejects.toMatchObject({ code: "store_failed", evidence: { diskFull: false } }),
  ]);
});

test("one write is under way at a time, and close waits for the last", async () => {
  const disk = new HandDisk();
  const store = new RecordStore(disk, new Codec());
  const commits = [1, 2].map((value) => store.commit([meta(value)]));
  await disk.next();
  expect(disk.waiting.length).toBe(0);
  await commits[0];
  expect(store.meta("m")).toBe(1);
  const closed = store.close();
  await disk.next();
  await Promise.all([...commits, closed]);
  expect(disk.dump()).toHaveLength(1);
  expect(() => store.meta("m")).toThrow(/closed/);
});

test("a key that is written often in one commit reaches the disk once, and only its last value is looked at", async () => {
  const disk = new HandDisk();
  const store = new RecordStore(disk, new Codec());
  const actor = { kind: "payout", id: "po_1" };
  const commit = store.commit([
    meta(1n),
    meta(2),
    { put: "record", record: recordOf(actor, 1) },
    { put: "record", record: recordOf(actor, 2) },
  ]);
  const [write] = await Promise.all([firstOf(disk), commit]);
  expect(write.map(({ key }) => key)).toEqual(["m!m", "s!payout!po_1"]);
});

test("a dead letter whose time is listed but whose row is gone is damage", async () => {
  const disk = new MemoryKeyValue();
  const store = new RecordStore(disk, new Codec());
  const letter = { actor: { kind: "payout", id: "po_1" }, at: 1, revision: 1, event: { type: "x" }, error: "e" };
  await store.commit([{ put: "deadLetter", letter }]);
  const [row] = await disk.keys({ from: "d!", to: 'd"', limit: 1 });
  const removal = disk.batch();
  removal.add([{ key: row ?? "", value: undefined }]);
  await removal.write();
  await expect(store.deadLetters({ limit: 9 })).rejects.toMatchObject({ code: "store_corrupt" });
});

test("no row is empty: classic-level would lose a little memory for each", async () => {
  const disk = new MemoryKeyValue();
  const store = new RecordStore(disk, new Codec());
  const actor = { kind: "payout", id: "po_1" };
  const letter = { actor, at: 1, revision: 1, event: { type: "x" }, error: "e" };
  await store.commit([
    { put: "timer", due: 1, actor, timerId: "t" },
    { put: "index", kind: "payout", index: "all", createdAt: 1, id: "po_1" },
    { put: "deadLetter", letter },
  ]);
  expect(disk.dump().filter(([, value]) => value === "")).toEqual([]);
  expect(disk.dump()).toHaveLength(4);
});

test("compaction of a store in memory changes nothing", async () => {
  const disk = new MemoryKeyValue([
    ["m!b", "2"],
    ["m!a", "1"],
  ]);
  await new RecordStore(disk, new Codec()).compact();
  expect(disk.dump()).toEqual([
    ["m!a", "1"],
    ["m!b", "2"],
  ]);
});

async function firstOf(disk: HandDisk): Promise<readonly Change[]> {
  while (disk.waiting.length === 0) await Promise.resolve();
  const [write] = disk.waiting;
  await disk.next();
  return write?.changes ?? [];
}
