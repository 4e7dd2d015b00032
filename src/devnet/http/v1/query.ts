/** The parameters of a history request. Names may be snake_case or camelCase, as at the provider. */
import { isHex41, isTronAddress, toHex41 } from "../../../tron/address.ts";
import { sha256 } from "../../../tron/hashes.ts";
import { toHex } from "../../../tron/bytes.ts";
import type { Place } from "./history.ts";

/** HTTP 400 in the shape of the provider. */
export class QueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "QueryError";
  }
}

export type Query = {
  readonly text: ReadonlyMap<string, string>;
  readonly onlyConfirmed: boolean;
  readonly onlyUnconfirmed: boolean;
  readonly onlyTo: boolean;
  readonly onlyFrom: boolean;
  readonly searchInternal: boolean;
  readonly limit: number;
  /** The field that was named, if one was. */
  readonly orderBy: string | undefined;
  readonly ascending: boolean;
  /** Block time in ms, both ends included. */
  readonly from: number;
  readonly to: number;
  /** The last item of the page before. */
  readonly after: Place | undefined;
  /** What a fingerprint is bound to: the path and every other parameter. */
  readonly sum: string;
};

const LIMIT = 20;
const LIMIT_MAX = 200;

const IN_TIME = ["block_timestamp", "timestamp", "block_number"];

/** `orders`: the fields that this list can be sorted by. Throws `QueryError`. */
export function queryOf(url: string, orders: readonly string[] = IN_TIME): Query {
  const [path = "", search = ""] = url.split(/\?(.*)/s);
  const text = new Map([...new URLSearchParams(search)].map(([name, value]) => [snake(name), value]));
  const sum = sumOf(path, text);
  const onlyConfirmed = flagOf(text, "only_confirmed") ?? false;
  const onlyUnconfirmed = flagOf(text, "only_unconfirmed") ?? false;
  return {
    text,
    onlyConfirmed: onlyConfirmed && !onlyUnconfirmed,
    onlyUnconfirmed: onlyUnconfirmed && !onlyConfirmed,
    onlyTo: flagOf(text, "only_to") ?? false,
    onlyFrom: flagOf(text, "only_from") ?? false,
    searchInternal: flagOf(text, "search_internal") ?? true,
    limit: limitOf(text),
    ...orderOf(text, orders),
    from: timeOf(text, ["min_timestamp", "min_block_timestamp"]) ?? 0,
    to: timeOf(text, ["max_timestamp", "max_block_timestamp"]) ?? Number.MAX_SAFE_INTEGER,
    after: placeOf(text.get("fingerprint"), sum),
    sum,
  };
}

export function fingerprintOf(place: Place, sum: string): string {
  return Buffer.from(JSON.stringify([place.number, place.at, place.log, sum]), "utf8").toString("base64url");
}

/** An address in any of the provider's spellings: base58, 41…, 0x…. */
export function addressFrom(text: string): string | undefined {
  const hex = text.toLowerCase().replace(/^0x(?=[0-9a-f]{40}$)/, "41");
  if (isTronAddress(text)) return toHex41(text);
  return isHex41(hex) ? hex : undefined;
}

/** A parameter that must be an address if it is there. Throws `QueryError`. */
export function addressParameter(query: Query, name: string): string | undefined {
  const text = query.text.get(name);
  if (text === undefined) return undefined;
  const address = addressFrom(text);
  if (address === undefined) throw invalid(`${name} must be a valid address`);
  return address;
}

export function wholeParameter(query: Query, name: string): number | undefined {
  const text = query.text.get(name);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw invalid(`${name} must be a whole number`);
  return Number(text);
}

function invalid(reason: string): QueryError {
  return new QueryError(`Invalid query filter(s)!: [${reason}]`);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function flagOf(text: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const value = text.get(name);
  if (value === undefined || value === "") return undefined;
  if (value !== "true" && value !== "false") throw invalid(`${name} must be true or false`);
  return value === "true";
}

function limitOf(text: ReadonlyMap<string, string>): number {
  const value = text.get("limit");
  if (value === undefined) return LIMIT;
  const limit = /^[0-9]{1,6}$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > LIMIT_MAX) throw invalid(`limit must be 1 to ${LIMIT_MAX}`);
  return limit;
}

function orderOf(text: ReadonlyMap<string, string>, orders: readonly string[]): Pick<Query, "orderBy" | "ascending"> {
  const value = text.get("order_by");
  if (value === undefined) return { orderBy: undefined, ascending: false };
  const [field = "", direction = "desc"] = value.split(",");
  if (!orders.includes(field) || (direction !== "asc" && direction !== "desc")) {
    throw invalid(`order_by must be ${orders.join(" or ")}, with ,asc or ,desc`);
  }
  return { orderBy: field, ascending: direction === "asc" };
}

function timeOf(text: ReadonlyMap<string, string>, names: readonly string[]): number | undefined {
  const name = names.find((each) => text.has(each));
  const value = name === undefined ? undefined : text.get(name);
  if (name === undefined || value === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed)) throw invalid(`${name} must be a time in ms`);
  return parsed;
}

function sumOf(path: string, text: ReadonlyMap<string, string>): string {
  const others = [...text].filter(([name]) => name !== "fingerprint").toSorted(([a], [b]) => (a < b ? -1 : 1));
  return toHex(sha256(Buffer.from(JSON.stringify([path, others]), "utf8"))).slice(0, 16);
}

function placeOf(fingerprint: string | undefined, sum: string): Place | undefined {
  if (fingerprint === undefined || fingerprint === "") return undefined;
  const parts = partsOf(fingerprint);
  const [number, at, log, bound] = parts;
  const isPlace = [number, at, log].every((part) => Number.isSafeInteger(part));
  if (!isPlace || bound !== sum) throw invalid("fingerprint does not match current set of params");
  return { number: Number(number), at: Number(at), log: Number(log) };
}

function partsOf(fingerprint: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(fingerprint, "base64url").toString("utf8"));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
