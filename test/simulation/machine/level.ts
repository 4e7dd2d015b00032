/** Stands where `level` is for the program: one database over the disk of the machine. */
import { join } from "node:path";
import type { Change, Entry } from "../../../src/persistence/key-value.ts";
import { checksumOf } from "../row.ts";
import { machine, operation } from "./power.ts";

type Bounds = { readonly gte: string; readonly lt: string; readonly limit: number; readonly reverse: boolean };

/** An fsync of a good disk, and now and then of a busy one. */
function syncMs(): number {
  const { delays } = machine();
  return delays.chance(0.02) ? 20 + 180 * delays.next() : 0.2 + 2 * delays.next();
}

export class Level {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The files of a database that was just made: what looks at them before LevelDB does finds nothing wrong. */
  open(): Promise<void> {
    return operation("disk open", syncMs(), () => {
      const { files } = machine();
      for (const [name, text] of [
        ["MANIFEST-000001", ""],
        ["CURRENT", "MANIFEST-000001\n"],
      ] as const) {
        const path = join(this.directory, name);
        if (!files.names(this.directory).includes(name)) files.create(path);
        files.write(path, Buffer.from(text));
        files.sync(path);
      }
      files.sync(this.directory);
    });
  }

  close(): Promise<void> {
    return operation("disk close", syncMs(), () => undefined);
  }

  getSync(key: string): string | undefined {
    return unlessRefused(() => machine().disk.getSync(key));
  }

  batch(): Batch {
    return new Batch();
  }

  iterator(bounds: Bounds): { all(): Promise<Entry[]> } {
    return { all: async () => read(unlessRefused(() => machine().disk.entries(rangeOf(bounds)))) };
  }

  keys(bounds: Bounds): { all(): Promise<string[]> } {
    return { all: async () => read(unlessRefused(() => machine().disk.keys(rangeOf(bounds)))) };
  }

  compactRange(): Promise<void> {
    return Promise.resolve();
  }
}

class Batch {
  private readonly changes: Change[] = [];

  put(key: string, value: string): void {
    this.changes.push({ key, value });
  }

  del(key: string): void {
    this.changes.push({ key, value: undefined });
  }

  async write({ sync }: { sync: boolean }): Promise<void> {
    const { disk, scheduler } = machine();
    const { changes } = this;
    // Enough for the run's record; what stays on the disk is hashed as a whole.
    for (const { key, value } of changes) scheduler.note(`${key}=${value === undefined ? "" : checksumOf(value)}`);
    if (scheduler.isAlive(scheduler.life)) disk.begin(changes);
    await operation("disk write", syncMs(), () => {
      if (disk.fault !== undefined) machine().mark("disk write failed");
      disk.finish(changes, { sync });
    });
  }
}

function rangeOf({ gte, lt, limit, reverse }: Bounds) {
  return { from: gte, to: lt, limit, newestFirst: reverse };
}

/** Throws as LevelDB does when it cannot open a table. */
function unlessRefused<T>(look: () => T): T {
  const { disk, delays, mark } = machine();
  if (!disk.refusesReads || delays.chance(0.5)) return look();
  mark("the disk refused to be read");
  throw new Error("IO error: /data/store/000005.ldb: Too many open files");
}

/** What was there when it was asked for, told a little later: a reader never sees half of a batch, nor a later one. */
async function read<T>(found: Promise<T>): Promise<T> {
  const rows = await found;
  return operation("disk read", machine().delays.next(), () => rows);
}
