/**
 * A KeyValue in memory: for tests, and as the base of a simulated disk. Owns its entries; nothing survives it.
 *
 * V1. `#keys` holds exactly the keys of `#values`, ascending.
 * V2. A write becomes visible as a whole, and only when its promise resolves.
 */
import { assert } from "../domain/assert.ts";
import type { Batch, Change, Entry, KeyValue, RangeRequest } from "./key-value.ts";

export class MemoryKeyValue implements KeyValue {
  readonly #values: Map<string, string>;
  readonly #keys: string[];
  #closed = false;

  constructor(entries: Iterable<Entry> = []) {
    this.#values = new Map(entries);
    this.#keys = [...this.#values.keys()].sort(compare);
  }

  getSync(key: string): string | undefined {
    this.#assertOpen();
    return this.#values.get(key);
  }

  batch(): Batch {
    this.#assertOpen();
    const all: Change[] = [];
    return { add: (changes) => void all.push(...changes), write: () => this.#write(all) };
  }

  async entries(request: RangeRequest): Promise<Entry[]> {
    const keys = await this.keys(request);
    return keys.map((key): Entry => [key, this.#values.get(key) ?? ""]);
  }

  keys({ from, to, limit, newestFirst }: RangeRequest): Promise<string[]> {
    this.#assertOpen();
    const start = this.#position(from);
    const end = Math.max(start, this.#position(to));
    const keys =
      newestFirst === true
        ? this.#keys.slice(Math.max(start, end - limit), end).reverse()
        : this.#keys.slice(start, Math.min(end, start + limit));
    return Promise.resolve(keys);
  }

  compact(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** A copy of everything, in key order: what a disk would hold now. */
  dump(): Entry[] {
    return this.#keys.map((key): Entry => [key, this.#values.get(key) ?? ""]);
  }

  async #write(changes: readonly Change[]): Promise<void> {
    this.#assertOpen();
    await Promise.resolve();
    this.writeNow(changes);
  }

  /** For a simulated disk, which decides itself when a write is done. */
  writeNow(changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.#delete(key);
      else this.#put(key, value);
    }
  }

  #put(key: string, value: string): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#position(key), 0, key);
    this.#values.set(key, value);
  }

  #delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#position(key), 1);
  }

  /** Index of the first key that is not smaller. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#keys[middle];
      if (candidate !== undefined && candidate < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #assertOpen(): void {
    assert(!this.#closed, "the store is closed");
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
