/** Reads what shim/disk.c wrote down: every change below a directory, and every sync, in the order of their happening. */

export type Change =
  | { readonly kind: "create" | "mkdir"; readonly inode: bigint; readonly path: string }
  | { readonly kind: "write"; readonly inode: bigint; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly inode: bigint; readonly length: number }
  | { readonly kind: "sync"; readonly inode: bigint }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string };

const HEADER_BYTES = 32;

/** A record that the kill cut off was not acknowledged, and is left out. Throws at what the shim cannot record. */
export function* readRecording(bytes: Buffer): Generator<Change> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const kind = bytes.readUInt32LE(at);
    const pathLength = bytes.readUInt32LE(at + 4);
    const inode = bytes.readBigUInt64LE(at + 8);
    const offset = Number(bytes.readBigUInt64LE(at + 16));
    const end = at + HEADER_BYTES + pathLength + bytes.readUInt32LE(at + 24);
    if (end > bytes.length) return;
    const dataAt = at + HEADER_BYTES + pathLength;
    const path = bytes.toString("utf8", at + HEADER_BYTES, dataAt - (pathLength > 0 ? 1 : 0));
    yield changeOf(kind, { inode, offset, path, data: bytes.subarray(dataAt, end) });
    at = end;
  }
}

type Fields = { readonly inode: bigint; readonly offset: number; readonly path: string; readonly data: Buffer };

function changeOf(kind: number, { inode, offset, path, data }: Fields): Change {
  switch (kind) {
    case 1:
      return { kind: "create", inode, path };
    case 2:
      return { kind: "write", inode, offset, data };
    case 3:
      return { kind: "truncate", inode, length: offset };
    case 4:
      return { kind: "sync", inode };
    case 5:
      return { kind: "rename", from: path, to: data.toString("utf8") };
    case 6:
    case 8:
      return { kind: "unlink", path };
    case 7:
      return { kind: "mkdir", inode, path };
    default:
      throw new Error(`the program did what cannot be recorded: ${path}`);
  }
}
