/**
 * The engine's Store over any KeyValue. Owns the order of the commits; the invariants S1-S4 are those of ports/store.
 *
 * R1. Batches reach the disk one after the other, in the order in which they are told to.
 * R2. After one failed write every later commit is refused with the same fault: nobody knows what is on disk (S3).
 * R3. What cannot be encoded is refused before anything of it is written, and the store stays usable.
 * R4. Within one commit the last write to a key wins; earlier ones that are added with it are not even encoded.
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
import { digestOf } from "./codec.ts";
import { corrupt } from "./damage.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { isDiskFull } from "./disk-guard.ts";
import type { Batch as DiskBatch, Change, Entry, KeyValue } from "./key-value.ts";
import * as keyspace from "./keyspace.ts";
import { LowWater } from "./low-water.ts";

type Put = Extract<Write, { put: string }>;

/** The value of a row whose key says all. Not empty: classic-level never frees the copy it makes of an empty text. */
const NOTHING = "-";

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
        this.#encodeAll([write]);
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
    return this.#decodeAll("outbox", await this.#disk.entries({ from, to: range.to, limit: request.limit }));
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
    const { keys, next } = await this.#page(keyspace.indexRange({ kind, index }), page);
    return { ids: keys.map((key) => keyspace.indexRowOf(key)), next };
  }

  async ids(kind: string, page: PageRequest): Promise<IdPage> {
    const { keys, next } = await this.#page(keyspace.recordRange(kind), page);
    return { ids: keys.map((key) => ({ id: keyspace.recordIdOf(key) })), next };
  }

  async #page(range: keyspace.KeyRange, page: PageRequest): Promise<{ keys: string[]; next: string | undefined }> {
    const newestFirst = page.newestFirst === true;
    const bounds = page.cursor === undefined ? range : beyond({ range, cursor: page.cursor, newestFirst });
    const keys = await this.#disk.keys({ ...bounds, limit: page.limit + 1, newestFirst });
    const shown = keys.slice(0, page.limit);
    const last = shown.at(-1);
    const next = keys.length > page.limit && last !== undefined ? encodeCursor(range, last) : undefined;
    return { keys: shown, next };
  }

  async journal(actor: ActorAddress, page: { afterRevision: number; limit: number }): Promise<JournalEntry[]> {
    const range = keyspace.journalRange(actor, page.afterRevision);
    return this.#decodeAll("journal", await this.#disk.entries({ ...range, limit: page.limit }));
  }

  async feed(page: { afterSequence: number; limit: number }): Promise<FeedEntry[]> {
    const range = keyspace.feedRange(page.afterSequence);
    return this.#decodeAll("feed", await this.#disk.entries({ ...range, limit: page.limit }));
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

  async quarantines(limit: number): Promise<QuarantineEntry[]> {
    return this.#decodeAll("quarantine", await this.#disk.entries({ ...keyspace.QUARANTINE_RANGE, limit }));
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
      return this.#encodeAll(writes);
    } catch (cause) {
      throw new Unstorable(String(cause), { cause });
    }
  }

  #encodeAll(writes: readonly Write[]): Change[] {
    const latest = new Map<string, Write>();
    for (const write of writes) latest.set(keyOf(write), write);
    const changes: Change[] = [];
    for (const [key, write] of latest) {
      changes.push({ key, value: "put" in write ? this.#encode(key, write) : undefined });
      if ("put" in write && write.put === "deadLetter") {
        changes.push({ key: keyspace.deadLetterTimeKey(positionOf(write.letter)), value: NOTHING });
      }
    }
    return changes;
  }

  #encode(key: string, write: Put): string {
    switch (write.put) {
      case "record":
        return this.#codec.encode("record", key, write.record);
      case "journal":
        return this.#codec.encode("journal", key, write.entry);
      case "outbox":
        return this.#codec.encode("outbox", key, write.entry);
      case "feed":
        return this.#codec.encode("feed", key, write.entry);
      case "quarantine":
        return this.#codec.encode("quarantine", key, write.entry);
      case "inbox":
        return this.#codec.encode("inbox", key, write.entry);
      case "reply":
        return this.#codec.encode("reply", key, write.reply);
      case "deadLetter":
        return this.#codec.encode("deadLetter", key, write.letter);
      case "meta":
        return this.#codec.encode("meta", key, write.value);
      case "timer":
      case "index":
        return NOTHING;
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

function keyOf(write: Write): string {
  return "put" in write ? keyOfPut(write) : keyOfDelete(write);
}

function keyOfPut(write: Put): string {
  switch (write.put) {
    case "record":
      return keyspace.recordKey(write.record);
    case "journal":
      return keyspace.journalKey(write.actor, write.entry.revision);
    case "outbox":
      return keyspace.outboxKey(write.entry);
    case "timer":
      return keyspace.timerKey(write);
    case "index":
      return keyspace.indexKey(write);
    case "feed":
      return keyspace.feedKey(write.entry.sequence);
    case "reply":
      return keyspace.replyKey(write.key);
    case "deadLetter":
      return keyspace.deadLetterKey(positionOf(write.letter));
    case "quarantine":
      return keyspace.quarantineKey(write.entry.actor);
    case "inbox":
      return keyspace.inboxKey(write.entry.actor, write.entry.sequence);
    case "meta":
      return keyspace.metaKey(write.name);
  }
}

function keyOfDelete(write: Exclude<Write, Put>): string {
  switch (write.delete) {
    case "outbox":
      return keyspace.outboxKey(write);
    case "timer":
      return keyspace.timerKey(write);
    case "index":
      return keyspace.indexKey(write);
    case "quarantine":
      return keyspace.quarantineKey(write.actor);
    case "inbox":
      return keyspace.inboxKey(write.actor, write.sequence);
  }
}

function positionOf(letter: DeadLetter): keyspace.DeadLetterPosition {
  return { ...letter, digest: digestOf([letter.event, letter.error]) };
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
