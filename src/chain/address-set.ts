/**
 * A set of addresses that stays small: a million take 26 to 40 MB, found without making garbage. Owns two tables.
 *
 * A1. Open addressing over the 20 bytes of each address, which are hashes themselves: their last bytes choose the slot,
 *     because vanity addresses share their first. The byte before those is the mark of a taken slot, so that strangers,
 *     who are nearly all that is ever asked for, are told apart by one byte.
 * A2. At most four fifths of the slots are taken, or the tables grow by half.
 * A3. Between an address and the slot that it hashes to, no slot is free.
 */
import { assert } from "../domain/assert.ts";

const ADDRESS_BYTES = 20;
const ADDRESS_DIGITS = 40;
const ADDRESS = /^[0-9a-fA-F]*$/;
const MARK_AT = 15;
const SLOT_AT = 16;
const LOAD_MAX = 0.8;
const SLOTS_MIN = 1_024;
const FREE = 0;

/** More than any byte: what is no digit is equal to nothing. */
const NO_DIGIT = 0x100;
const DIGITS = new Uint16Array(256).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit += 1) DIGITS["0123456789abcdef".charCodeAt(digit)] = digit;
for (let digit = 10; digit < 16; digit += 1) DIGITS["0123456789ABCDEF".charCodeAt(digit)] = digit;

export class AddressSet {
  #addresses = new Uint8Array(SLOTS_MIN * ADDRESS_BYTES);
  #marks = new Uint8Array(SLOTS_MIN);
  #slots = SLOTS_MIN;
  #size = 0;
  readonly #digits = Buffer.alloc(ADDRESS_DIGITS);

  get size(): number {
    return this.#size;
  }

  /** 40 hex digits: an address without its 41. */
  add(hex20: string): void {
    assert(this.#read(hex20) && ADDRESS.test(hex20), "an address is 20 bytes of hex");
    if (this.#size + 1 > this.#slots * LOAD_MAX) this.#grow();
    const slot = this.#slotOf(this.#digits, 0);
    if (this.#marks[slot] !== FREE) return;
    for (let at = 0; at < ADDRESS_BYTES; at += 1) {
      this.#addresses[slot * ADDRESS_BYTES + at] = byteAt(this.#digits, at * 2);
    }
    this.#marks[slot] = markOf(byteAt(this.#digits, MARK_AT * 2));
    this.#size += 1;
  }

  has(hex20: string): boolean {
    return this.#read(hex20) && this.hasAt(this.#digits, 0);
  }

  /** Whether the 40 hex digits at this place of a text are one of the addresses. */
  hasAt(text: Uint8Array, at: number): boolean {
    return this.#marks[this.#slotOf(text, at)] !== FREE;
  }

  /** Those behind it move up, so that nothing but a free slot ends a search. */
  delete(hex20: string): void {
    if (!this.has(hex20)) return;
    let gap = this.#slotOf(this.#digits, 0);
    for (let slot = this.#after(gap); this.#marks[slot] !== FREE; slot = this.#after(slot)) {
      const home = this.#homeOf(slot);
      const isBetween = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot;
      if (isBetween) continue;
      this.#copy(this.#addresses, slot, gap);
      this.#marks[gap] = this.#marks[slot] ?? FREE;
      gap = slot;
    }
    this.#marks[gap] = FREE;
    this.#size -= 1;
  }

  /** False for what has another length than an address. */
  #read(hex20: string): boolean {
    return hex20.length === ADDRESS_DIGITS && this.#digits.write(hex20, "latin1") === ADDRESS_DIGITS;
  }

  /** The slot that holds the address, or the free one where it belongs. */
  #slotOf(text: Uint8Array, start: number): number {
    const mark = markOf(byteAt(text, start + MARK_AT * 2));
    const last = start + SLOT_AT * 2;
    let slot =
      uint32(byteAt(text, last), byteAt(text, last + 2), byteAt(text, last + 4), byteAt(text, last + 6)) % this.#slots;
    for (;;) {
      const found = this.#marks[slot];
      if (found === FREE || (found === mark && this.#holds(slot, text, start))) return slot;
      slot = this.#after(slot);
    }
  }

  #holds(slot: number, text: Uint8Array, start: number): boolean {
    for (let at = 0; at < ADDRESS_BYTES; at += 1) {
      if (this.#addresses[slot * ADDRESS_BYTES + at] !== byteAt(text, start + at * 2)) return false;
    }
    return true;
  }

  #homeOf(slot: number, addresses = this.#addresses): number {
    const at = slot * ADDRESS_BYTES + SLOT_AT;
    const [a = 0, b = 0, c = 0, d = 0] = addresses.subarray(at, at + 4);
    return uint32(a, b, c, d) % this.#slots;
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots ? 0 : slot + 1;
  }

  #copy(addresses: Uint8Array, from: number, to: number): void {
    const start = from * ADDRESS_BYTES;
    this.#addresses.set(addresses.subarray(start, start + ADDRESS_BYTES), to * ADDRESS_BYTES);
  }

  #grow(): void {
    const [addresses, marks, slots] = [this.#addresses, this.#marks, this.#slots];
    this.#slots = Math.ceil(slots * 1.5);
    this.#addresses = new Uint8Array(this.#slots * ADDRESS_BYTES);
    this.#marks = new Uint8Array(this.#slots);
    for (let slot = 0; slot < slots; slot += 1) {
      if (marks[slot] === FREE) continue;
      // All are different: the first free slot is the one.
      let to = this.#homeOf(slot, addresses);
      while (this.#marks[to] !== FREE) to = this.#after(to);
      this.#copy(addresses, slot, to);
      this.#marks[to] = marks[slot] ?? FREE;
    }
  }
}

/** The byte that the two digits at this place stand for, or more than 255. */
function byteAt(text: Uint8Array, at: number): number {
  return ((DIGITS[text[at] ?? 0] ?? NO_DIGIT) << 4) | (DIGITS[text[at + 1] ?? 0] ?? NO_DIGIT);
}

function uint32(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function markOf(byte: number): number {
  return byte === FREE ? 1 : byte;
}
