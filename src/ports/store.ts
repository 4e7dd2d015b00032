/**
 * What the engine needs from a disk.
 *
 * S1. A commit is atomic and synced: after it resolves, all of its writes survive loss of power; before, none may be seen.
 * S2. Reads see exactly the committed writes, in the order of the commits.
 * S3. A rejected commit means that memory may be ahead of disk: the process must end.
 *     `Unstorable` is no such failure: it is thrown before anything is written, and the store goes on.
 * S4. Records are checked against their schema on both ways; what does not fit throws `Fault("store_corrupt")` on read.
 */
import type {
  ActorAddress,
  ActorRecord,
  DeadLetter,
  FeedEntry,
  InboxEntry,
  JournalEntry,
  OutboxEntry,
  QuarantineEntry,
  StoredReply,
} from "../domain/records.ts";

export type Write =
  | { readonly put: "record"; readonly record: ActorRecord }
  /** Appended: each revision once. */
  | { readonly put: "journal"; readonly actor: ActorAddress; readonly entry: JournalEntry }
  | { readonly put: "outbox"; readonly entry: OutboxEntry }
  | { readonly delete: "outbox"; readonly source: string; readonly actor: ActorAddress; readonly key: string }
  | { readonly put: "timer"; readonly due: number; readonly actor: ActorAddress; readonly timerId: string }
  | { readonly delete: "timer"; readonly due: number; readonly actor: ActorAddress; readonly timerId: string }
  /** `index` is "name" or "name:value"; entries are listed by creation time, then id. */
  | {
      readonly put: "index";
      readonly kind: string;
      readonly index: string;
      readonly createdAt: number;
      readonly id: string;
    }
  | {
      readonly delete: "index";
      readonly kind: string;
      readonly index: string;
      readonly createdAt: number;
      readonly id: string;
    }
  /** Appended: each number once. */
  | { readonly put: "feed"; readonly entry: FeedEntry }
  | { readonly put: "reply"; readonly key: string; readonly reply: StoredReply }
  | { readonly put: "deadLetter"; readonly letter: DeadLetter }
  | { readonly put: "quarantine"; readonly entry: QuarantineEntry }
  | { readonly delete: "quarantine"; readonly actor: ActorAddress }
  /** Messages for a quarantined actor; `sequence` orders them. */
  | { readonly put: "inbox"; readonly entry: InboxEntry }
  | { readonly delete: "inbox"; readonly actor: ActorAddress; readonly sequence: number }
  /** Small named values: cursors, counters, the store's identity. */
  | { readonly put: "meta"; readonly name: string; readonly value: unknown };

/** A value is not what its schema says: a bug of whoever made it, not of the store. */
export class Unstorable extends Error {
  override readonly name = "Unstorable";
}

export type TimerRow = { readonly due: number; readonly actor: ActorAddress; readonly timerId: string };
export type IndexPage = {
  readonly ids: readonly { readonly id: string; readonly createdAt: number }[];
  readonly next: string | undefined;
};
export type IdPage = { readonly ids: readonly { readonly id: string }[]; readonly next: string | undefined };
/** `cursor` is opaque: what `next` of the page before said. */
export type PageRequest = {
  readonly limit: number;
  readonly cursor?: string;
  readonly newestFirst?: boolean;
  /** Creation times, inclusive; for an index only, which is in their order. */
  readonly from?: number;
  readonly until?: number;
};

/** A commit in the making. Its writes are checked and encoded as they are added, while the disk may still be busy with another. */
export interface Batch {
  /** Throws `Unstorable` when a value is not what its schema says; then none of these writes is in the batch. */
  add(writes: readonly Write[]): void;
  /** Once, at the end. Batches reach the disk in the order of these calls. */
  write(): Promise<void>;
}

export interface Store {
  batch(): Batch;
  /** A batch with these writes and no others. */
  commit(writes: readonly Write[]): Promise<void>;
  /** The first of these writes that no batch would take, or undefined. As costly as the encoding: not for every commit. */
  unstorable(writes: readonly Write[]): { readonly write: Write; readonly problem: string } | undefined;

  // Synchronous point reads: loading an actor never interleaves with a step.
  record(actor: ActorAddress): ActorRecord | undefined;
  reply(key: string): StoredReply | undefined;
  meta(name: string): unknown;
  quarantine(actor: ActorAddress): QuarantineEntry | undefined;

  /** Pending effects in key order; `after` is the last entry of the page before. */
  outbox(request: { source: string; after?: OutboxEntry; limit: number }): Promise<OutboxEntry[]>;
  /** Every source with at least one pending effect. */
  outboxSources(): Promise<string[]>;
  /** Timers due at or before `until`, earliest first. */
  timers(request: { until: number; limit: number }): Promise<TimerRow[]>;
  nextTimer(): Promise<number | undefined>;
  index(kind: string, index: string, page: PageRequest): Promise<IndexPage>;
  /** Names of the kind's indexes that begin with `prefix` and have rows, in their order. */
  indexNames(kind: string, prefix: string, limit: number): Promise<string[]>;
  /** Every record of the kind in the order of its id; needs no row of its own. */
  ids(kind: string, page: PageRequest): Promise<IdPage>;
  journal(actor: ActorAddress, page: { afterRevision: number; limit: number }): Promise<JournalEntry[]>;
  feed(page: { afterSequence: number; limit: number }): Promise<FeedEntry[]>;
  lastFeedSequence(): Promise<number>;
  deadLetters(page: { actor?: ActorAddress; limit: number }): Promise<DeadLetter[]>;
  /** `after` is the actor of the last entry of the page before. */
  quarantines(limit: number, after?: ActorAddress): Promise<QuarantineEntry[]>;
  /** Messages parked for an actor that could not take them, oldest first. */
  inbox(actor: ActorAddress, page: { afterSequence: number; limit: number }): Promise<InboxEntry[]>;
  close(): Promise<void>;
}
