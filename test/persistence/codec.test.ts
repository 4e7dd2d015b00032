import fc from "fast-check";
import { Type } from "typebox";
import { expect, test } from "vitest";
import { UnitsSchema } from "../../src/domain/money.ts";
import { JsonText } from "../../src/domain/records.ts";
import { Codec } from "../../src/persistence/codec.ts";
import { recordOf } from "./support/records.ts";

const KEY = "s!payout!po_1";
const record = recordOf({ kind: "payout", id: "po_1" }, 1);
const codec = new Codec();

test("any plain JSON value comes back equal", () => {
  const plain = fc.jsonValue({ noUnicodeString: false, maxDepth: 4 });
  fc.assert(
    fc.property(plain, (value) => {
      // JSON knows no negative zero.
      const expected = JSON.parse(JSON.stringify(value)) as unknown;
      expect(codec.decode("meta", KEY, codec.encode("meta", KEY, value))).toEqual(expected);
    }),
  );
});

test("a reply is the same on disk whether its body is a value or the text of one", () => {
  const body = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }));
  fc.assert(
    fc.property(body, (value) => {
      const reply = { fingerprint: "f", at: 1, status: 202, body: value };
      const stored = codec.encode("reply", "r!key", { ...reply, body: new JsonText(value) });
      expect(stored).toBe(codec.encode("reply", "r!key", reply));
      expect(JSON.stringify(codec.decode("reply", "r!key", stored).body)).toBe(JSON.stringify(value));
      expect(codec.encode("meta", KEY, { part: new JsonText(value) })).toBe(codec.encode("meta", KEY, { part: value }));
    }),
  );
});

test("no change of a stored text comes back as a value", () => {
  const text = codec.encode("record", KEY, record);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ change) + text.slice(at + 1);
      expect(() => codec.decode("record", KEY, changed)).toThrow(expect.objectContaining({ code: "store_corrupt" }));
    }),
  );
});

test("a stored shape that its schema does not know is damage that names key, field and what to do", () => {
  const stored = codec.encode("meta", KEY, { ...record, revision: "one" });
  expect(() => codec.decode("record", KEY, stored)).toThrow(
    expect.objectContaining({
      code: "store_corrupt",
      message: expect.stringMatching(/key s!payout!po_1: record \/revision .*restore the last backup/),
    }),
  );
});

const strict = new Codec({
  payout: { version: "2", schema: Type.Object({ amount: UnitsSchema }, { additionalProperties: false }) },
});

test("the context of a kind with a schema is checked when it is written and when it is read", () => {
  const current = { ...record, version: "2" };
  expect(strict.decode("record", KEY, strict.encode("record", KEY, current))).toEqual(current);
  for (const context of [{}, { amount: 5 }, { amount: "0.5" }, { amount: "1", more: true }, null]) {
    const wrong = { ...current, context };
    expect(() => strict.encode("record", KEY, wrong)).toThrow(/refused to store s!payout!po_1: context/);
    expect(() => strict.decode("record", KEY, codec.encode("record", KEY, wrong))).toThrow(
      expect.objectContaining({ code: "store_corrupt", message: expect.stringContaining("context") }),
    );
  }
});

test("a record of an older machine version is read unchecked, so that the engine can migrate it", () => {
  const old = { ...record, version: "1", context: { cents: 3 } };
  expect(strict.decode("record", KEY, strict.encode("record", KEY, old))).toEqual(old);
});

test("a kind without a schema stores any plain context", () => {
  const wallet = { ...record, kind: "wallet", version: "2", context: [null] };
  expect(strict.decode("record", "s!wallet!po_1", strict.encode("record", "s!wallet!po_1", wallet))).toEqual(wallet);
});
