/**
 * A small protobuf codec driven by tables of fields.
 *
 * P1. `encode` writes fields in the order of their numbers and leaves out zero, false and empty ones (proto3).
 * P2. `decode` accepts exactly what `encode` writes: an unknown field, a repeated scalar, a longer varint than needed,
 *     another order or a trailing byte is refused. Two decoders that disagree about bytes would disagree about money.
 * P3. bytes are lower-case hex, int64 is bigint, an absent nested message is `undefined`.
 * P4. The entries of a map stand in the order in which they came, and both halves of an entry are always written, also
 *     when they are zero: so do the libraries of Java and of TronWeb.
 */
import { Fault } from "../domain/errors.ts";
import { fromHex, isHex, toHex } from "./bytes.ts";

export type Scalar = "bytes" | "string" | "int64" | "int32" | "enum" | "bool";
export type Field = {
  readonly n: number;
  readonly is: Scalar | Shape;
  readonly repeated?: true;
  /** A map is a list of entries `key` and `value`; see P4. */
  readonly map?: true;
  /** How the HTTP API spells these bytes when `visible` is on; the bytes are the same. */
  readonly shown?: "address" | "text";
  /** The names of an enum's numbers. */
  readonly names?: readonly string[];
};
export type Shape = { readonly [name: string]: Field };

type ScalarValue<K> = K extends "bytes" | "string"
  ? string
  : K extends "int64"
    ? bigint
    : K extends "bool"
      ? boolean
      : number;
type FieldValue<F extends Field> = F extends { repeated: true }
  ? readonly (F["is"] extends Shape ? MessageOf<F["is"]> : ScalarValue<F["is"]>)[]
  : F["is"] extends Shape
    ? MessageOf<F["is"]> | undefined
    : ScalarValue<F["is"]>;
export type MessageOf<S extends Shape> = { readonly [K in keyof S]: FieldValue<S[K]> };

export type Value = string | bigint | number | boolean | Message | readonly Value[] | undefined;
export type Message = { readonly [name: string]: Value };

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMessage(value: Value): value is Message {
  return typeof value === "object" && !Array.isArray(value);
}

const NESTING_MAX = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true });

export function encode<S extends Shape>(shape: S, message: MessageOf<S>): Uint8Array {
  return fromHex(encodeFields(shape, message));
}

/** Throws `Fault("tx_malformed")` for anything but the canonical bytes of a message of this shape. */
export function decode<S extends Shape>(shape: S, bytes: Uint8Array): MessageOf<S> {
  const message = decodeFields(shape, bytes, 0);
  if (encodeFields(shape, message) !== toHex(bytes)) malformed("the encoding is not canonical");
  return message as MessageOf<S>;
}

/** A message that was made field by field along `shape`, with the type of that shape; encoding checks every field. */
export function messageAs<S extends Shape>(shape: S, message: Message): MessageOf<S> {
  const names = Object.keys(shape);
  if (names.some((name) => !Object.hasOwn(message, name))) malformed("a field of the message is missing");
  return message as MessageOf<S>;
}

type NamedField = readonly [name: string, field: Field];
type Layout = { readonly ordered: readonly NamedField[]; readonly byNumber: ReadonlyMap<number, NamedField> };

const layouts = new WeakMap<Shape, Layout>();

function layoutOf(shape: Shape): Layout {
  const known = layouts.get(shape);
  if (known !== undefined) return known;
  const ordered = Object.entries(shape).toSorted(([, a], [, b]) => a.n - b.n);
  const layout = { ordered, byNumber: new Map(ordered.map((named) => [named[1].n, named])) };
  layouts.set(shape, layout);
  return layout;
}

/** As hex: its pieces are joined without a copy, and bytes are hex already (P3). */
function encodeFields(shape: Shape, message: Message, whole = false): string {
  let hex = "";
  for (const [name, field] of layoutOf(shape).ordered) {
    const value = message[name];
    if (isList(value)) for (const item of value) hex += encodeField(field, item);
    else if (whole || !isDefault(value)) hex += encodeField(field, value);
  }
  return hex;
}

