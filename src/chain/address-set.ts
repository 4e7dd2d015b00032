/**
 * A set of addresses that stays small: a million take 43 MB, found without making garbage. Owns one table of bytes.
 *
 * A1. Open addressing over the 20 bytes of each address, which are hashes themselves: their last bytes choose the slot,
 *     because vanity addresses share their first.
 * A2. At most three quarters of the slots are taken, or the table doubles.
 */
import { assert } from "../domain/assert.ts";

const ADDRESS_BYTES = 20;
const LOAD_MAX = 0.75;
const SLOTS_MIN = 1_024;

export class AddressSet {
  #bytes = Buffer.alloc(SLOTS_MIN * ADDRESS_BYTES);
  #taken = new Uint8Array(SLOTS_MIN >> 3);
  #slots = SLOTS_MIN;
  #size = 0;
  readonly #probe = Buffer.alloc(ADDRESS_BYTES);

  get size(): number {
    return this.#size;
  }

  /** 40 hex digits: an address without its 41. */
  add(hex20: string): void {
    if (this.#size + 1 > this.#slots * LOAD_MAX) this.#grow();
    this.#read(hex20);
    this.#insert();
  }

  has(hex20: string): boolean {
    if (hex20.length !== ADDRESS_BYTES * 2) return false;
    this.#read(hex20);
    return this.#isTaken(this.#slotOf());
  }

  #read(hex20: string): void {
    const written = this.#probe.write(hex20, "hex");
    assert(written === ADDRESS_BYTES, "an address is 20 bytes of hex");
  }

  #insert(): void {
    const slot = this.#slotOf();
    if (this.#isTaken(slot)) return;
    this.#probe.copy(this.#bytes, slot * ADDRESS_BYTES);
    this.#taken[slot >> 3] = (this.#taken[slot >> 3] ?? 0) | (1 << (slot & 7));
    this.#size += 1;
  }

  /** The slot that holds the probe, or the free one where it belongs. */
  #slotOf(): number {
    let slot = this.#probe.readUInt32LE(16) % this.#slots;
    while (this.#isTaken(slot) && !this.#holdsProbe(slot)) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }

  #holdsProbe(slot: number): boolean {
    const start = slot * ADDRESS_BYTES;
    return this.#probe.compare(this.#bytes, start, start + ADDRESS_BYTES) === 0;
  }

  #isTaken(slot: number): boolean {
    return ((this.#taken[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0;
  }

  #grow(): void {
    const [bytes, taken, slots] = [this.#bytes, this.#taken, this.#slots];
    this.#slots *= 2;
    this.#bytes = Buffer.alloc(this.#slots * ADDRESS_BYTES);
    this.#taken = new Uint8Array(this.#slots >> 3);
    this.#size = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      if (((taken[slot >> 3] ?? 0) & (1 << (slot & 7))) === 0) continue;
      bytes.copy(this.#probe, 0, slot * ADDRESS_BYTES, (slot + 1) * ADDRESS_BYTES);
      this.#insert();
    }
  }
}
