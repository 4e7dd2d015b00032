/**
 * Every key of the store. A prefix is never reused: a retired one moves to `RETIRED_PREFIXES` and stays there.
 *
 * | prefix | key                                       | value                                             |
 * | ------ | ----------------------------------------- | ------------------------------------------------- |
 * | a      | a!                                        | format marker: store id, format, created at       |
 * | s      | s!kind!id                                 | ActorRecord, the single truth about an actor      |
 * | j      | j!kind!id!revision                        | JournalEntry, or several up to that revision      |
 * | o      | o!source!kind!id!effect                   | nothing; a row until its answer is committed      |
 * | t      | t!due!kind!id!timer                       | nothing; the store is the timer queue             |
 * | x      | x!kind!index!createdAt!id                 | nothing; lists by status, wallet, …               |
 * | e      | e!sequence                                | FeedEntry, or several up to that sequence         |
 * | r      | r!key                                     | StoredReply to a request with an Idempotency-Key  |
 * | d      | d!kind!id!at!revision!digest              | DeadLetter                                        |
 * | w      | w!at!kind!id!revision!digest              | nothing; dead letters of all actors by time       |
 * | q      | q!kind!id                                 | QuarantineEntry                                   |
 * | i      | i!kind!id!sequence                        | InboxEntry, parked for a quarantined actor        |
 * | m      | m!name                                    | small named value                                 |
 *
 * K1. Keys are ASCII, so that the order of bytes in LevelDB is the order of JavaScript strings.
 * K2. `!` separates parts and is smaller than every character of a part: no id can leave the range of its parent, and
 *     the rows of "a" never mix with those of "ab".
 * K3. A part is escaped one to one: two different ids never share a key, whatever characters they hold.
 * K4. Numbers are zero-padded to a fixed width; a number that does not fit is refused, never truncated.
 */
import { assert } from "../domain/assert.ts";
import type { ActorAddress, OutboxEntry } from "../domain/records.ts";
import type { TimerRow } from "../ports/store.ts";
import { corrupt } from "./damage.ts";

const PREFIXES = {
  format: "a",
  record: "s",
  journal: "j",
  outbox: "o",
  timer: "t",
  index: "x",
  feed: "e",
  reply: "r",
  deadLetter: "d",
  deadLetterTime: "w",
  quarantine: "q",
  inbox: "i",
  meta: "m",
} as const;

/** Prefixes of shapes that older releases wrote; listed so that nobody gives them a new meaning. */
const RETIRED_PREFIXES: readonly string[] = [];

const all = [...Object.values(PREFIXES), ...RETIRED_PREFIXES];
assert(new Set(all).size === all.length, "a key prefix is never reused");

/** `from` is included, `to` is not. */
export type KeyRange = { readonly from: string; readonly to: string };

const MS_WIDTH = 13;
const REVISION_WIDTH = 10;
/** Holds every safe integer. */
const SEQUENCE_WIDTH = 16;
export const MS_MAX = 9_999_999_999_999;

export const FORMAT_KEY = `${PREFIXES.format}!`;

export function recordKey({ kind, id }: ActorAddress): string {
  return `${PREFIXES.record}!${escape(kind)}!${escape(id)}`;
}

export function recordRange(kind: string): KeyRange {
  return below(`${PREFIXES.record}!${escape(kind)}`);
}

export function recordIdOf(key: string): string {
  return unescape(part(key, 2));
}

export function journalKey(actor: ActorAddress, revision: number): string {
  return `${PREFIXES.journal}!${escape(actor.kind)}!${escape(actor.id)}!${pad(revision, REVISION_WIDTH)}`;
}

export function journalRange(actor: ActorAddress, afterRevision: number): KeyRange {
  const { to } = below(`${PREFIXES.journal}!${escape(actor.kind)}!${escape(actor.id)}`);
  return { from: journalKey(actor, afterRevision + 1), to };
}

