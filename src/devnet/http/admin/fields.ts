/** Reading what a caller of the control endpoints sent. Every reader throws `BadRequest` with the name of the field. */
import { isTronAddress } from "../../../tron/address.ts";
import type { TronAddress } from "../../../domain/chain-facts.ts";
import { fromJson } from "../json.ts";

/** The caller is told; nothing has happened. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadRequest";
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** An empty body has no fields. */
export function fieldsOf(body: string): Fields {
  if (body.trim() === "") return {};
  const parsed = parsedOf(body);
  if (!isFields(parsed)) throw new BadRequest("the body must be a JSON object");
  return parsed;
}

function parsedOf(body: string): unknown {
  try {
    return fromJson(body);
  } catch {
    throw new BadRequest("the body is not JSON");
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses a misspelt field instead of ignoring it. */
export function allow(fields: Fields, names: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new BadRequest(`unknown field ${unknown.slice(0, 40)}; known: ${names.join(", ") || "none"}`);
  }
}

export function whole(fields: Fields, name: string, range: { min: number; max: number; absent?: number }): number {
  const value = fields[name] ?? range.absent;
  const number = typeof value === "string" && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= range.min && number <= range.max) {
    return number;
  }
  throw new BadRequest(`${name} must be a whole number from ${range.min} to ${range.max}`);
}

export function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== "boolean") throw new BadRequest(`${name} must be true or false`);
  return value;
}

/** Base units, as text or as a whole number; absent is allowed. */
export function units(fields: Fields, name: string): bigint | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  const text = isWhole ? value.toString() : value;
  if (typeof text === "string" && /^[1-9][0-9]{0,18}$/.test(text)) return BigInt(text);
  throw new BadRequest(`${name} must be a positive whole number of base units, as text`);
}

export function address(fields: Fields, name: string): TronAddress {
  const value = fields[name];
  if (typeof value === "string" && isTronAddress(value)) return value;
  throw new BadRequest(`${name} must be a base58 address`);
}

export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length <= 1_000) return value;
  throw new BadRequest(`${name} must be a text`);
}

export function oneOf<T extends string>(fields: Fields, name: string, words: readonly T[]): T {
  const value = fields[name];
  const found = words.find((word) => word === value);
  if (found === undefined) throw new BadRequest(`${name} must be one of ${words.join(", ")}`);
  return found;
}

export function texts(value: unknown, name: string): string[] {
  if (Array.isArray(value) && value.every((item): item is string => typeof item === "string")) return value;
  throw new BadRequest(`${name} must be a list of texts`);
}
