/**
 * Money as whole base units. TRX and USDT both have 6 decimals; they are never mixed.
 *
 * M1. Inside the process an amount is a non-negative `bigint` of base units (sun, or 10^-6 USDT).
 * M2. In records and messages it is `Units`: the same integer as canonical decimal text, because JSON has no bigint.
 * M3. Outside it is decimal text ("12.5"). No float ever touches an amount; a seventh decimal is refused, never rounded.
 */
import { Type } from "typebox";

declare const unitsBrand: unique symbol;
/** An integer of base units as canonical decimal text: "0", "10000000". Never negative, no leading zeros. */
export type Units = string & { readonly [unitsBrand]: "units" };

export const ASSETS = ["USDT", "TRX"] as const;
export type Asset = (typeof ASSETS)[number];

export const UNITS_PER_COIN = 1_000_000n;
/** int64, the largest amount a TRON transaction can carry. */
export const AMOUNT_MAX = 9_223_372_036_854_775_807n;

export const UnitsSchema = Type.Unsafe<Units>(Type.String({ pattern: "^(0|[1-9][0-9]{0,18})$" }));
export const AssetSchema = Type.Union([Type.Literal("USDT"), Type.Literal("TRX")]);
/** What the API accepts: at most 6 decimals, no sign, no exponent. */
export const DECIMAL_PATTERN = "^(0|[1-9][0-9]{0,12})(\\.[0-9]{1,6})?$";

export const ZERO = "0" as Units;

export function units(value: bigint): Units {
  if (value < 0n || value > AMOUNT_MAX) throw new RangeError(`amount out of range: ${value}`);
  return value.toString() as Units;
}

export function big(value: Units): bigint {
  return BigInt(value);
}

export function add(a: Units, b: Units): Units {
  return units(BigInt(a) + BigInt(b));
}

/** Stays at the largest amount: what nobody can have is refused for lack of funds, not as a bug. */
export function saturatingAdd(a: Units, b: Units): Units {
  const sum = BigInt(a) + BigInt(b);
  return units(sum > AMOUNT_MAX ? AMOUNT_MAX : sum);
}

/** Throws when the result would be negative: a ledger bug, never an input error. */
export function subtract(a: Units, b: Units): Units {
  return units(BigInt(a) - BigInt(b));
}

/** `a - b`, but never below zero. */
export function saturatingSubtract(a: Units, b: Units): Units {
  const difference = BigInt(a) - BigInt(b);
  return units(difference < 0n ? 0n : difference);
}

export function lesser(a: Units, b: Units): Units {
  return isLess(b, a) ? b : a;
}

export function isLess(a: Units, b: Units): boolean {
  return BigInt(a) < BigInt(b);
}

const decimal = new RegExp(DECIMAL_PATTERN);

/** "12.5" -> 12500000. `undefined` when the text is not a plain decimal with at most 6 places that fits int64. */
export function parseDecimal(text: string): Units | undefined {
  if (!decimal.test(text)) return undefined;
  const [whole = "0", fraction = ""] = text.split(".");
  const value = BigInt(whole) * UNITS_PER_COIN + BigInt(fraction.padEnd(6, "0"));
  return value > AMOUNT_MAX ? undefined : units(value);
}

/** 12500000 -> "12.5". The inverse of `parseDecimal`, without trailing zeros. */
export function formatDecimal(value: Units): string {
  const whole = BigInt(value) / UNITS_PER_COIN;
  const fraction = (BigInt(value) % UNITS_PER_COIN).toString().padStart(6, "0").replace(/0+$/, "");
  return fraction === "" ? whole.toString() : `${whole}.${fraction}`;
}
