/**
 * Group commit: the writes of all actors that moved meanwhile become one synced batch.
 *
 * G1. One batch is in flight at a time; what comes meanwhile waits for the next.
 * G2. `then` of a member runs after its batch is on disk, in the order the members came.
 * G3. A failed write means that memory is ahead of disk: `onFatal` is called and nothing is ever committed again.
 * G4. A group with a value that no schema allows is taken apart, nothing of it written: each member takes its step back and
 *     makes it again, checked, so that only the guilty one is missing from the next group.
 */
import type { FeedEntry } from "../domain/records.ts";
import { Unstorable, type Store, type Write } from "../ports/store.ts";

export type GroupCommitPorts = {
  readonly store: Store;
  readonly onFatal: (error: unknown) => void;
  /** For crash tests: called by name at the edges of a commit. */
  readonly failpoint?: ((name: string) => void) | undefined;
};

/** How a member that is not on disk yet leaves its group. `redo` adds it again, unless it is the guilty one. */
export type Retake = { readonly undo: () => void; readonly redo: () => void };
type Member = {
  readonly writes: readonly Write[];
  readonly committed: () => void;
  readonly retake: Retake | undefined;
};

export type GroupCommitCounts = { commits: number; writes: number; members: number };

export class GroupCommit {
  readonly counts: GroupCommitCounts = { commits: 0, writes: 0, members: 0 };
  private writes: Write[] = [];
  private members: Member[] = [];
  private flushing = false;
  private broken = false;
  private sequence: number;
  /** The last feed number before the open group. */
  private sequenceBefore: number;
  /** Those who wait in `settled`; nobody else wakes them after a failed write. */
  private waiting: (() => void)[] = [];
  private waitingForRoom: (() => void) | undefined;
  private readonly ports: GroupCommitPorts;

  constructor(options: { lastFeedSequence: number }, ports: GroupCommitPorts) {
    this.sequence = options.lastFeedSequence;
    this.sequenceBefore = options.lastFeedSequence;
    this.ports = ports;
  }

  /** Members waiting in the open group. */
  get size(): number {
    return this.members.length;
  }

  add(writes: readonly Write[], then: () => void, retake?: Retake): void {
    for (const write of writes)
      this.writes.push(
        "put" in write && write.put === "feed" ? { put: "feed", entry: this.numbered(write.entry) } : write,
      );
    this.members.push({ writes, committed: then, retake });
  }

  unstorable(writes: readonly Write[]): ReturnType<Store["unstorable"]> {
    return this.ports.store.unstorable(writes);
  }

  /** Calls once, when the open group is closed and the next one is empty. */
  whenRoom(tell: () => void): void {
    this.waitingForRoom = tell;
  }

  /** Closes the open group and writes it, and goes on until no group is open. */
  async flush(): Promise<void> {
    if (this.flushing || this.broken) return;
    this.flushing = true;
    try {
      while (this.members.length > 0) await this.writeGroup();
    } catch (error) {
      this.broken = true;
      this.ports.onFatal(error);
    } finally {
      this.flushing = false;
    }
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when everything that is open or in flight now is on disk, however much comes meanwhile, or never will be. */
  settled(): Promise<void> {
    if (this.broken || (!this.flushing && this.members.length === 0)) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.add([], resolve);
      void this.flush();
    });
  }

  private async writeGroup(): Promise<void> {
    const { writes, members, sequenceBefore } = this;
    this.writes = [];
    this.members = [];
    this.sequenceBefore = this.sequence;
    this.waitingForRoom?.();
    this.waitingForRoom = undefined;
    this.ports.failpoint?.("before-commit");
    try {
      if (writes.length > 0) await this.ports.store.commit(writes);
    } catch (error) {
      if (!(error instanceof Unstorable)) throw error;
      this.takeApart(members, sequenceBefore);
      return;
    }
    this.counts.commits += 1;
    this.counts.writes += writes.length;
    this.counts.members += members.length;
    this.ports.failpoint?.("after-commit");
    for (const { committed } of members) committed();
  }

  /** G4. The group that was open meanwhile may stand on the one that failed. What the engine itself writes has nobody to blame. */
  private takeApart(failed: readonly Member[], sequenceBefore: number): void {
    const members = [...failed, ...this.members];
    this.writes = [];
    this.members = [];
    this.sequence = this.sequenceBefore = sequenceBefore;
    for (const { retake } of members) retake?.undo();
    for (const { writes, committed, retake } of members) {
      if (retake === undefined) this.addOwn(writes, committed);
      else retake.redo();
    }
  }

  private addOwn(writes: readonly Write[], then: () => void): void {
    const flaw = this.unstorable(writes);
    if (flaw !== undefined) throw new Unstorable(flaw.problem);
    this.add(writes, then);
  }

  private numbered(entry: FeedEntry): FeedEntry {
    this.sequence += 1;
    return { ...entry, sequence: this.sequence };
  }
}
