/**
 * What LevelDB keeps, on a disk that can fail.
 *
 * D1. A batch is on the disk as a whole or not at all: LevelDB finds a torn one by its checksum and drops it.
 * D2. A batch that was written with `sync` survives everything, and with it all batches before it. One that was not
 *     survives the death of the process, and may not survive a loss of power.
 * D3. A batch that is on its way when the process dies may be there afterwards, torn, or not.
 * D4. A write that is answered with an error may have been stored.
 */
import { MemoryKeyValue } from "../../../src/persistence/memory-key-value.ts";
import type { Change, Entry, RangeRequest } from "../../../src/persistence/key-value.ts";
import type { Random } from "../../support/random.ts";

export type WriteFault = "fails" | "fails but is stored" | "full";
type Unsynced = readonly Change[];

const ROOMY = 64 * 1024 ** 3;

export class Disk {
  freeBytes = ROOMY;
  /** Half of all reads are refused: too many open files, or a cable. */
  refusesReads = false;
  /** The next write meets this. */
  fault: WriteFault | undefined;
  writes = 0;
  private entriesNow = new MemoryKeyValue();
  /** How to take back what no sync has covered, oldest first. */
  private unsynced: Unsynced[] = [];
  private onTheWay: readonly Change[] | undefined;

  getSync(key: string): string | undefined {
    return this.entriesNow.getSync(key);
  }

  entries(request: RangeRequest): Promise<Entry[]> {
    return this.entriesNow.entries(request);
  }

  keys(request: RangeRequest): Promise<string[]> {
    return this.entriesNow.keys(request);
  }

  /** Whether any key begins so. */
  holds(prefix: string): boolean {
    return this.entriesNow.dump().some(([key]) => key.startsWith(prefix));
  }

  dump(): Entry[] {
    return this.entriesNow.dump();
  }

  /** Behind the program's back. */
  replace(key: string, value: string): void {
    this.put([{ key, value }]);
  }

  begin(changes: readonly Change[]): void {
    this.onTheWay = changes;
  }

  /** Throws as LevelDB does. */
  finish(changes: readonly Change[], { sync }: { sync: boolean }): void {
    this.onTheWay = undefined;
    const { fault } = this;
    this.fault = undefined;
    if (fault === undefined || fault === "fails but is stored") this.store(changes, sync);
    if (fault === "full") throw new Error("IO error: store/000003.log: No space left on device");
    if (fault !== undefined) throw new Error("IO error: store/000003.log: Input/output error");
  }

  /** D2, D3. Says what became of what was on its way. */
  die(random: Random, { power }: { power: boolean }): "nothing" | "stored" | "torn" | "lost" {
    const { onTheWay } = this;
    this.onTheWay = undefined;
    this.fault = undefined;
    const fate = onTheWay === undefined ? "nothing" : random.pick(["stored", "torn", "lost"] as const);
    if (onTheWay !== undefined && fate === "stored") this.store(onTheWay, true);
    if (power) {
      for (const before of this.unsynced.splice(random.below(this.unsynced.length + 1)).toReversed()) this.put(before);
    }
    this.unsynced = [];
    return fate;
  }

  private store(changes: readonly Change[], sync: boolean): void {
    this.writes += 1;
    if (sync) this.unsynced = [];
    else this.unsynced.push(changes.map(({ key }) => ({ key, value: this.entriesNow.getSync(key) })));
    this.put(changes);
  }

  private put(changes: readonly Change[]): void {
    this.entriesNow.writeNow(changes);
  }
}
