/**
 * The engine's Store over any KeyValue. Owns the order of the commits; the invariants S1-S4 are those of ports/store.
 *
 * R1. Batches reach the disk one after the other, in the order in which they are told to.
 * R2. After one failed write every later commit is refused with the same fault: nobody knows what is on disk (S3).
 * R3. What cannot be encoded is refused before anything of it is written, and the store stays usable.
 * R4. Within one commit the last write to a key wins; rows.ts says how writes become rows.
 */
import { Fault } from "../domain/errors.ts";
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
import {
  Unstorable,
  type Batch,
  type IdPage,
  type IndexPage,
  type PageRequest,
  type Store,
  type TimerRow,
  type Write,
} from "../ports/store.ts";
import type { Codec, ShapeName, Shapes } from "./codec.ts";
import { corrupt } from "./damage.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { isDiskFull } from "./disk-guard.ts";
import type { Batch as DiskBatch, Change, Entry, KeyValue } from "./key-value.ts";
import * as keyspace from "./keyspace.ts";
import { LowWater } from "./low-water.ts";
import { NOTHING, rowsOf } from "./rows.ts";

type AppendedRequest<E> = keyspace.KeyRange & {
  readonly limit: number;
  readonly entriesOf: (rows: readonly Entry[]) => readonly E[];
  readonly isShown: (entry: E) => boolean;
};

/** Rows of appended entries that are read at a time. */
const ROWS_AT_A_TIME = 32;

export class RecordStore implements Store {
  readonly #disk: KeyValue;
  readonly #codec: Codec;
  readonly #timerFloor = new LowWater();
  #tail: Promise<void> = Promise.resolve();
  #failure: Fault | undefined;

  constructor(disk: KeyValue, codec: Codec) {
    this.#disk = disk;
    this.#codec = codec;
  }

  /** `write` rejects with `Fault("store_failed")` when the disk refused: the process must end. */
  batch(): Batch {
    const disk = this.#disk.batch();
    const dues: number[] = [];
    const add = (writes: readonly Write[]): void => {
      const changes = this.#checked(writes);
      if (changes.length > 0) disk.add(changes);
      for (const write of writes) if ("put" in write && write.put === "timer") dues.push(write.due);
    };
    const write = async (): Promise<void> => {
      const turn = this.#tail.then(() => this.#write(disk));
      // The tail only orders; the failure reaches the caller through `turn` and later callers through R2.
      this.#tail = turn.catch(() => undefined);
      await turn;
      for (const due of dues) this.#timerFloor.committed(due);
    };
    return { add, write };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const batch = this.batch();
    batch.add(writes);
    await batch.write();
  }

