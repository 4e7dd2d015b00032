import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeldNames } from "../../src/http/held-names.ts";
import { buildLazyValidator } from "../../src/http/lazy-validation.ts";
import { FIELD_ERRORS_MAX, WHOLE_CHECK_VALUES_MAX } from "../../src/http/bounds.ts";
import { canonicalJson, derivedId } from "../../src/http/idempotency.ts";
import { redact } from "../../src/http/redaction.ts";
import { parseJsonBody } from "../../src/http/validation.ts";
import { isFault } from "../../src/domain/errors.ts";

describe("canonical JSON", () => {
  test("is the same text for the same value, whatever the order of keys, and reads back to it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(shuffled(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test("differs for different values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same =
          JSON.stringify(shuffled(JSON.parse(canonicalJson(a)))) ===
          JSON.stringify(shuffled(JSON.parse(canonicalJson(b))));
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      }),
    );
  });
});

describe("derived ids", () => {
  test("follow from the key and the part, and from nothing else", () => {
    expect(derivedId("po", { key: "k".repeat(43) })).toBe(`po_${"k".repeat(22)}`);
    const ids = ["a", "b", "a\nb"].map((part) => derivedId("po", { key: "k", part }));
    expect(new Set(ids).size).toBe(3);
    expect(derivedId("po", { key: "k", part: "a" })).toBe(ids[0]);
  });
});

describe("a schema", () => {
  const item = {
    type: "object",
    required: ["to"],
    properties: { to: { type: "string" } },
    additionalProperties: false,
  };
  const schema = { type: "object", required: ["items"], properties: { items: { type: "array", items: item } } };
  const compile = buildLazyValidator(
    {},
    { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
  );
  const check = compile({ schema, method: "POST", url: "/", httpPart: "body" });
  const wrong = (data: unknown) => (check(data) === true ? [] : (check.errors ?? []));

  test("names every wrong field of a usual request", () => {
    expect(wrong({ items: [{ to: "a" }] })).toEqual([]);
    const found = wrong({ items: [{}, { to: "a", extra: 1 }, { to: 1 }] });
    expect(found.map(({ instancePath }) => instancePath)).toEqual(["/items/0", "/items/1", "/items/2/to"]);
    expect(wrong({ items: [{ to: "a" }] })).toEqual([]);
  });

  test("names no more than an answer holds, however many are wrong", () => {
    expect(wrong({ items: Array.from({ length: WHOLE_CHECK_VALUES_MAX / 2 }, () => ({})) })).toHaveLength(
      FIELD_ERRORS_MAX,
    );
  });

  test("names the first wrong field of a large request, and looks no further", () => {
    const many = Array.from({ length: WHOLE_CHECK_VALUES_MAX + 1 }, () => ({}));
    expect(wrong({ items: many })).toHaveLength(1);
    expect(wrong({ items: [Object.fromEntries(many.map((value, i) => [`k${i}`, value]))] })).toHaveLength(1);
    expect(wrong({ items: many.map(() => ({ to: "a" })) })).toEqual([]);
    let deep: unknown = [];
    for (let i = 0; i < WHOLE_CHECK_VALUES_MAX; i += 1) deep = [deep];
    expect(wrong({ items: deep })).toHaveLength(1);
  });
});

describe("bodies", () => {
  test("any text either parses to what JSON says or is refused with a code, and never touches a prototype", () => {
    const keys = fc.constantFrom("__proto__", "constructor", "prototype", "a", "to");
    const nested = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.array(fc.tuple(keys, tie("value")), { maxLength: 3 }),
      ),
    })).value;
    const write = (value: unknown): string => {
      if (!Array.isArray(value)) return JSON.stringify(value) ?? "null";
      if (
        value.length > 0 &&
        value.every((item) => Array.isArray(item) && item.length === 2 && typeof item[0] === "string")
      )
        return `{${value.map(([key, inner]) => `${JSON.stringify(key)}:${write(inner)}`).join(",")}}`;
      return `[${value.map(write).join(",")}]`;
    };
    fc.assert(
      fc.property(nested, (value) => {
        const text = write(value);
        try {
          expect(parseJsonBody(text)).toEqual(JSON.parse(text));
          // A repeated name keeps only its last value: what counts is what is left.
          expect(JSON.stringify(JSON.parse(text))).not.toMatch(/"(__proto__|constructor)":/);
        } catch (error) {
          if (!isFault(error)) throw error;
          expect(error.code).toBe("validation_failed");
          expect(text).toMatch(/"(__proto__|constructor)":/);
        }
        expect(Reflect.get({}, "a")).toBeUndefined();
      }),
    );
  });
});

describe("held names", () => {
  test("at most one holder at a time, all served in turn, and no two requests ever wait for each other", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }), { maxLength: 12 }),
        async (requests) => {
          const ids = new HeldNames();
          const held = new Set<string>();
          let served = 0;
          await Promise.all(
            requests.map((wanted) =>
              ids.holding(wanted, async () => {
                for (const id of wanted) {
                  expect(held.has(id)).toBe(false);
                  held.add(id);
                }
                await Promise.resolve();
                for (const id of wanted) held.delete(id);
                served += 1;
              }),
            ),
          );
          expect(served).toBe(requests.length);
        },
      ),
    );
  });

  test("an id is free again after work that failed", async () => {
    const ids = new HeldNames();
    await expect(ids.holding(["a"], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await ids.holding(["a", "a"], async () => "yes")).toBe("yes");
  });
});

describe("redaction", () => {
  test("bytes become length and hash at any depth, and nothing else changes", () => {
    const record = { a: [{ output: { signedHex: "00ff", txId: "ab" } }], rawHex: undefined, n: 1 };
    expect(redact(record)).toEqual({
      a: [
        {
          output: {
            signedHex: { bytes: 2, sha256: "06eb7d6a69ee19e5fbdf749018d3d2abfa04bcbd1365db312eb86dc7169389b8" },
            txId: "ab",
          },
        },
      ],
      rawHex: "[bytes]",
      n: 1,
    });
    let deep: unknown = "end";
    for (let i = 0; i < 20; i += 1) deep = { deep };
    expect(JSON.stringify(redact(deep))).toContain("[deep]");
  });
});

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, shuffled(inner)])
      .toSorted(([a], [b]) => (a < b ? 1 : -1)),
  );
}
