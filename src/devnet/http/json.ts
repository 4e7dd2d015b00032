/** JSON with exact integers: int64 is bigint here and a plain number on the wire, as java-tron writes it. */

export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Json[]
  | readonly Json[]
  | { readonly [key: string]: Json };

declare global {
  interface JSON {
    /** A value that `stringify` copies as it stands. In every V8 of Node 24, not yet in TypeScript's library. */
    rawJSON(text: string): object;
  }
}

const LONG_NUMBER = /[0-9]{16}/;

export function toJson(value: Json, options?: { int64AsString: boolean }): string {
  return jsonTextOf(value, options);
}

/** The same of what `fromJson` gave. A copy without bigint is made first: to call back for each value costs far more. */
export function jsonTextOf(value: unknown, options?: { int64AsString: boolean }): string {
  return JSON.stringify(shown(value, options?.int64AsString === true));
}

function shown(value: unknown, asString: boolean): unknown {
  if (typeof value === "bigint") return asString ? value.toString() : shownNumber(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(item, asString));
  const copy: Record<string, unknown> = { __proto__: null };
  for (const [name, item] of Object.entries(value)) copy[name] = shown(item, asString);
  return copy;
}

function shownNumber(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : JSON.rawJSON(value.toString());
}

/** Integers beyond 2^53 come out as bigint. Throws SyntaxError. */
export function fromJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const reviver = (_: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    const inexact = typeof value === "number" && !Number.isSafeInteger(value);
    return inexact && source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, reviver);
}

/** proto3: what is zero or empty is left out. */
export function int64(value: number | bigint): bigint | undefined {
  return value === 0 || value === 0n ? undefined : BigInt(value);
}

export function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}