  unstorable(writes: readonly Write[]): { write: Write; problem: string } | undefined {
    for (const write of writes) {
      try {
        rowsOf([write], this.#codec);
      } catch (error) {
        return { write, problem: String(error) };
      }
    }
    return undefined;
  }

  record(actor: ActorAddress): ActorRecord | undefined {
    return this.#read("record", keyspace.recordKey(actor));
  }

  reply(key: string): StoredReply | undefined {
    return this.#read("reply", keyspace.replyKey(key));
  }

  meta(name: string): unknown {
    return this.#read("meta", keyspace.metaKey(name));
  }

  quarantine(actor: ActorAddress): QuarantineEntry | undefined {
    return this.#read("quarantine", keyspace.quarantineKey(actor));
  }

  async outbox(request: { source: string; after?: OutboxEntry; limit: number }): Promise<OutboxEntry[]> {
    const range = keyspace.outboxRange(request.source);
    const from = request.after === undefined ? range.from : successor(keyspace.outboxKey(request.after));
    const rows = await this.#disk.entries({ from, to: range.to, limit: request.limit });
    return rows.map(([key, text]) =>
      text === NOTHING ? keyspace.outboxEntryOf(key) : this.#codec.decode("outbox", key, text),
    );
  }

  /** Jumps from source to source: costs one seek per source, however many effects are pending. */
  async outboxSources(): Promise<string[]> {
    const sources: string[] = [];
    let range = keyspace.OUTBOX_RANGE;
    for (;;) {
      const [key] = await this.#disk.keys({ ...range, limit: 1 });
      if (key === undefined) return sources;
      const source = keyspace.outboxSourceOf(key);
      sources.push(source);
      range = keyspace.outboxRangeAfter(source);
    }
  }

  timers({ until, limit }: { until: number; limit: number }): Promise<TimerRow[]> {
    return this.#timerFloor.scan(async (floor) => {
      const keys = await this.#disk.keys({ ...keyspace.timerRange({ from: floor, until }), limit });
      const found = keys.map((key) => keyspace.timerOf(key));
      const emptyBelow = found[0]?.due ?? Math.max(floor, Math.floor(until) + 1);
      return { found, emptyBelow: Math.min(emptyBelow, keyspace.MS_MAX) };
    });
  }

  async nextTimer(): Promise<number | undefined> {
    const [first] = await this.timers({ until: keyspace.MS_MAX, limit: 1 });
    return first?.due;
  }

  async index(kind: string, index: string, page: PageRequest): Promise<IndexPage> {
    const list = { kind, index };
    const { keys, next } = await this.#page(keyspace.indexRange(list), page, keyspace.indexTimes(list, page));
    return { ids: keys.map((key) => keyspace.indexRowOf(key)), next };
  }

  /** Jumps from name to name: costs one seek per name, however many rows an index has. */
  async indexNames(kind: string, prefix: string, limit: number): Promise<string[]> {
    const names: string[] = [];
    const { from: first, to } = keyspace.indexNameRange(kind, prefix);
    for (let from = first; names.length < limit;) {
      const [key] = await this.#disk.keys({ from, to, limit: 1 });
      if (key === undefined) break;
      const index = keyspace.indexNameOf(key);
      names.push(index);
      from = keyspace.indexRange({ kind, index }).to;
    }
    return names;
  }

  async ids(kind: string, page: PageRequest): Promise<IdPage> {
    const { keys, next } = await this.#page(keyspace.recordRange(kind), page);
    return { ids: keys.map((key) => ({ id: keyspace.recordIdOf(key) })), next };
  }

  /** A cursor belongs to the whole list, `range`, whatever part of it is read. */
  async #page(
    range: keyspace.KeyRange,
    page: PageRequest,
    within = range,
  ): Promise<{ keys: string[]; next: string | undefined }> {
    const newestFirst = page.newestFirst === true;
    const rest = page.cursor === undefined ? range : beyond({ range, cursor: page.cursor, newestFirst });
    const from = rest.from > within.from ? rest.from : within.from;
    const to = rest.to < within.to ? rest.to : within.to;
    const keys = from < to ? await this.#disk.keys({ from, to, limit: page.limit + 1, newestFirst }) : [];
    const shown = keys.slice(0, page.limit);
    const last = shown.at(-1);
    const next = keys.length > page.limit && last !== undefined ? encodeCursor(range, last) : undefined;
    return { keys: shown, next };
  }

  journal(actor: ActorAddress, page: { afterRevision: number; limit: number }): Promise<JournalEntry[]> {
    return this.#appended({
      ...keyspace.journalRange(actor, page.afterRevision),
      limit: page.limit,
      entriesOf: (rows) => this.#decodeAll("journal", rows).flat(),
      isShown: ({ revision }) => revision > page.afterRevision,
    });
  }

  feed(page: { afterSequence: number; limit: number }): Promise<FeedEntry[]> {
    return this.#appended({
      ...keyspace.feedRange(page.afterSequence),
      limit: page.limit,
      entriesOf: (rows) => this.#decodeAll("feed", rows).flat(),
      isShown: ({ sequence }) => sequence > page.afterSequence,
    });
  }

  /** The first row may begin before the range (rows.ts W2). */
  async #appended<E>(request: AppendedRequest<E>): Promise<E[]> {
    const found: E[] = [];
    for (let { from } = request; found.length < request.limit;) {
      const limit = Math.min(ROWS_AT_A_TIME, request.limit);
      const rows = await this.#disk.entries({ from, to: request.to, limit });
      for (const entry of request.entriesOf(rows)) if (request.isShown(entry)) found.push(entry);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) break;
      from = successor(last[0]);
    }
    return found.slice(0, request.limit);
  }

  /** 0 when there is none. */
  async lastFeedSequence(): Promise<number> {
    const [key] = await this.#disk.keys({ ...keyspace.FEED_RANGE, limit: 1, newestFirst: true });
    return key === undefined ? 0 : keyspace.feedSequenceOf(key);
  }

  /** Newest first, of one actor or of all. */
  async deadLetters({ actor, limit }: { actor?: ActorAddress; limit: number }): Promise<DeadLetter[]> {
    if (actor !== undefined) {
      const range = keyspace.deadLetterRange(actor);
      return this.#decodeAll("deadLetter", await this.#disk.entries({ ...range, limit, newestFirst: true }));
    }
    const times = await this.#disk.keys({ ...keyspace.DEAD_LETTER_TIME_RANGE, limit, newestFirst: true });
    return times.map((time) => {
      const key = keyspace.deadLetterKey(keyspace.deadLetterPositionOf(time));
      const letter = this.#read("deadLetter", key);
      if (letter === undefined)
        throw corrupt({ where: `key ${key}`, found: "the dead letter of a listed time is gone" });
      return letter;
    });
  }

  async quarantines(limit: number, after?: ActorAddress): Promise<QuarantineEntry[]> {
    const { from, to } = keyspace.QUARANTINE_RANGE;
    const start = after === undefined ? from : successor(keyspace.quarantineKey(after));
    return this.#decodeAll("quarantine", await this.#disk.entries({ from: start, to, limit }));
  }

  /** Messages parked for an actor that could not take them, oldest first. */
  async inbox(actor: ActorAddress, page: { afterSequence: number; limit: number }): Promise<InboxEntry[]> {
    const range = keyspace.inboxRange(actor, page.afterSequence);
    return this.#decodeAll("inbox", await this.#disk.entries({ ...range, limit: page.limit }));
  }

  /** For idle moments: frees deleted outbox and timer rows, over which every scan of these ranges has to step. */
  async compact(): Promise<void> {
    await this.#disk.compact(keyspace.OUTBOX_RANGE);
    await this.#disk.compact(keyspace.TIMER_RANGE);
  }

  /** Waits for the commits under way. */
  async close(): Promise<void> {
    await this.#tail;
    await this.#disk.close();
  }

  /** R3 */
  #checked(writes: readonly Write[]): Change[] {
    try {
      return rowsOf(writes, this.#codec);
    } catch (cause) {
      throw new Unstorable(String(cause), { cause });
    }
  }

  async #write(batch: DiskBatch): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await batch.write();
    } catch (cause) {
      this.#failure = writeFault(cause);
      throw this.#failure;
    }
  }

  #read<N extends ShapeName>(shape: N, key: string): Shapes[N] | undefined {
    const text = this.#disk.getSync(key);
    return text === undefined ? undefined : this.#codec.decode(shape, key, text);
  }

  #decodeAll<N extends ShapeName>(shape: N, entries: readonly Entry[]): Shapes[N][] {
    return entries.map(([key, text]) => this.#codec.decode(shape, key, text));
  }
}

/** The rest of the range behind the entry that `cursor` names. */
function beyond({
  range,
  cursor,
  newestFirst,
}: {
  range: keyspace.KeyRange;
  cursor: string;
  newestFirst: boolean;
}): keyspace.KeyRange {
  const key = decodeCursor(range, cursor);
  return newestFirst ? { from: range.from, to: key } : { from: successor(key), to: range.to };
}

/** The smallest key that is greater. */
function successor(key: string): string {
  return `${key}\u0000`;
}

function writeFault(cause: unknown): Fault {
  const diskFull = isDiskFull(cause);
  const detail = diskFull
    ? "The disk is full: the last commit was not stored. Free space on the volume of the data directory and start again"
    : "A write to the store failed; the process must end and start again from what is on disk";
  return new Fault("store_failed", detail, { cause, evidence: { diskFull } });
}
