/**
 * The tokens of a JSON text as java-tron's own reader of messages sees them (JsonFormat.Tokenizer): with the line and
 * column that its errors name. The text is known to be JSON, or blank.
 */
import { type NodeError, parseError } from "./node-error.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2n ** 31n - 1n;
const IDENTIFIER = /[a-zA-Z_][0-9a-zA-Z_+-]*/y;
const NUMBER = /\.?[0-9+-][0-9a-zA-Z_.+-]*/y;
const SPACE = /\s*/y;

type Place = { readonly line: number; readonly column: number };

/** Owns where the reading is. `current` is the token that comes next; at the end it is empty. */
export class Tokens {
  readonly #text: string;
  #at = 0;
  #token = "";
  #place: Place = { line: 0, column: 0 };
  #before: Place = this.#place;
  /** Where in the text `#place` is. */
  #placeAt = 0;

  constructor(text: string) {
    this.#text = text;
    this.#at = this.#match(SPACE).length;
    this.#read();
  }

  get current(): string {
    return this.#token;
  }

  get atEnd(): boolean {
    return this.#token === "";
  }

  next(): void {
    this.#before = this.#place;
    this.#read();
  }

  tryTake(token: string): boolean {
    if (this.#token !== token) return false;
    this.next();
    return true;
  }

  take(token: string): void {
    if (!this.tryTake(token)) throw this.error(`Expected "${token}".`);
  }

  /** A name, with or without quotes. */
  takeName(): string {
    const odd = /[^a-zA-Z0-9_."]/.exec(this.#token);
    if (odd !== null) throw this.error(`Expected identifier. -${odd[0]}`);
    const name = this.#token.replaceAll('"', "");
    this.next();
    return name;
  }

  takeText(): string {
    if (!this.#token.startsWith('"')) throw this.error("Expected string.");
    const text: unknown = JSON.parse(this.#token);
    this.next();
    return String(text);
  }

  takeBoolean(): boolean {
    const value = this.#token === "true";
    if (!value && this.#token !== "false") throw this.error('Expected "true" or "false".');
    this.next();
    return value;
  }

  takeInt64(): bigint {
    return this.#takeInteger({ max: INT64_MAX, bits: 64 });
  }

  takeInt32(): number {
    return Number(this.#takeInteger({ max: INT32_MAX, bits: 32 }));
  }

  looksAtInteger(): boolean {
    return /^[0-9+-]/.test(this.#token);
  }

  looksAtBoolean(): boolean {
    return this.#token === "true" || this.#token === "false";
  }

  error(message: string): NodeError {
    return parseError(`${this.#place.line + 1}:${this.#place.column + 1}: ${message}`);
  }

  /** The same, at the token before. */
  errorBefore(message: string): NodeError {
    return parseError(`${this.#before.line + 1}:${this.#before.column + 1}: ${message}`);
  }

  #takeInteger(range: { max: bigint; bits: number }): bigint {
    const value = integerOf(this.#token, range);
    if (typeof value === "string") throw this.error(`Couldn't parse integer: ${value}`);
    this.next();
    return value;
  }

  #read(): void {
    const skipped = this.#text.slice(this.#placeAt, this.#at);
    const lines = skipped.split("\n");
    const last = lines.at(-1) ?? "";
    this.#place =
      lines.length === 1
        ? { line: this.#place.line, column: this.#place.column + last.length }
        : { line: this.#place.line + lines.length - 1, column: last.length };
    this.#placeAt = this.#at;
    this.#token = this.#tokenHere();
    this.#at += this.#token.length;
    this.#at += this.#match(SPACE).length;
  }

  #tokenHere(): string {
    const first = this.#text.charAt(this.#at);
    if (first === '"') return this.#text.slice(this.#at, endOfText(this.#text, this.#at));
    return this.#match(IDENTIFIER) || this.#match(NUMBER) || first;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? "";
  }
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** With 0x it is hexadecimal, with a 0 in front octal; a text is what Java says of it (JsonFormat.parseInteger). */
function integerOf(token: string, { max, bits }: { max: bigint; bits: number }): bigint | string {
  const negative = token.startsWith("-");
  const digits = negative ? token.slice(1) : token;
  const [radix, number] = digits.startsWith("0x")
    ? ([16, digits.slice(2)] as const)
    : ([digits.startsWith("0") ? 8 : 10, digits] as const);
  const magnitude = unsigned(number, radix);
  if (magnitude === undefined) return `For input string: "${number}"`;
  const value = negative ? -magnitude : magnitude;
  return value > max || value < -max - 1n ? `Number out of range for ${bits}-bit signed integer: ${token}` : value;
}

const DIGITS = { 8: /^[0-7]+$/, 10: /^[0-9]+$/, 16: /^[0-9a-fA-F]+$/ } as const;
const PREFIX = { 8: "0o", 10: "", 16: "0x" } as const;

function unsigned(number: string, radix: 8 | 10 | 16): bigint | undefined {
  return DIGITS[radix].test(number) ? BigInt(PREFIX[radix] + number) : undefined;
}
