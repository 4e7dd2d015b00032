/**
 * How fast LevelDB takes synced batches on this machine, and what our commit path makes of it in the same run. Raw:
 * nothing but the database and ready texts. Path: records through keys, schema and checksum, in the same batch sizes;
 * every entry is a record, the most expensive kind of row.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import type { ActorRecord } from "../src/domain/records.ts";
import { openLevelStore } from "../src/persistence/open-level-store.ts";
import type { Store, Write } from "../src/ports/store.ts";

export type CeilingRequest = {
  /** Bytes of each value. */
  readonly valueBytes: number;
  /** Entries per synced batch. */
  readonly batchEntries: number;
  /** Entries per measurement. */
  readonly entries: number;
  readonly rounds?: number;
  /** Where the databases are made; a volume like that of the data directory. */
  readonly directory?: string;
};

export type Ceiling = {
  readonly rawEntriesPerSecond: number;
  readonly rawCommitsPerSecond: number;
  readonly pathEntriesPerSecond: number;
  /** pathEntriesPerSecond / rawEntriesPerSecond */
  readonly ratio: number;
  /** Size of the records that the path wrote as JSON: as close to `valueBytes` as a record can be. */
  readonly recordBytes: number;
};

/** Medians over `rounds` interleaved rounds, so that both sides see the same machine. */
export async function measureLevelCeiling(request: CeilingRequest): Promise<Ceiling> {
  const { valueBytes, batchEntries, entries, rounds = 5 } = request;
  const root = await mkdtemp(join(request.directory ?? tmpdir(), "lucid-bench-"));
  try {
    const level = new Level(join(root, "raw"), { writeBufferSize: 16 * 1024 ** 2, cacheSize: 32 * 1024 ** 2 });
    await level.open();
    const { store } = await openLevelStore({ directory: join(root, "path") });
    const batches = Math.max(1, Math.round(entries / batchEntries));
    const value = noise(valueBytes);
    const raw: number[] = [];
    const path: number[] = [];
    let next = 0;
    for (let round = 0; round < rounds; round++) {
      raw.push(
        await perSecond(batches * batchEntries, () => writeRaw({ level, value, batches, batchEntries, first: next })),
      );
      path.push(
        await perSecond(batches * batchEntries, () =>
          writePath({ store, valueBytes, batches, batchEntries, first: next }),
        ),
      );
      next += batches * batchEntries;
    }
    await level.close();
    await store.close();
    const rawEntriesPerSecond = median(raw);
    const pathEntriesPerSecond = median(path);
    return {
      rawEntriesPerSecond,
      rawCommitsPerSecond: rawEntriesPerSecond / batchEntries,
      pathEntriesPerSecond,
      ratio: pathEntriesPerSecond / rawEntriesPerSecond,
      recordBytes: JSON.stringify(recordOf(0, valueBytes)).length,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

type RawRun = { level: Level; value: string; batches: number; batchEntries: number; first: number };

async function writeRaw({ level, value, batches, batchEntries, first }: RawRun): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const chained = level.batch();
    for (let n = 0; n < batchEntries; n++) chained.put(keyOf(first + batch * batchEntries + n), value);
    const synced: { sync: boolean } = { sync: true };
    await chained.write(synced);
  }
}

type PathRun = { store: Store; valueBytes: number; batches: number; batchEntries: number; first: number };

/** One batch is encoded while the one before is written, as the engine does. */
async function writePath({ store, valueBytes, batches, batchEntries, first }: PathRun): Promise<void> {
  let before: Promise<void> = Promise.resolve();
  for (let batch = 0; batch < batches; batch++) {
    const start = first + batch * batchEntries;
    const commit = store.commit(Array.from({ length: batchEntries }, (_, n) => writeOf(start + n, valueBytes)));
    await before;
    before = commit;
  }
  await before;
}

async function perSecond(entries: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (entries * 1_000) / (performance.now() - start);
}

function keyOf(n: number): string {
  return `s!payout!po_${String(n).padStart(12, "0")}`;
}

function writeOf(n: number, valueBytes: number): Write {
  return { put: "record", record: recordOf(n, valueBytes) };
}

const EMPTY_RECORD_BYTES = 385;

function recordOf(n: number, valueBytes: number): ActorRecord {
  const filler = noise(Math.max(0, valueBytes - EMPTY_RECORD_BYTES));
  return {
    kind: "payout",
    id: `po_${String(n).padStart(12, "0")}`,
    version: "1",
    revision: 3,
    state: { onWire: "pending" },
    context: { amount: "12500000", signedHex: filler },
    status: "active",
    tag: "broadcast",
    effects: { broadcast: "3.broadcast" },
    timers: { watch: { due: 1_700_000_000_000, event: { type: "watch.due" }, generation: 3 } },
    indexes: ["status:broadcast"],
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
  };
}

/** Half compressible, like hex and JSON. */
function noise(size: number): string {
  const known = fillers.get(size);
  if (known !== undefined) return known;
  let text = "";
  for (let state = size + 1; text.length < size;) {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) >>> 0;
    text += state.toString(16);
  }
  const filler = text.slice(0, size);
  fillers.set(size, filler);
  return filler;
}
const fillers = new Map<number, string>();

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
