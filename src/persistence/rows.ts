/**
 * What a list of writes is as rows of the store. Pure.
 *
 * W1. Of several writes to one key the last counts; the others are not even encoded.
 * W2. What is only ever appended, journal and feed, shares rows: those of one actor, or of the feed, that come together.
 *     The key is that of the last entry, so that a range from any place begins with the row that holds it.
 */
import type { DeadLetter, FeedEntry } from "../domain/records.ts";
import type { Write } from "../ports/store.ts";
import { digestOf, type Codec } from "./codec.ts";
import type { Change } from "./key-value.ts";
import * as keyspace from "./keyspace.ts";

type Put = Extract<Write, { put: string }>;
type JournalWrite = Extract<Put, { put: "journal" }>;
/** What has a row of its own. */
type SinglePut = Exclude<Put, { put: "journal" | "feed" }>;
type Single = SinglePut | Exclude<Write, Put>;
type Encoding = { readonly codec: Codec; readonly changes: Change[] };

const ENTRIES_PER_ROW = 32;
/** The value of a row whose key says all. Not empty: classic-level never frees the copy it makes of an empty text. */
export const NOTHING = "-";

/** Throws an `Error` that names key and field when a value is not what its schema says. */
export function rowsOf(writes: readonly Write[], codec: Codec): Change[] {
  const latest = new Map<string, Single>();
  const journals = new Map<string, JournalWrite[]>();
  const feed: FeedEntry[] = [];
  for (const write of writes) {
    if (isOf(write, "feed")) feed.push(write.entry);
    else if (isOf(write, "journal")) gather(journals, keyspace.recordKey(write.actor), write);
    else latest.set(keyOf(write), write);
  }
  const changes: Change[] = [];
  for (const [key, write] of latest) {
    changes.push({ key, value: "put" in write ? encode(key, write, codec) : undefined });
    if ("put" in write && write.put === "deadLetter") {
      changes.push({ key: keyspace.deadLetterTimeKey(positionOf(write.letter)), value: NOTHING });
    }
  }
  for (const ofActor of journals.values()) addJournal(ofActor, { codec, changes });
  addFeed(feed, { codec, changes });
  return changes;
}

function addJournal(writes: readonly JournalWrite[], { codec, changes }: Encoding): void {
  for (const row of cut(writes, ({ entry }) => entry.revision)) {
    const key = keyspace.journalKey(row.last.actor, row.last.entry.revision);
    const value = row.all.length === 1 ? row.last.entry : row.all.map(({ entry }) => entry);
    changes.push({ key, value: codec.encode("journal", key, value) });
  }
}

function addFeed(entries: readonly FeedEntry[], { codec, changes }: Encoding): void {
  for (const row of cut(entries, ({ sequence }) => sequence)) {
    const key = keyspace.feedKey(row.last.sequence);
    changes.push({ key, value: codec.encode("feed", key, row.all.length === 1 ? row.last : row.all) });
  }
}

function encode(key: string, write: SinglePut, codec: Codec): string {
  switch (write.put) {
    case "record":
      return codec.encode("record", key, write.record);
    case "quarantine":
      return codec.encode("quarantine", key, write.entry);
    case "inbox":
      return codec.encode("inbox", key, write.entry);
    case "reply":
      return codec.encode("reply", key, write.reply);
    case "deadLetter":
      return codec.encode("deadLetter", key, write.letter);
    case "meta":
      return codec.encode("meta", key, write.value);
    case "outbox":
    case "timer":
    case "index":
      return NOTHING;
  }
}

function isOf<P extends Put["put"]>(write: Write, put: P): write is Extract<Put, { put: P }> {
  return "put" in write && write.put === put;
}

function gather<T>(groups: Map<string, T[]>, name: string, item: T): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [item]);
  else group.push(item);
}

type Row<T> = { readonly all: readonly T[]; readonly last: T };

/** Ascending, and each of a size that a reader of one entry can afford. */
function cut<T>(items: readonly T[], place: (item: T) => number): Row<T>[] {
  const [only] = items;
  if (only !== undefined && items.length === 1) return [{ all: items, last: only }];
  const ordered = items.toSorted((a, b) => place(a) - place(b));
  const rows: Row<T>[] = [];
  for (let at = 0; at < ordered.length; at += ENTRIES_PER_ROW) {
    const all = ordered.slice(at, at + ENTRIES_PER_ROW);
    const last = all.at(-1);
    if (last !== undefined) rows.push({ all, last });
  }
  return rows;
}

function keyOf(write: Single): string {
  return "put" in write ? keyOfPut(write) : keyOfDelete(write);
}

function keyOfPut(write: SinglePut): string {
  switch (write.put) {
    case "record":
      return keyspace.recordKey(write.record);
    case "outbox":
      return keyspace.outboxKey(write.entry);
    case "timer":
      return keyspace.timerKey(write);
    case "index":
      return keyspace.indexKey(write);
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