export function outboxKey(row: Pick<OutboxEntry, "source" | "actor" | "key">): string {
  const { source, actor, key } = row;
  return `${PREFIXES.outbox}!${escape(source)}!${escape(actor.kind)}!${escape(actor.id)}!${escape(key)}`;
}

export function outboxRange(source: string): KeyRange {
  return below(`${PREFIXES.outbox}!${escape(source)}`);
}

/** All sources that sort after `source`. */
export function outboxRangeAfter(source: string): KeyRange {
  return { from: outboxRange(source).to, to: OUTBOX_RANGE.to };
}

export function outboxEntryOf(row: string): OutboxEntry {
  const key = unescape(part(row, 4));
  const invokeId = key.slice(key.indexOf(".") + 1);
  return {
    key,
    actor: { kind: unescape(part(row, 2)), id: unescape(part(row, 3)) },
    invokeId,
    source: outboxSourceOf(row),
  };
}

export function outboxSourceOf(key: string): string {
  return unescape(part(key, 1));
}

export function timerKey({ due, actor, timerId }: TimerRow): string {
  return `${PREFIXES.timer}!${pad(due, MS_WIDTH)}!${escape(actor.kind)}!${escape(actor.id)}!${escape(timerId)}`;
}

/** Rows with `from` <= due <= `until`. */
export function timerRange({ from, until }: { from: number; until: number }): KeyRange {
  const to = until >= MS_MAX ? TIMER_RANGE.to : `${PREFIXES.timer}!${pad(Math.floor(until) + 1, MS_WIDTH)}`;
  return { from: `${PREFIXES.timer}!${pad(from, MS_WIDTH)}`, to };
}

export function timerOf(key: string): TimerRow {
  const actor = { kind: unescape(part(key, 2)), id: unescape(part(key, 3)) };
  return { due: number(part(key, 1)), actor, timerId: unescape(part(key, 4)) };
}

export type IndexRow = {
  readonly kind: string;
  readonly index: string;
  readonly createdAt: number;
  readonly id: string;
};

export function indexKey({ kind, index, createdAt, id }: IndexRow): string {
  return `${PREFIXES.index}!${escape(kind)}!${escape(index)}!${pad(createdAt, MS_WIDTH)}!${escape(id)}`;
}

export function indexRange({ kind, index }: Pick<IndexRow, "kind" | "index">): KeyRange {
  return below(`${PREFIXES.index}!${escape(kind)}!${escape(index)}`);
}

/** Every index of the kind whose name begins so, up to the end of its kind. */
export function indexNameRange(kind: string, prefix: string): KeyRange {
  const kinds = `${PREFIXES.index}!${escape(kind)}!`;
  // `~` comes after everything that `escape` leaves in a name.
  return { from: `${kinds}${escape(prefix)}`, to: `${kinds}${escape(prefix)}~` };
}

export function indexNameOf(key: string): string {
  return unescape(part(key, 2));
}

/** Rows with `from` <= createdAt <= `until`. */
export function indexTimes(list: Pick<IndexRow, "kind" | "index">, times: { from?: number; until?: number }): KeyRange {
  const range = indexRange(list);
  const { from = 0, until = MS_MAX } = times;
  return {
    from: from > MS_MAX ? range.to : range.from + pad(Math.max(0, from), MS_WIDTH),
    to: until >= MS_MAX ? range.to : range.from + pad(Math.max(0, until + 1), MS_WIDTH),
  };
}

export function indexRowOf(key: string): { id: string; createdAt: number } {
  return { id: unescape(part(key, 4)), createdAt: number(part(key, 3)) };
}

export function feedKey(sequence: number): string {
  return `${PREFIXES.feed}!${pad(sequence, SEQUENCE_WIDTH)}`;
}

export function feedRange(afterSequence: number): KeyRange {
  return { from: feedKey(afterSequence + 1), to: FEED_RANGE.to };
}

export function feedSequenceOf(key: string): number {
  return number(part(key, 1));
}

