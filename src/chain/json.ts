/**
 * JSON of TRON nodes, without loss. Nodes print int64 as plain numbers that may exceed 2^53 (tron.md §2.1), and the
 * built-in parser would round them silently; amounts must never pass through a float.
 */
import { parse } from "lossless-json";

const INT64_MAX = 9_223_372_036_854_775_807n;
const INT64_MIN = -9_223_372_036_854_775_808n;
const INTEGER = /^-?(0|[1-9][0-9]*)$/;
/** Every integer with this many digits is exact as a float. */
const EXACT_DIGITS = 15;

const QUOTE = 34;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const UPPER_E = 69;
const BACKSLASH = 92;
const LOWER_E = 101;

/**
 * Of a text from a node. Megabytes of empty brackets become fifty times as many bytes of values, which no heap holds; the
 * answers that can honestly be longer, blocks and receipts, have readers of their own.
 */
const PARSED_MAX = 8 * 1024 * 1024;

/** As `parseLossless`; throws `SyntaxError` without a look at what is too long. */
export function parseLosslessBytes(bytes: Buffer): unknown {
  if (bytes.length > PARSED_MAX) throw new SyntaxError("too long for what is unusual");
  return parseLossless(bytes.toString());
}

/**
 * Integers come back as `number` when exact and as `bigint` when not. Throws `SyntaxError` for text that is not JSON
 * and for a number that is not an integer of int64.
 */
export function parseLossless(text: string): unknown {
  return hasOnlyExactIntegers(text) ? JSON.parse(text) : parse(text, undefined, { parseNumber });
}

function parseNumber(text: string): number | bigint {
  if (!INTEGER.test(text)) throw new SyntaxError("a number is not an integer");
  const value = BigInt(text);
  if (value > INT64_MAX || value < INT64_MIN) throw new SyntaxError("a number is out of int64");
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/**
 * True when no number outside of strings could lose anything in the built-in parser, which is fifteen times faster:
 * a block of two thousand transactions must not hold up the event loop. Nearly every answer is of this kind.
 */
function hasOnlyExactIntegers(text: string): boolean {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === MINUS || code === DOT) {
      return false;
    } else if (code >= ZERO && code <= NINE) {
      const end = endOfDigits(text, at);
      const next = text.charCodeAt(end);
      if (end - at > EXACT_DIGITS || next === DOT || next === LOWER_E || next === UPPER_E) return false;
      at = end;
    } else {
      at += 1;
    }
  }
  return true;
}

/** Index after the closing quote; the length of the text when there is none. */
function endOfString(text: string, opening: number): number {
  let quote = opening;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= NINE) end += 1;
  return end;
}
