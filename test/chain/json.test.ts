import fc from "fast-check";
import { parse } from "lossless-json";
import { expect, test } from "vitest";
import { parseLossless } from "../../src/chain/json.ts";

test("integers that a float holds exactly are numbers, larger ones are bigints", () => {
  expect(parseLossless('{"a":0,"b":-5,"c":9007199254740991}')).toEqual({ a: 0, b: -5, c: 9_007_199_254_740_991 });
  expect(parseLossless('{"a":9007199254740993}')).toEqual({ a: 9_007_199_254_740_993n });
  expect(parseLossless("[9223372036854775807,-9223372036854775808]")).toEqual([
    9_223_372_036_854_775_807n,
    -9_223_372_036_854_775_808n,
  ]);
});

test.each(["1.5", "1.0", "1e3", "1E3", "0.1", '{"a":[1,2.5]}', "9223372036854775808", "-9223372036854775809"])(
  "a number that is not an integer of int64 is an error: %s",
  (text) => {
    expect(() => parseLossless(text)).toThrow(SyntaxError);
  },
);

test.each([
  "",
  "{",
  '{"a":1',
  "<html>",
  "undefined",
  "this API is closed because this node is a lite fullnode",
  "01",
  "NaN",
  '"a',
])("text that is not JSON is an error: %s", (text) => {
  expect(() => parseLossless(text)).toThrow(SyntaxError);
});

test("digits, signs and points inside strings are only text", () => {
  const value = { a: '1.5e9 -3 \\" 99999999999999999999', "-1.5": "12345678901234567890", b: "\\\\" };
  expect(parseLossless(JSON.stringify(value))).toEqual(value);
});

test("keys that are special in this language are ordinary keys and change no prototype", () => {
  const value = parseLossless('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
  expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("whatever a node sends, the fast way and the careful way read the same", () => {
  const careful = (text: string) =>
    parse(text, undefined, {
      parseNumber: (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)),
    });
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const leaf = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), integer, fc.nat());
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("node")),
      fc.dictionary(fc.string(), tie("node"), { noNullPrototype: true }),
    ),
  })).node;
  const write = (value: unknown): string => {
    if (typeof value === "bigint") return value.toString();
    if (Array.isArray(value)) return `[${value.map(write).join(" , ")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    return `{${Object.entries(value)
      .map(([key, field]) => `${JSON.stringify(key)} : ${write(field)}`)
      .join(",")}}`;
  };
  fc.assert(
    fc.property(tree, (value) => {
      const text = write(value);
      expect(parseLossless(text)).toEqual(careful(text));
    }),
  );
  expect.hasAssertions();
});
