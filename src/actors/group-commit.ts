/**
 * Group commit: the writes of all actors that moved meanwhile become one synced batch.
 *
 * G1. One batch is in flight at a time; what comes meanwhile is encoded at once, and waits for the next.
 * G2. `then` of a member runs after its batch is on disk, in the order the members came.
 * G3. A failed write means that memory is ahead of disk: `onFatal` is called and nothing is ever committed again.
 * G4. Members with a value that no schema allows among them are taken apart, nothing of them written, as soon as everything
 *     before them is on disk: each takes its step back and makes it again, checked, so that only the guilty one is missing
 *     from the next group.
 */
import type { FeedEntry } from "../domain/records.ts";
import { Unstorable, type Batch, type Store, type Write } from "../ports/store.ts";

/** Members whose writes are encoded together at least while a turn goes on: some milliseconds of work. */
const ENCODED_TOGETHER = 32;

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
/** What is encoded and waits for the disk. The writes are in the batch; who waits for it holds no more than it has to tell. */
type Group = { readonly batch: Batch; readonly committed: Member["committed"][]; writes: number };
type Landing = Group & { readonly landed: Promise<void> | undefined };

export type GroupCommitCounts = { commits: number; writes: number; members: number };

export class GroupCommit {
  readonly counts: GroupCommitCounts = { commits: 0, writes: 0, members: 0 };
  /** Not encoded yet. */
  private writes: Write[] = [];
  private members: Member[] = [];
  private next: Group | undefined;
  private flushing = false;
  private broken = false;
  /** Why `members` cannot be encoded as they are (G4). */
  private flaw: unknown;
  private sequence: number;
  /** The last feed number before those of `members`. */
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

  /** Members waiting for the batch after the one in flight. */
  get size(): number {
    return this.members.length + (this.next?.committed.length ?? 0);
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

  /** Calls once, when the next batch is on its way and the one after it is empty. */
  whenRoom(tell: () => void): void {
    this.waitingForRoom = tell;
  }

  /** Encodes what was added when it is enough to be worth it, so that a long turn pays for it bit by bit. */
  encodeSome(): void {
    if (this.members.length >= ENCODED_TOGETHER) this.encode();
  }

  /** Encodes what was added, writes it as soon as the disk is free, and goes on until nothing is left. */
  async flush(): Promise<void> {
    if (this.broken) return;
    this.encode();
    if (this.flushing) return;
    this.flushing = true;
    try {
      await this.writeAll();
    } catch (error) {
      this.broken = true;
      this.ports.onFatal(error);
      for (const wake of this.waiting.splice(0)) wake();
    }
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

  /** What comes behind members that cannot be encoded stands on them, and waits with them. */
  private encode(): void {
    if (this.flaw !== undefined || this.members.length === 0) return;
    const group = (this.next ??= { batch: this.ports.store.batch(), committed: [], writes: 0 });
    try {
      group.batch.add(this.writes);
    } catch (error) {
      this.flaw = error;
      return;
    }
    for (const { committed } of this.members) group.committed.push(committed);
    group.writes += this.writes.length;
    this.empty(this.sequence);
  }

  /** The next batch is on its way before the members of the last one are told: the disk does not wait for them. */
  private async writeAll(): Promise<void> {
    for (let group = this.begin(); group !== undefined || this.size > 0;) {
      if (group !== undefined) await group.landed;
      else if (!this.isEncoded(this.next)) this.takeApart();
      const next: Landing | undefined = this.begin();
      if (group !== undefined) this.tell(group);
      group = next;
    }
    // In one breath with the last look: who comes a moment later finds nobody at work and begins anew.
    this.flushing = false;
    this.waiting = [];
  }

  private begin(): Landing | undefined {
    this.encode();
    const { next } = this;
    if (!this.isEncoded(next)) return undefined;
    this.next = undefined;
    this.waitingForRoom?.();
    this.waitingForRoom = undefined;
    this.ports.failpoint?.("before-commit");
    return { ...next, landed: next.writes > 0 ? next.batch.write() : undefined };
  }

  private isEncoded(group: Group | undefined): group is Group {
    return group !== undefined && group.committed.length > 0;
  }

  private tell({ writes, committed }: Landing): void {
    this.counts.commits += 1;
    this.counts.writes += writes;
    this.counts.members += committed.length;
    this.ports.failpoint?.("after-commit");
    for (const tell of committed) tell();
  }

  /** G4. What the engine itself writes has nobody to blame. */
  private takeApart(): void {
    const { members, flaw } = this;
    if (!(flaw instanceof Unstorable)) throw flaw;
    this.flaw = undefined;
    this.empty(this.sequenceBefore);
    for (const { retake } of members) retake?.undo();
    for (const { writes, committed, retake } of members) {
      if (retake === undefined) this.addOwn(writes, committed);
      else retake.redo();
    }
  }

  private empty(sequence: number): void {
    this.writes = [];
    this.members = [];
    this.sequence = this.sequenceBefore = sequence;
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
