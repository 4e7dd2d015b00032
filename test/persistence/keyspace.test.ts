import fc from "fast-check";
import { expect, test } from "vitest";
import * as keyspace from "../../src/persistence/keyspace.ts";
import { AWKWARD } from "../contracts/store.contract.ts";

const text = fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: "binary" }), fc.string());
const actor = fc.record({ kind: text, id: text });
const ms = fc.integer({ min: 0, max: keyspace.MS_MAX });
const timer = fc.record({ due: ms, actor, timerId: text });

const inside = (key: string, range: keyspace.KeyRange) => key >= range.from && key < range.to;

test("every key is ASCII, and its parts come back as they were", () => {
  fc.assert(
    fc.property(timer, (row) => {
      const key = keyspace.timerKey(row);
      expect(key).toMatch(/^[\u0021-\u007e]+$/);
      expect(keyspace.timerOf(key)).toEqual(row);
    }),
  );
  fc.assert(
    fc.property(fc.record({ kind: text, index: text, createdAt: ms, id: text }), (row) => {
      const found = keyspace.indexRowOf(keyspace.indexKey(row));
      expect(found).toEqual({ id: row.id, createdAt: row.createdAt });
    }),
  );
  fc.assert(
    fc.property(text, actor, text, (source, owner, key) => {
      expect(keyspace.outboxSourceOf(keyspace.outboxKey({ source, actor: owner, key }))).toBe(source);
    }),
  );
});

test("two different actors never share a key, and no row lies in the range of another owner", () => {
  fc.assert(
    fc.property(actor, actor, fc.integer({ min: 1, max: 9_999_999_999 }), (one, other, revision) => {
      const same = one.kind === other.kind && one.id === other.id;
      expect(keyspace.recordKey(one) === keyspace.recordKey(other)).toBe(same);
      expect(inside(keyspace.journalKey(one, revision), keyspace.journalRange(other, 0))).toBe(same);
    }),
  );
  fc.assert(
    fc.property(text, text, actor, text, (source, other, owner, key) => {
      const row = keyspace.outboxKey({ source, actor: owner, key });
      expect(inside(row, keyspace.outboxRange(other))).toBe(source === other);
      expect(inside(row, keyspace.OUTBOX_RANGE)).toBe(true);
      expect(inside(row, keyspace.outboxRangeAfter(source))).toBe(false);
    }),
  );
});

test("timers sort by due time whatever else they hold, and a range ends exactly at its bounds", () => {
  fc.assert(
    fc.property(timer, timer, (a, b) => {
      fc.pre(a.due !== b.due);
      expect(keyspace.timerKey(a) < keyspace.timerKey(b)).toBe(a.due < b.due);
    }),
  );
  fc.assert(
    fc.property(timer, ms, ms, (row, from, until) => {
      expect(inside(keyspace.timerKey(row), keyspace.timerRange({ from, until }))).toBe(
        row.due >= from && row.due <= until,
      );
    }),
  );
});

test("no prefix covers the rows of another", () => {
  const one = { kind: "k", id: "i" };
  const position = { actor: one, at: 1, revision: 1, digest: "d" };
  const keys = [
    keyspace.FORMAT_KEY,
    keyspace.recordKey(one),
    keyspace.journalKey(one, 1),
    keyspace.outboxKey({ source: "k", actor: one, key: "1.a" }),
    keyspace.timerKey({ due: 1, actor: one, timerId: "t" }),
    keyspace.indexKey({ kind: "k", index: "i", createdAt: 1, id: "x" }),
    keyspace.feedKey(1),
    keyspace.replyKey("k"),
    keyspace.deadLetterKey(position),
    keyspace.deadLetterTimeKey(position),
    keyspace.quarantineKey(one),
    keyspace.inboxKey(one, 1),
    keyspace.metaKey("k"),
  ];
  expect(new Set(keys.map((key) => key.slice(0, 2))).size).toBe(keys.length);
  expect(keys.every((key) => inside(key, keyspace.WHOLE_RANGE))).toBe(true);
  expect(keyspace.deadLetterPositionOf(keyspace.deadLetterTimeKey(position))).toEqual(position);
});

test("a key that no release wrote is damage, not a row", () => {
  for (const key of ["t!12", "t!soon!k!i!t", "t!0000000000001!k!i"]) {
    expect(() => keyspace.timerOf(key)).toThrow(expect.objectContaining({ code: "store_corrupt" }));
  }
});

test("a number that would not sort is refused", () => {
  for (const sequence of [-1, 0.5, Number.NaN, 2 ** 53])
    expect(() => keyspace.feedKey(sequence)).toThrow(/whole number/);
  expect(() => keyspace.journalKey({ kind: "k", id: "i" }, 10_000_000_000)).toThrow(/10 digits/);
});
