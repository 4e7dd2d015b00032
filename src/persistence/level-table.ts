/**
 * Checks the checksums of LevelDB's table files (leveldb doc/table_format.md), which LevelDB itself verifies only with
 * its "paranoid" switch: a flipped bit there hides a key or ends the process in the middle of a read. Table files never
 * change once written, so they can be read while the store is open.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Damage } from "./damage.ts";
import { readManifest } from "./level-files.ts";
import { crc32c, unmask } from "./level-log.ts";

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = 0xdb4775248b80fb57n;
const RAW = 0;
const SNAPPY = 1;

type Handle = { readonly offset: number; readonly size: number };

/**
 * Reads every table file that the manifest names, one after the other (about 0.5 GB/s), and resolves to the first
 * damage. A file that a compaction removes meanwhile is no damage, and neither is one that it has not finished, or never
 * will because the process was killed: the manifest does not name it, and LevelDB deletes it. For idle moments and before
 * a backup is trusted.
 */
export async function findTableDamage(directory: string, signal?: AbortSignal): Promise<Damage | undefined> {
  const manifest = await ifThere(readManifest(directory));
  // Without a manifest there is nothing to hold the tables against; LevelDB itself refuses such a directory.
  if (manifest === undefined || "found" in manifest) return manifest;
  for (const name of await tableNames(directory)) {
    signal?.throwIfAborted();
    if (!manifest.tables.has(Number.parseInt(name, 10))) continue;
    const file = await ifThere(readFile(join(directory, name)));
    const found = file === undefined ? undefined : tableProblem(file);
    if (found !== undefined) return { where: `file ${name}`, found };
  }
  return undefined;
}

/** Size of all table files together. */
export async function tableBytes(directory: string): Promise<number> {
  const names = await tableNames(directory);
  const sizes = await Promise.all(names.map((name) => ifThere(stat(join(directory, name)))));
  return sizes.reduce((sum, entry) => sum + (entry?.size ?? 0), 0);
}

async function tableNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => /^\d+\.(?:ldb|sst)$/.test(name)).toSorted();
}

/** What is wrong with the bytes of a table file, or `undefined`. */
export function tableProblem(file: Buffer): string | undefined {
  const start = file.length - FOOTER_BYTES;
  if (start < 0 || file.readBigUInt64LE(file.length - 8) !== MAGIC) return "it does not end like a table";
  const [metaOffset = 0, metaSize = 0, indexOffset = 0, indexSize = 0] = readVarints(file.subarray(start), 4);
  const index = readBlock(file, { offset: indexOffset, size: indexSize });
  const meta = readBlock(file, { offset: metaOffset, size: metaSize });
  if (index === undefined || meta === undefined) return "its index does not match its checksum";
  for (const handle of [...readHandles(index), ...readHandles(meta)]) {
    if (readBlock(file, handle) === undefined) return `the block at byte ${handle.offset} does not match its checksum`;
  }
  return undefined;
}

/** Contents of a block, still compressed when they are not those of an index; `undefined` when damaged. */
function readBlock(file: Buffer, { offset, size }: Handle): Buffer | undefined {
  const end = offset + size;
  if (end + TRAILER_BYTES > file.length) return undefined;
  if (unmask(file.readUInt32LE(end + 1)) !== crc32c(file.subarray(offset, end + 1))) return undefined;
  return file.subarray(offset, end + 1);
}

/** The block handles that an index block points to. Its last byte says how it is compressed. */
function readHandles(block: Buffer): Handle[] {
  const compression = block.readUInt8(block.length - 1);
  const stored = block.subarray(0, -1);
  const bytes = compression === SNAPPY ? unsnap(stored) : stored;
  if (compression !== SNAPPY && compression !== RAW) return [];
  const restarts = bytes.readUInt32LE(bytes.length - 4);
  const end = bytes.length - 4 * (restarts + 1);
  const handles: Handle[] = [];
  let at = 0;
  while (at < end) {
    const header = readVarints(bytes.subarray(at), 3);
    const [, keyLength = 0, valueLength = 0, headerLength = 0] = header;
    const value = at + headerLength + keyLength;
    const [offset = 0, size = 0] = readVarints(bytes.subarray(value, value + valueLength), 2);
    handles.push({ offset, size });
    at = value + valueLength;
  }
  return handles;
}

/** `count` numbers of seven bits per byte, lowest first, and behind them the number of bytes that they took. */
function readVarints(bytes: Buffer, count: number): number[] {
  const values: number[] = [];
  let at = 0;
  while (values.length < count) {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    values.push(value);
  }
  return [...values, at];
}

/** Raw Snappy (format_description.txt): literals, and copies of what was already written. */
function unsnap(bytes: Buffer): Buffer {
  const [length = 0, start = 0] = readVarints(bytes, 1);
  const out = Buffer.alloc(length);
  let to = 0;
  let at = start;
  while (at < bytes.length) {
    const { literal, size, distance, used } = readElement(bytes.subarray(at));
    at += used;
    if (literal) {
      bytes.copy(out, to, at, at + size);
      at += size;
    } else {
      // Byte by byte: a copy may overlap what it writes.
      for (let index = to; index < to + size; index++) out[index] = out[index - distance] ?? 0;
    }
    to += size;
  }
  return out;
}

type Element = { readonly literal: boolean; readonly size: number; readonly distance: number; readonly used: number };

/** The low two bits of the tag say what follows: a literal, or a copy with a distance of 11, 16 or 32 bits. */
function readElement(bytes: Buffer): Element {
  const tag = bytes.readUInt8(0);
  const high = tag >>> 2;
  switch (tag & 3) {
    case 0: {
      const extra = Math.max(0, high - 59);
      const size = (extra === 0 ? high : bytes.readUIntLE(1, extra)) + 1;
      return { literal: true, size, distance: 0, used: 1 + extra };
    }
    case 1:
      return { literal: false, size: (high & 7) + 4, distance: ((high >>> 3) << 8) | bytes.readUInt8(1), used: 2 };
    case 2:
      return { literal: false, size: high + 1, distance: bytes.readUInt16LE(1), used: 3 };
    default:
      return { literal: false, size: high + 1, distance: bytes.readUInt32LE(1), used: 5 };
  }
}

/** A compaction may remove a file between the listing and the look at it. */
async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