function encodeField(field: Field, value: Value): string {
  const { n, is } = field;
  if (typeof is === "object") {
    return isMessage(value) ? lengthDelimited(n, encodeFields(is, value, field.map)) : mismatch(n);
  }
  if (is === "bytes" && typeof value === "string") return lengthDelimited(n, hexOf(value));
  if (is === "string" && typeof value === "string") return lengthDelimited(n, toHex(Buffer.from(value, "utf8")));
  if (is === "bool" && typeof value === "boolean") return varint(n << 3) + varint(value ? 1 : 0);
  if (is === "int64" && typeof value === "bigint") return varint(n << 3) + varint(value);
  if ((is === "int32" || is === "enum") && typeof value === "number") return varint(n << 3) + varint(BigInt(value));
  return mismatch(n);
}

function hexOf(text: string): string {
  return isHex(text) ? text.toLowerCase() : malformed("not a hex string");
}

function lengthDelimited(n: number, hex: string): string {
  return varint((n << 3) | 2) + varint(hex.length / 2) + hex;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function varint(value: number | bigint): string {
  let hex = "";
  let rest = typeof value === "number" ? value : BigInt.asUintN(64, value);
  // Above 2^53 digit by digit as bigint, below as number, which is much faster.
  while (rest > Number.MAX_SAFE_INTEGER) {
    hex += BYTES[Number(BigInt(rest) & 0x7fn) | 0x80];
    rest = BigInt(rest) >> 7n;
  }
  let low = Number(rest);
  while (low >= 0x80) {
    hex += BYTES[(low % 0x80) | 0x80];
    low = Math.floor(low / 0x80);
  }
  return hex + BYTES[low];
}

function isDefault(value: Value): boolean {
  return value === undefined || value === 0n || value === 0 || value === false || value === "";
}

type Cursor = { readonly bytes: Uint8Array; at: number };

function decodeFields(shape: Shape, bytes: Uint8Array, depth: number): Message {
  if (depth > NESTING_MAX) malformed("nested too deep");
  const message: Record<string, Value> = {};
  const { ordered, byNumber } = layoutOf(shape);
  for (const [name, field] of ordered) message[name] = defaultOf(field);
  const cursor: Cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readNumber(cursor);
    const known = byNumber.get(Math.floor(tag / 8));
    if (known === undefined) malformed(`unknown field ${Math.floor(tag / 8)}`);
    const [name, field] = known;
    if (tag % 8 !== (isVarint(field) ? 0 : 2)) malformed(`field ${field.n} has the wrong wire type`);
    const value = readValue(field, cursor, depth);
    const before = message[name];
    message[name] = isList(before) ? [...before, value] : value;
  }
  return message;
}

function defaultOf(field: Field): Value {
  if (field.repeated) return [];
  if (typeof field.is === "object") return undefined;
  if (field.is === "bytes" || field.is === "string") return "";
  if (field.is === "int64") return 0n;
  return field.is === "bool" ? false : 0;
}

function isVarint(field: Field): boolean {
  return field.is === "int64" || field.is === "int32" || field.is === "enum" || field.is === "bool";
}

function readValue(field: Field, cursor: Cursor, depth: number): Value {
  if (isVarint(field)) {
    const value = readVarint(cursor);
    if (field.is === "int64") return BigInt.asIntN(64, value);
    return field.is === "bool" ? value !== 0n : Number(BigInt.asIntN(32, value));
  }
  const length = readNumber(cursor);
  if (length > cursor.bytes.length - cursor.at) malformed("the message is cut short");
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  if (typeof field.is === "object") return decodeFields(field.is, bytes, depth + 1);
  if (field.is === "bytes") return toHex(bytes);
  try {
    return utf8.decode(bytes);
  } catch {
    return malformed("a string is not UTF-8");
  }
}

/** A tag or a length: nearly always one byte. */
function readNumber(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at] ?? 0x80;
  if (byte >= 0x80) return Number(readVarint(cursor));
  cursor.at += 1;
  return byte;
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  let low = 0;
  for (let digit = 0; digit < 10; digit += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) malformed("the message is cut short");
    cursor.at += 1;
    // Seven digits of 7 bits fit a number exactly.
    if (digit < 7) low += (byte & 0x7f) * 2 ** (7 * digit);
    else value |= BigInt(byte & 0x7f) << BigInt(7 * digit);
    if (byte < 0x80) return BigInt.asUintN(64, value + BigInt(low));
  }
  return malformed("a number is too long");
}

function malformed(why: string): never {
  throw new Fault("tx_malformed", why);
}

function mismatch(n: number): never {
  throw new Fault("tx_malformed", `field ${n} has a value of the wrong type`);
}
