/**
 * The chain on disk.
 *
 * L1. One block is one synced batch. What is not written is not visible: while a batch is on its way, reads of its keys
 *     answer what was there before.
 * L2. A failed write ends the store: memory must not run ahead of disk.
 * L3. One process per directory.
 */
import { Level } from "level";
import { Fault } from "../domain/errors.ts";
import type { Backing, Entry } from "./backing.ts";

const CACHED_ROWS_MAX = 50_000;
/** Blocks and undo records are large; only the newest are asked for often. */
const CACHED_BLOCKS_MAX = 256;
const BIGINT = /^n-?[0-9]+$/;

/** Throws `Fault("store_locked")` when another process has the directory, `Fault("store_corrupt")` when it is damaged. */
export async function openLevelBacking(directory: string): Promise<Backing> {
  const db = new Level<string, string>(directory);
  try {
    await db.open();
  } catch (cause) {
    const code = causeCode(cause);
    if (code === "LEVEL_LOCKED") {
      throw new Fault("store_locked", `another process uses the devnet data directory ${directory}`, { cause });
    }
    throw new Fault("store_corrupt", `the devnet data directory ${directory} cannot be opened`, { cause });
  }
  return new LevelBacking(db);
}

class LevelBacking implements Backing {
  readonly #db: Level<string, string>;
  readonly #rows = new BoundedCache(CACHED_ROWS_MAX);
  readonly #blocks = new BoundedCache(CACHED_BLOCKS_MAX);
  /** Old values of the keys of the batch that is being written. */
  #before: ReadonlyMap<string, unknown> = new Map();
  #failed: Fault | undefined;

  constructor(db: Level<string, string>) {
    this.#db = db;
  }

  get(key: string): unknown {
    if (this.#before.has(key)) return this.#before.get(key);
    const cache = this.#cacheOf(key);
    if (cache.has(key)) return cache.get(key);
    const text = this.#db.getSync(key);
    const value = text === undefined ? undefined : decodeValue(text);
    cache.set(key, value);
    return value;
  }

  async commit(entries: readonly Entry[], published: () => void): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    this.#before = new Map(entries.map(([key]) => [key, this.get(key)]));
    try {
      await this.#db.batch(
        entries.map(([key, value]) =>
          value === undefined
            ? ({ type: "del", key } as const)
            : ({ type: "put", key, value: encodeValue(value) } as const),
        ),
        { sync: true },
      );
    } catch (cause) {
      this.#failed = new Fault("store_failed", "the devnet could not write a block", { cause });
      throw this.#failed;
    }
    for (const [key, value] of entries) this.#cacheOf(key).set(key, value);
    this.#before = new Map();
    published();
  }

  async keysOf(prefix: string): Promise<string[]> {
    return this.#db.keys({ gte: prefix, lt: `${prefix}\uffff` }).all();
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  #cacheOf(key: string): BoundedCache {
    return key.startsWith("b!") || key.startsWith("u!") ? this.#blocks : this.#rows;
  }
}

/** Forgets the oldest entries. */
class BoundedCache {
  readonly #values = new Map<string, unknown>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  set(key: string, value: unknown): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#max) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}

/** An integer is written as "n5"; a text that would look like one, or like an escaped one, gets a "~" before it. */
function encodeValue(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return `n${item}`;
    return typeof item === "string" && (item.startsWith("~") || BIGINT.test(item)) ? `~${item}` : item;
  });
}

function decodeValue(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== "string") return item;
    if (item.startsWith("~")) return item.slice(1);
    return BIGINT.test(item) ? BigInt(item.slice(1)) : item;
  });
}

function causeCode(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}
