/**
 * A place in the bytes of a JSON text, and what can be read from there without making anything of the rest. It is lenient
 * about what it passes over, which has only to be balanced, and throws `UNEXPECTED` about whatever is not as plain as
 * nodes write it: then the general parser has to read the text.
 */
import { parseLossless } from "./json.ts";

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const END_LIST = 93;
const OPEN_OBJECT = 123;
const END_OBJECT = 125;
const SPACE = 32;
const ZERO = 48;
const ASCII_MAX = 126;
/** Every integer with this many digits is exact as a float. */
const EXACT_DIGITS = 15;
/** Of one block some kilobytes, and less than a hundred for each result that is not the usual one. */
const ANY_MAX = 1024 * 1024;
/** With its quotes. */
const WORD_MAX = 66;
const SUCCESS = Buffer.from('"SUCCESS"');

const IS_LOWER_HEX = new Uint8Array(256);
for (const digit of Buffer.from("0123456789abcdef")) IS_LOWER_HEX[digit] = 1;

export const UNEXPECTED = new Error("not the usual shape");

/** A key as it stands in the text. */
export function keyBytes(name: string): Buffer {
  return Buffer.from(JSON.stringify(name));
}

export class JsonBytes {
  readonly bytes: Buffer;
  at = 0;
  #parsed = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Nothing but space may follow. */
  end(): void {
    this.#space();
    if (this.at < this.bytes.length) throw UNEXPECTED;
  }

  enterObject(): void {
    this.#expect(OPEN_OBJECT);
  }

  /** At the next key, whose value has to be passed before the next look; or past the end. */
  hasField(): boolean {
    return this.#hasMember(END_OBJECT);
  }

  enterList(): void {
    this.#expect(OPEN_LIST);
  }

  /** At the next item, which has to be passed before the next look; or past the end. */
  hasItem(): boolean {
    return this.#hasMember(END_LIST);
  }

  list<T>(item: () => T): T[] {
    const items: T[] = [];
    this.enterList();
    while (this.hasItem()) items.push(item());
    return items;
  }

  /** Past the key and its colon, if it is this one. */
  skips(key: Buffer): boolean {
    if (!this.holds(key)) return false;
    this.at += key.length;
    this.#expect(COLON);
    return true;
  }

  holds(wanted: Buffer): boolean {
    for (let index = 0; index < wanted.length; index += 1) {
      if (this.bytes[this.at + index] !== wanted[index]) return false;
    }
    return true;
  }

  /** A key of any name. */
  key(): string {
    const start = this.at;
    this.pastString();
    const key = this.#parse(start);
    this.#expect(COLON);
    return String(key);
  }

  /** A value of any kind, by the general parser, which gets a megabyte of the text in all. */
  any(): unknown {
    this.#space();
    const start = this.at;
    this.pastValue();
    return this.#parse(start);
  }

  #parse(start: number): unknown {
    this.#parsed += this.at - start;
    if (this.#parsed > ANY_MAX) throw UNEXPECTED;
    return parseLossless(this.bytes.toString("utf8", start, this.at));
  }

  /** A member that nobody reads. */
  pastMember(): void {
    this.pastString();
    this.#expect(COLON);
    this.pastValue();
  }

  /** A number that is exact without looking, and not below zero. */
  count(): number {
    this.#space();
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = (this.bytes[this.at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.at += 1;
    }
    const digits = this.at - start;
    if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && this.bytes[start] === ZERO)) throw UNEXPECTED;
    return value;
  }

  /** A short text of ASCII without escapes. */
  word(): string {
    this.#space();
    if (this.holds(SUCCESS)) {
      this.at += SUCCESS.length;
      return "SUCCESS";
    }
    const start = this.at;
    this.pastString();
    if (this.at - start > WORD_MAX) throw UNEXPECTED;
    for (let at = start; at < this.at; at += 1) {
      const code = this.bytes[at] ?? 0;
      if (code === BACKSLASH || code < SPACE || code > ASCII_MAX) throw UNEXPECTED;
    }
    return this.bytes.toString("latin1", start + 1, this.at - 1);
  }

  /** Lower-case digits of whole bytes. */
  hex(): string {
    const start = this.pastHex();
    return this.bytes.toString("latin1", start, this.at - 1);
  }

  /** How many digits of a hex text were passed. */
  hexDigits(): number {
    const start = this.pastHex();
    return this.at - 1 - start;
  }

  /** Where the digits of a hex text begin; they end before its closing quote. */
  pastHex(): number {
    this.#space();
    const { bytes } = this;
    const start = this.at + 1;
    let end = start;
    while (IS_LOWER_HEX[bytes[end] ?? 0] === 1) end += 1;
    if (bytes[this.at] !== QUOTE || bytes[end] !== QUOTE || (end - start) % 2 !== 0) throw UNEXPECTED;
    this.at = end + 1;
    return start;
  }

  /** To the end of a value of any kind. */
  pastValue(): void {
    this.#space();
    let depth = 0;
    for (;;) {
      const code = this.bytes[this.at];
      if (code === undefined) throw UNEXPECTED;
      if (code === QUOTE) this.pastString();
      else if ((code === COMMA || code === END_OBJECT || code === END_LIST) && depth === 0) return;
      else {
        this.at += 1;
        if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
        else if (code === END_OBJECT || code === END_LIST) depth -= 1;
      }
    }
  }

  pastString(): void {
    const { bytes } = this;
    if (bytes[this.at] !== QUOTE) throw UNEXPECTED;
    let at = this.at + 1;
    for (;;) {
      const code = bytes[at];
      if (code === QUOTE) break;
      if (code === undefined) throw UNEXPECTED;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.at = at + 1;
  }

  /** Before the next member, past the comma; or past the end. */
  #hasMember(closing: number): boolean {
    this.#space();
    const before = this.#isFirst();
    const code = this.bytes[this.at];
    if (code === closing) {
      this.at += 1;
      return false;
    }
    if (before) return true;
    if (code !== COMMA) throw UNEXPECTED;
    this.at += 1;
    this.#space();
    return true;
  }

  /** Whether what stands before is the opening bracket. */
  #isFirst(): boolean {
    let at = this.at - 1;
    while ((this.bytes[at] ?? QUOTE) <= SPACE) at -= 1;
    return this.bytes[at] === OPEN_OBJECT || this.bytes[at] === OPEN_LIST;
  }

  #expect(code: number): void {
    this.#space();
    if (this.bytes[this.at] !== code) throw UNEXPECTED;
    this.at += 1;
  }

  #space(): void {
    while ((this.bytes[this.at] ?? QUOTE) <= SPACE) this.at += 1;
  }
}
