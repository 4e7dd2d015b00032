/** Where the chain is kept: in memory, or on disk. Values are plain data; bigint is allowed. */

export type Entry = readonly [key: string, value: unknown];

/**
 * B1. `commit` is atomic; on disk it is synced before it resolves.
 * B2. Reads see a commit only after it has resolved, never half of it and never early.
 */
export interface Backing {
  get(key: string): unknown;
  /** `undefined` as value deletes the key. `published` runs in the very turn in which reads begin to see the commit. */
  commit(entries: readonly Entry[], published: () => void): Promise<void>;
  /** The keys that begin with `prefix`, in their order; not while a commit is on its way. */
  keysOf(prefix: string): Promise<string[]>;
  close(): Promise<void>;
}

export class MemoryBacking implements Backing {
  readonly #rows: Map<string, unknown>;

  /** `rows`: what another one held, so that a chain need not be begun anew. */
  constructor(rows: Iterable<Entry> = []) {
    this.#rows = new Map(rows);
  }

  rows(): Entry[] {
    return [...this.#rows];
  }

  get(key: string): unknown {
    return this.#rows.get(key);
  }

  async commit(entries: readonly Entry[], published: () => void): Promise<void> {
    for (const [key, value] of entries) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    published();
  }

  async keysOf(prefix: string): Promise<string[]> {
    return [...this.#rows.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  async close(): Promise<void> {
    this.#rows.clear();
  }
}
