/** Real directories for real databases, and real damage to their files. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-store-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** In place, for LevelDB may have the file mapped into memory. */
export async function flip(file: string, { byte, bit }: { byte: number; bit: number }): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const one = Buffer.alloc(1);
    await handle.read(one, 0, 1, byte);
    one.writeUInt8(one.readUInt8(0) ^ (1 << bit), 0);
    await handle.write(one, 0, 1, byte);
  } finally {
    await handle.close();
  }
}
