/**
 * Reads the record format that LevelDB uses for its write-ahead log and its manifest (leveldb doc/log_format.md): blocks
 * of 32 kB, records of checksum, length, kind and bytes, where a large record is cut into first, middle and last.
 * Pure: bytes in, records out.
 */

/** `offset` is where its first part starts in the file. */
export type LogRecord = { readonly payload: Buffer; readonly offset: number };

const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
/** Kinds of fragments; 3 is a middle part, and 0 is space that was reserved and never written. */
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** Every complete record with a good checksum, in order. What cannot be read, a torn tail above all, yields nothing. */
export function* readLogRecords(file: Buffer): Generator<LogRecord> {
  let parts: Buffer[] = [];
  let start = 0;
  for (const fragment of readFragments(file)) {
    const begins = fragment?.kind === FULL || fragment?.kind === FIRST;
    // A middle or last part is worth nothing without its first one.
    if (fragment === undefined || (!begins && parts.length === 0)) {
      parts = [];
      continue;
    }
    if (begins) {
      parts = [];
      start = fragment.offset;
    }
    parts.push(fragment.payload);
    if (fragment.kind === FULL || fragment.kind === LAST) {
      yield { payload: Buffer.concat(parts), offset: start };
      parts = [];
    }
  }
}

type Fragment = { readonly kind: number; readonly payload: Buffer; readonly offset: number };

/** `undefined` stands for a stretch that cannot be read. */
function* readFragments(file: Buffer): Generator<Fragment | undefined> {
  let offset = 0;
  while (offset + HEADER_BYTES <= file.length) {
    const fragment = fragmentAt(file, offset);
    if (fragment !== undefined) {
      yield fragment;
      offset += HEADER_BYTES + fragment.payload.length;
    } else if (blockEnd(offset) - offset < HEADER_BYTES) {
      offset = blockEnd(offset);
    } else {
      yield undefined;
      offset = nextReadable(file, offset + 1);
    }
  }
}

/**
 * Tries every byte: where LevelDB gives up the rest of a block, a readable record is the proof that more than a torn
 * tail is lost. Text holds no byte 1 to 4, so hardly any place has to be summed.
 */
function nextReadable(file: Buffer, from: number): number {
  let offset = from;
  while (offset + HEADER_BYTES <= file.length && fragmentAt(file, offset) === undefined) offset++;
  return offset;
}

function fragmentAt(file: Buffer, offset: number): Fragment | undefined {
  const kind = file[offset + 6] ?? 0;
  if (kind < FULL || kind > LAST) return undefined;
  const end = offset + HEADER_BYTES + file.readUInt16LE(offset + 4);
  if (end > blockEnd(offset) || end > file.length) return undefined;
  if (unmask(file.readUInt32LE(offset)) !== crc32c(file.subarray(offset + 6, end))) return undefined;
  return { kind, payload: file.subarray(offset + HEADER_BYTES, end), offset };
}

/** End of the block that holds the byte at `offset`. */
function blockEnd(offset: number): number {
  return offset - (offset % BLOCK_BYTES) + BLOCK_BYTES;
}

/** LevelDB stores checksums rotated and shifted, so that a checksum over stored checksums stays useful. */
export function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

const CASTAGNOLI = 0x82f63b78;
const TABLES = castagnoliTables();

/** Table k advances a byte by k further bytes, so that eight bytes are done per round ("slicing by 8"). */
function castagnoliTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = at(tables, index - 256);
    tables[index] = (previous >>> 8) ^ at(tables, previous & 255);
  }
  return tables;
}

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  let index = 0;
  for (; index + 8 <= bytes.length; index += 8) {
    const low = crc ^ word(bytes, index);
    const high = word(bytes, index + 4);
    crc =
      at(TABLES, 1792 + (low & 255)) ^
      at(TABLES, 1536 + ((low >>> 8) & 255)) ^
      at(TABLES, 1280 + ((low >>> 16) & 255)) ^
      at(TABLES, 1024 + (low >>> 24)) ^
      at(TABLES, 768 + (high & 255)) ^
      at(TABLES, 512 + ((high >>> 8) & 255)) ^
      at(TABLES, 256 + ((high >>> 16) & 255)) ^
      at(TABLES, high >>> 24);
  }
  for (; index < bytes.length; index++) crc = (crc >>> 8) ^ at(TABLES, (crc ^ at(bytes, index)) & 255);
  return (crc ^ 0xffffffff) >>> 0;
}

function word(bytes: Uint8Array, index: number): number {
  return at(bytes, index) | (at(bytes, index + 1) << 8) | (at(bytes, index + 2) << 16) | (at(bytes, index + 3) << 24);
}

function at(values: Uint8Array | Uint32Array, index: number): number {
  return values[index] ?? 0;
}
