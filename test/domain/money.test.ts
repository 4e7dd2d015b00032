import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ERRORS, Fault, isFault, refuse } from "../../src/domain/errors.ts";
import {
  add,
  AMOUNT_MAX,
  big,
  formatDecimal,
  isLess,
  parseDecimal,
  saturatingSubtract,
  subtract,
  units,
  ZERO,
} from "../../src/domain/money.ts";

const amounts = fc.bigInt({ min: 0n, max: AMOUNT_MAX });

describe("amounts", () => {
  test("every amount survives the way out as decimal text and back", () => {
    fc.assert(
      fc.property(amounts, (value) => {
        expect(parseDecimal(formatDecimal(units(value)))).toBe(units(value));
      }),
    );
  });

  test("decimal text with at most six places is read exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000 }), fc.stringMatching(/^[0-9]{0,6}$/), (whole, places) => {
        const text = places === "" ? `${whole}` : `${whole}.${places}`;
        expect(parseDecimal(text)).toBe(units(BigInt(whole) * 1_000_000n + BigInt(places.padEnd(6, "0") || "0")));
      }),
    );
  });

  test.each([
    ["a seventh decimal", "0.0000001"],
    ["a negative amount", "-1"],
    ["a sign", "+1"],
    ["an exponent", "1e3"],
    ["a leading zero", "01"],
    ["a point without digits", "1."],
    ["no digits before the point", ".5"],
    ["a comma", "1,5"],
    ["white space", " 1"],
    ["nothing", ""],
    ["a word", "NaN"],
    ["hexadecimal", "0x10"],
    ["more than int64 holds", "9223372036854.775808"],
    ["digits of another script", "١٢"],
  ])("%s is refused, never rounded", (_what, text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  test("the largest amount is that of int64", () => {
    expect(parseDecimal("9223372036854.775807")).toBe(units(AMOUNT_MAX));
    expect(() => units(AMOUNT_MAX + 1n)).toThrow(RangeError);
    expect(() => units(-1n)).toThrow(RangeError);
  });

  test("sums and differences are those of integers, and a negative result is a bug", () => {
    const small = fc.bigInt({ min: 0n, max: AMOUNT_MAX / 2n });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(big(add(units(a), units(b)))).toBe(a + b);
        expect(isLess(units(a), units(b))).toBe(a < b);
        expect(big(saturatingSubtract(units(a), units(b)))).toBe(a > b ? a - b : 0n);
        if (a >= b) expect(big(subtract(units(a), units(b)))).toBe(a - b);
        else expect(() => subtract(units(a), units(b))).toThrow(RangeError);
      }),
    );
    expect(ZERO).toBe("0");
  });
});

describe("errors", () => {
  test("a fault says its code, and whether trying again can help", () => {
    const fault = new Fault("chain_timeout", undefined, { cause: new Error("slow"), evidence: { node: "a" } });
    expect(fault).toMatchObject({ code: "chain_timeout", retryable: true, message: ERRORS.chain_timeout.title });
    expect(isFault(fault)).toBe(true);
    expect(isFault(new Error("no fault"))).toBe(false);
  });

  test("a refusal carries its evidence only when there is some", () => {
    expect(refuse("not_found", "gone")).toEqual({ code: "not_found", detail: "gone" });
    expect(refuse("not_found", "gone", { id: "x" })).toEqual({
      code: "not_found",
      detail: "gone",
      evidence: { id: "x" },
    });
  });
});
