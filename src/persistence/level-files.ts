/**
 * Looks at the files of a LevelDB directory before LevelDB does. LevelDB opens a log whose middle is unreadable, or
 * whose file is gone, and forgets what it held without a word; for an engine that pays, a forgotten payout is one that
 * may be paid again. LevelDB's own switch against this ("paranoid checks") is not reachable from Node.
 *
 * F1. A log may end in a torn record: a write that was never acknowledged. That is a normal crash.
 * F2. Every commit is synced before the next one starts, and LevelDB numbers all entries without gaps. A gap between
 *     two readable batches therefore means that acknowledged commits are lost.
 * F3. The manifest names the oldest log that is still needed, and a sequence number that was already synced.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Damage } from "./damage.ts";
import { readLogRecords } from "./level-log.ts";

export type DirectoryContent = "empty" | "level" | "foreign" | "headless";

/** `headless`: data of LevelDB without the CURRENT file; LevelDB would start an empty database over it. */
export async function inspectDirectory(directory: string): Promise<DirectoryContent> {
  const names = await readdir(directory);
  if (names.length === 0) return "empty";
  if (names.includes("CURRENT")) return "level";
  if (names.some((name) => /^\d+\.(?:ldb|sst|log)$/.test(name))) return "headless";
  return names.every((name) => levelFile.test(name)) ? "empty" : "foreign";
}

/** No directory, an empty one, or only what LevelDB makes before it writes its first entry. */
export async function holdsNothing(directory: string): Promise<boolean> {
  try {
    return (await inspectDirectory(directory)) === "empty";
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

/** What LevelDB leaves behind when it is killed while it creates a database. */
const levelFile = /^(?:LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/;

/**
 * The damage that LevelDB would not report, or `undefined`. Looks twice before it complains: another process may be
 * working in the directory and replace files between two looks, and that is for the lock to say.
 */
export async function findSilentDamage(directory: string): Promise<Damage | undefined> {
  try {
    if ((await lookForDamage(directory)) === undefined) return undefined;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await lookForDamage(directory);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function lookForDamage(directory: string): Promise<Damage | undefined> {
  const manifest = await readManifest(directory);
  if ("found" in manifest) return manifest;
  // A database that was killed while it was created has no log yet, and nothing to lose.
  if (manifest.logNumber === 0) return undefined;
  const logs = (await readdir(directory))
    .filter((name) => /^\d+\.log$/.test(name))
    .map((name) => ({ name, number: Number.parseInt(name, 10) }))
    .filter(({ number }) => number >= manifest.logNumber)
    .sort((a, b) => a.number - b.number);
  if (logs[0]?.number !== manifest.logNumber) {
    return { where: `log ${manifest.logNumber}`, found: "the file with the newest commits is gone" };
  }
  let end: number | undefined;
  for (const { name } of logs) {
    const file = await readFile(join(directory, name));
    for (const { payload, offset } of readLogRecords(file)) {
      const where = `file ${name} at byte ${offset}`;
      const batch = readBatchHeader(payload);
      const missing = end === undefined ? batch.sequence > manifest.lastSequence + 1 : batch.sequence !== end + 1;
      if (missing) return { where, found: "commits before this place are missing or cannot be read" };
      end = batch.sequence + batch.count - 1;
    }
  }
  if (end !== undefined && end < manifest.lastSequence) {
    return { where: `file ${logs.at(-1)?.name ?? ""}`, found: "the newest commits are missing" };
  }
  return undefined;
}

/** A batch starts with the sequence number of its first entry (64 bit) and the number of its entries (32 bit). */
function readBatchHeader(payload: Buffer): { sequence: number; count: number } {
  if (payload.length < 12) return { sequence: 0, count: 0 };
  return { sequence: Number(payload.readBigUInt64LE(0)), count: payload.readUInt32LE(8) };
}

type Manifest = {
  readonly logNumber: number;
  readonly lastSequence: number;
  /** Numbers of the table files that hold data. Others are left-overs, or still being written. */
  readonly tables: ReadonlySet<number>;
};

/** What LevelDB believes the directory to hold, or why that cannot be read. */
export async function readManifest(directory: string): Promise<Manifest | Damage> {
  const name = (await readFile(join(directory, "CURRENT"), "latin1")).trimEnd();
  if (!/^MANIFEST-\d+$/.test(name)) return { where: "file CURRENT", found: "it does not name a manifest" };
  let manifest = { logNumber: 0, lastSequence: 0 };
  const tables = new Set<number>();
  for (const { payload, offset } of readLogRecords(await readFile(join(directory, name)))) {
    const edit = readEdit(payload);
    if (edit === undefined) return { where: `file ${name} at byte ${offset}`, found: "it cannot be read" };
    manifest = { ...manifest, ...edit.numbers };
    // A table that moves to another level is removed and added by the same edit.
    for (const table of edit.removed) tables.delete(table);
    for (const table of edit.added) tables.add(table);
  }
  return { ...manifest, tables };
}

type Edit = { numbers: Partial<Omit<Manifest, "tables">>; readonly removed: number[]; readonly added: number[] };

/** One edit of the manifest (leveldb db/version_edit.cc): tagged fields, of which only four matter here. */
function readEdit(payload: Buffer): Edit | undefined {
  const reader = new VarintReader(payload);
  const edit: Edit = { numbers: {}, removed: [], added: [] };
  while (!reader.done()) {
    const tag = reader.number();
    const fields = EDIT_FIELDS[tag];
    if (fields === undefined) return undefined;
    const [first = 0, second = 0] = fields.map((field) => (field === "n" ? reader.number() : reader.skipText()));
    if (tag === LOG_NUMBER) edit.numbers = { ...edit.numbers, logNumber: first };
    if (tag === LAST_SEQUENCE) edit.numbers = { ...edit.numbers, lastSequence: first };
    if (tag === REMOVED_TABLE) edit.removed.push(second);
    if (tag === NEW_TABLE) edit.added.push(second);
  }
  return edit;
}

const LOG_NUMBER = 2;
const LAST_SEQUENCE = 4;
const REMOVED_TABLE = 6;
const NEW_TABLE = 7;
/** Fields that follow each tag: n = number, t = text with its length in front. */
const EDIT_FIELDS: Readonly<Record<number, readonly ("n" | "t")[]>> = {
  1: ["t"],
  [LOG_NUMBER]: ["n"],
  3: ["n"],
  [LAST_SEQUENCE]: ["n"],
  5: ["n", "t"],
  [REMOVED_TABLE]: ["n", "n"],
  [NEW_TABLE]: ["n", "n", "n", "t", "t"],
  9: ["n"],
};

class VarintReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** Seven bits per byte, lowest first. */
  number(): number {
    let value = 0;
    for (let scale = 1; !this.done(); scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#offset++);
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  }

  skipText(): number {
    const length = this.number();
    this.#offset += length;
    return length;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