export function replyKey(key: string): string {
  return `${PREFIXES.reply}!${escape(key)}`;
}

/** `digest` tells two letters of one actor apart that died at the same revision in the same millisecond. */
export type DeadLetterPosition = {
  readonly actor: ActorAddress;
  readonly at: number;
  readonly revision: number;
  readonly digest: string;
};

export function deadLetterKey({ actor, at, revision, digest }: DeadLetterPosition): string {
  const place = `${PREFIXES.deadLetter}!${escape(actor.kind)}!${escape(actor.id)}`;
  return `${place}!${pad(at, MS_WIDTH)}!${pad(revision, REVISION_WIDTH)}!${escape(digest)}`;
}

export function deadLetterRange(actor: ActorAddress): KeyRange {
  return below(`${PREFIXES.deadLetter}!${escape(actor.kind)}!${escape(actor.id)}`);
}

export function deadLetterTimeKey({ actor, at, revision, digest }: DeadLetterPosition): string {
  const time = `${PREFIXES.deadLetterTime}!${pad(at, MS_WIDTH)}!${escape(actor.kind)}!${escape(actor.id)}`;
  return `${time}!${pad(revision, REVISION_WIDTH)}!${escape(digest)}`;
}

export function deadLetterPositionOf(timeKey: string): DeadLetterPosition {
  return {
    actor: { kind: unescape(part(timeKey, 2)), id: unescape(part(timeKey, 3)) },
    at: number(part(timeKey, 1)),
    revision: number(part(timeKey, 4)),
    digest: unescape(part(timeKey, 5)),
  };
}

export function quarantineKey({ kind, id }: ActorAddress): string {
  return `${PREFIXES.quarantine}!${escape(kind)}!${escape(id)}`;
}

export function inboxKey(actor: ActorAddress, sequence: number): string {
  return `${PREFIXES.inbox}!${escape(actor.kind)}!${escape(actor.id)}!${pad(sequence, SEQUENCE_WIDTH)}`;
}

export function inboxRange(actor: ActorAddress, afterSequence: number): KeyRange {
  const { to } = below(`${PREFIXES.inbox}!${escape(actor.kind)}!${escape(actor.id)}`);
  return { from: inboxKey(actor, afterSequence + 1), to };
}

export function metaKey(name: string): string {
  return `${PREFIXES.meta}!${escape(name)}`;
}

export const OUTBOX_RANGE = below(PREFIXES.outbox);
export const TIMER_RANGE = below(PREFIXES.timer);
export const FEED_RANGE = below(PREFIXES.feed);
export const DEAD_LETTER_TIME_RANGE = below(PREFIXES.deadLetterTime);
export const QUARANTINE_RANGE = below(PREFIXES.quarantine);
/** Every key that can be in a database, also one that is not ours. */
export const WHOLE_RANGE: KeyRange = { from: "\u0000", to: "\uffff" };

/** Every key that starts with `parent` and a separator: `"` is the character after `!`. */
function below(parent: string): KeyRange {
  return { from: `${parent}!`, to: `${parent}"` };
}

function part(key: string, index: number): string {
  const text = key.split("!")[index];
  if (text === undefined) throw corrupt({ where: `key ${key}`, found: `it has no part ${index}` });
  return text;
}

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw corrupt({ where: "a key", found: `"${text}" stands where a number belongs` });
  return Number(text);
}

function pad(value: number, width: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, `a key needs a non-negative whole number, not ${value}`);
  const text = String(value).padStart(width, "0");
  assert(text.length === width, `${value} does not fit into ${width} digits`);
  return text;
}

const plainPart = /^[A-Za-z0-9_.:@/-]*$/;
const unsafeCharacter = /[^A-Za-z0-9_.:@/-]/g;

/** Works on UTF-16 code units, so that even a lone surrogate keeps a key of its own (K3). */
function escape(text: string): string {
  if (plainPart.test(text)) return text;
  return text.replace(unsafeCharacter, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function unescape(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
