/** The library that stands between a program and libc (shim/disk.c), and the numbers that it obeys while they run. */
import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const SOURCE = join(import.meta.dirname, "../shim/disk.c");

export class Shim {
  private readonly library: string;
  private readonly controlFile: string;

  private constructor(directory: string) {
    this.library = join(directory, "disk.so");
    this.controlFile = join(directory, "control");
  }

  /** Needs Linux with glibc and a C compiler (`cc`); says so otherwise. */
  static async build(directory: string): Promise<Shim> {
    if (process.platform !== "linux") throw new Error("this drill needs Linux: it loads a library with LD_PRELOAD");
    const shim = new Shim(directory);
    try {
      await promisify(execFile)("cc", ["-O2", "-fPIC", "-shared", "-o", shim.library, SOURCE, "-ldl", "-lpthread"]);
    } catch (error) {
      throw new Error("this drill needs a C compiler named cc (Debian: apt install gcc libc6-dev)", { cause: error });
    }
    await shim.steer({});
    return shim;
  }

  /** Everything that is not named is as it really is. */
  async steer(given: { clockOffsetMs?: number; budgetBytes?: number; freeBytes?: number }): Promise<void> {
    const numbers = Buffer.alloc(24);
    numbers.writeBigInt64LE(BigInt(Math.round(given.clockOffsetMs ?? 0)) * 1_000_000n, 0);
    numbers.writeBigInt64LE(BigInt(given.budgetBytes ?? -1), 8);
    numbers.writeBigInt64LE(BigInt(given.freeBytes ?? -1), 16);
    // In place: the programs have the file mapped.
    const file = await open(this.controlFile, "a").then(async (made) => {
      await made.close();
      return open(this.controlFile, "r+");
    });
    await file.write(numbers, 0, numbers.length, 0);
    await file.close();
  }

  /** Variables for a program whose files below `root` are the drill's. */
  environment(root: string, recording?: string): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      DRILL_ROOT: root,
      DRILL_CONTROL: this.controlFile,
      // Files through threads and libc only; a ring shared with the kernel could not be seen.
      UV_USE_IO_URING: "0",
      ...(recording === undefined ? {} : { DRILL_RECORD: recording }),
    };
  }
}
