/**
 * Opens the store of one data directory, or says why it must not be opened.
 *
 * O1. One process at a time: LevelDB's lock file decides, and a dead process leaves no lock.
 * O2. A directory that is not empty and does not carry our marker is never written to.
 * O3. A damaged store is never repaired or continued silently: an engine that forgot a payout would pay it again.
 */
import { readdir } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { Level } from "level";
import { Fault } from "../domain/errors.ts";
import { Codec, type ContextSchemas, type FormatMarker } from "./codec.ts";
import { corrupt, levelFault } from "./damage.ts";
import type { KeyValue } from "./key-value.ts";
import { FORMAT_KEY, WHOLE_RANGE } from "./keyspace.ts";
import { findSilentDamage, inspectDirectory } from "./level-files.ts";
import { findTableDamage, tableBytes } from "./level-table.ts";
import { makeDatabase } from "./new-database.ts";
import { LevelKeyValue, type TextLevel } from "./level-key-value.ts";
import { RecordStore } from "./record-store.ts";

/** Raised when a release writes something that the release before cannot read. 2: rows of several journal or feed entries; 3: effects without input. */
const STORE_FORMAT = 3;
/** Formats whose rows this release reads as they are; from its first start on the store is of today's. */
const FORMATS_CONTINUED: readonly number[] = [1, 2];

export type OpenLevelStoreOptions = {
  /** Used for nothing but the store; created when it does not exist. */
  readonly directory: string;
  readonly contextSchemas?: ContextSchemas;
  /** Time of creation for the marker, ms since epoch. */
  readonly now?: () => number;
};

export type OpenedStore = {
  readonly store: RecordStore;
  readonly identity: FormatMarker;
  readonly created: boolean;
  /**
   * Reads every table file against its checksums, beside the running store (about 2 s per GB). Throws
   * `Fault("store_corrupt")`. To be run once after each start, and before a copy is kept as a backup.
   */
  readonly verify: (signal?: AbortSignal) => Promise<void>;
};

/** Throws `Fault`: `store_locked`, `store_corrupt` (with what to do), or `store_failed` when the disk refuses. */
export async function openLevelStore(options: OpenLevelStoreOptions): Promise<OpenedStore> {
  const { directory } = options;
  await prepareDirectory(directory);
  const level: TextLevel = new Level(directory, LEVEL_OPTIONS);
  try {
    await level.open();
  } catch (error) {
    throw openFault(directory, error);
  }
  const disk = new LevelKeyValue(level);
  try {
    const codec = new Codec(options.contextSchemas);
    const existing = await readMarker({ directory, disk, codec });
    const fresh = { format: STORE_FORMAT, storeId: randomUUID(), createdAt: (options.now ?? Date.now)() };
    const identity = { ...fresh, ...existing, format: STORE_FORMAT };
    if (existing?.format !== STORE_FORMAT) await writeMarker(identity, { disk, codec });
    const verify = (signal?: AbortSignal) => verifyTables(directory, signal);
    return { store: new RecordStore(disk, codec), identity, created: existing === undefined, verify };
  } catch (error) {
    await disk.close();
    throw error;
  }
}

/**
 * 32 MB of log: fewer, larger compactions under load (a fifth less work than 16 MB), and still read again within a moment
 * after a crash.
 */
const LEVEL_OPTIONS = {
  keyEncoding: "utf8",
  valueEncoding: "utf8",
  writeBufferSize: 32 * 1024 ** 2,
  // Decompressed blocks: few reads meet one twice, and the operating system has the compressed ones.
  cacheSize: 2 * 1024 ** 2,
  // Each open table keeps its index and filter in memory: large blocks keep the index small, and the bound keeps the
  // sum small however much the store has grown.
  blockSize: 16 * 1024,
  maxOpenFiles: 96,
} as const;

async function prepareDirectory(directory: string): Promise<void> {
  try {
    if (await isAbsentOrEmpty(directory)) await makeDatabase(directory);
  } catch (cause) {
    throw new Fault("store_failed", `The data directory ${directory} cannot be created or entered`, { cause });
  }
  switch (await inspectDirectory(directory)) {
    case "empty":
      return;
    case "foreign":
      throw foreign(directory);
    case "headless":
      throw corrupt({ where: directory, found: "it holds data of LevelDB, but its file CURRENT is gone" });
    case "level": {
      const damage = await findSilentDamage(directory);
      if (damage !== undefined) throw corrupt({ ...damage, where: `${directory}, ${damage.where}` });
      if ((await tableBytes(directory)) <= TABLE_BYTES_CHECKED_AT_OPEN) await verifyTables(directory);
    }
  }
}

export async function isAbsentOrEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    throw error;
  }
}

/** A small store is checked as a whole before it is opened (30 ms); a large one must not delay the start. */
const TABLE_BYTES_CHECKED_AT_OPEN = 16 * 1024 ** 2;

async function verifyTables(directory: string, signal?: AbortSignal): Promise<void> {
  const damage = await findTableDamage(directory, signal);
  if (damage !== undefined) throw corrupt({ ...damage, where: `${directory}, ${damage.where}` });
}

function foreign(directory: string): Fault {
  return new Fault(
    "store_corrupt",
    `The directory ${directory} is not empty and is not a store of this engine; nothing was written. ` +
      "Name an empty directory, or the one that the engine used before.",
    { evidence: { directory } },
  );
}

async function readMarker(open: {
  directory: string;
  disk: KeyValue;
  codec: Codec;
}): Promise<FormatMarker | undefined> {
  const { directory, disk, codec } = open;
  const text = disk.getSync(FORMAT_KEY);
  if (text === undefined) {
    // Killed between the creation of the database and the marker: nothing was stored yet.
    if ((await disk.keys({ ...WHOLE_RANGE, limit: 1 })).length === 0) return undefined;
    throw foreign(directory);
  }
  const marker = codec.decode("format", FORMAT_KEY, text);
  if (marker.format !== STORE_FORMAT && !FORMATS_CONTINUED.includes(marker.format)) {
    throw new Fault(
      "store_corrupt",
      `The store in ${directory} has format ${marker.format}; this release knows format ${STORE_FORMAT}. ` +
        "Start the release that wrote it, or restore a backup of this release. Nothing was changed.",
      { evidence: { directory, format: marker.format } },
    );
  }
  return marker;
}

async function writeMarker(marker: FormatMarker, { disk, codec }: { disk: KeyValue; codec: Codec }): Promise<void> {
  const batch = disk.batch();
  batch.add([{ key: FORMAT_KEY, value: codec.encode("format", FORMAT_KEY, marker) }]);
  try {
    await batch.write();
  } catch (cause) {
    throw new Fault("store_failed", "The store cannot be written", { cause });
  }
}

/** LevelDB hides its own error behind one that says only that the database is not open. */
function openFault(directory: string, error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED") {
    return new Fault(
      "store_locked",
      `Another process uses the store in ${directory}. Stop it first, or give this one its own data directory; ` +
        "do not delete the LOCK file, it protects against paying twice.",
      { cause, evidence: { directory } },
    );
  }
  return levelFault(directory, cause) ?? error;
}
