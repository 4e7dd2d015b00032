/**
 * What Java's protobuf says of bytes that are no transaction (CodedInputStream, InvalidProtocolBufferException). It takes
 * more than the devnet does: unknown fields, other orders and needlessly long numbers.
 */
import { isFault } from "../../domain/errors.ts";
import { fromHex } from "../../tron/bytes.ts";
import { NodeError } from "./node-error.ts";

const TRUNCATED =
  "While parsing a protocol message, the input ended unexpectedly in the middle of a field.  This could mean either " +
  "that the input has been truncated or that an embedded message misreported its own length.";
const NEGATIVE_SIZE = "CodedInputStream encountered an embedded string or message which claimed to have negative size.";
const MALFORMED_VARINT = "CodedInputStream encountered a malformed varint.";
const ZERO_TAG = "Protocol message contained an invalid tag (zero).";
const WRONG_WIRE_TYPE = "Protocol message tag had invalid wire type.";
const END_GROUP = "Protocol message end-group tag did not match expected tag.";
const NOT_UTF8 = "Protocol message had invalid UTF-8.";

/** What is in a length-delimited field: a message with such fields of its own, or text; anything else is bytes. */
type Nested = { readonly [field: number]: Nested | "text" };
const ANY: Nested = { 1: "text" };
const RAW: Nested = { 9: {}, 11: { 2: ANY } };
const TRANSACTION: Nested = { 1: RAW, 5: { 14: "text", 26: {}, 28: { 1: "text" } } };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The error for bytes that could not be read as a transaction; `cause` is why the devnet refused them. */
export function wireError(hex: string, cause: unknown): NodeError {
  const bytes = fromHex(hex);
  const cursor = { bytes, at: 0, end: bytes.length };
  const why = isFault(cause) ? cause.message : "unreadable";
  const message = walk(cursor, TRANSACTION) ?? `the devnet takes canonical bytes only: ${why}`;
  return new NodeError("com.google.protobuf.InvalidProtocolBufferException", message);
}

type Cursor = { readonly bytes: Uint8Array; at: number; readonly end: number };

function walk(cursor: Cursor, nested: Nested): string | undefined {
  while (cursor.at < cursor.end) {
    const tag = varint(cursor);
    if (typeof tag === "string") return tag;
    const key = Number(BigInt.asUintN(32, tag));
    if (key >>> 3 === 0) return ZERO_TAG;
    const wrong = skip(cursor, key, nested[key >>> 3]);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function skip(cursor: Cursor, key: number, inside: Nested | "text" | undefined): string | undefined {
  switch (key & 7) {
    case 0: {
      const value = varint(cursor);
      return typeof value === "string" ? value : undefined;
    }
    case 1:
      return advance(cursor, 8);
    case 2:
      return skipDelimited(cursor, inside);
    case 3:
      return skipGroup(cursor, key >>> 3);
    case 4:
      return END_GROUP;
    case 5:
      return advance(cursor, 4);
    default:
      return WRONG_WIRE_TYPE;
  }
}

function skipGroup(cursor: Cursor, field: number): string | undefined {
  while (cursor.at < cursor.end) {
    const tag = varint(cursor);
    if (typeof tag === "string") return tag;
    const key = Number(BigInt.asUintN(32, tag));
    if ((key & 7) === 4) return key >>> 3 === field ? undefined : END_GROUP;
    const wrong = key >>> 3 === 0 ? ZERO_TAG : skip(cursor, key, undefined);
    if (wrong !== undefined) return wrong;
  }
  return TRUNCATED;
}

function skipDelimited(cursor: Cursor, inside: Nested | "text" | undefined): string | undefined {
  const length = varint(cursor);
  if (typeof length === "string") return length;
  const size = Number(BigInt.asIntN(32, length));
  if (size < 0) return NEGATIVE_SIZE;
  const start = cursor.at;
  const short = advance(cursor, size);
  if (short !== undefined) return short;
  if (inside === "text") return isText(cursor.bytes.subarray(start, cursor.at)) ? undefined : NOT_UTF8;
  return inside === undefined ? undefined : walk({ bytes: cursor.bytes, at: start, end: cursor.at }, inside);
}

function advance(cursor: Cursor, count: number): string | undefined {
  if (count > cursor.end - cursor.at) return TRUNCATED;
  cursor.at += count;
  return undefined;
}

function varint(cursor: Cursor): bigint | string {
  let value = 0n;
  for (let digit = 0n; digit < 10n; digit += 1n) {
    const byte = cursor.at < cursor.end ? cursor.bytes[cursor.at] : undefined;
    if (byte === undefined) return TRUNCATED;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << (7n * digit);
    if (byte < 0x80) return value;
  }
  return MALFORMED_VARINT;
}

function isText(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
