/** The KeyValue of LevelDB. Owns the open database; only `open-level-store.ts` makes one. */
import type { Level } from "level";
import { assert } from "../domain/assert.ts";
import { readFault } from "./damage.ts";
import type { Batch, Change, Entry, KeyValue, RangeRequest } from "./key-value.ts";
import type { KeyRange } from "./keyspace.ts";

export type TextLevel = Level<string, string>;

/** fdatasync before the promise resolves: an acknowledged write survives loss of power. */
const SYNCED: { readonly sync: boolean } = { sync: true };
/** Bytes per trip to the worker thread; the default of 16 kB makes twenty trips of one page. */
const PAGED = { highWaterMarkBytes: 1 << 20 };

/** Not worth a table. */
const LOG_LEFT_AT_CLOSE = 1024 ** 2;
/** Compacting any range begins with the log; this one has nothing else. */
const AFTER_EVERY_KEY: KeyRange = { from: "\uffff", to: "\uffff" };

export class LevelKeyValue implements KeyValue {
  readonly #level: TextLevel;
  /** Characters handed to LevelDB since it was opened. */
  #written = 0;

  constructor(level: TextLevel) {
    this.#level = level;
  }

  getSync(key: string): string | undefined {
    try {
      return this.#level.getSync(key);
    } catch (error) {
      throw readFault(error);
    }
  }

  /** A chained batch: half the main-thread time per row of an array, which is cloned row by row. */
  batch(): Batch {
    let batch: ReturnType<TextLevel["batch"]> | undefined;
    const add = (changes: readonly Change[]): void => {
      batch ??= this.#level.batch();
      for (const { key, value } of changes) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
        this.#written += key.length + (value?.length ?? 0);
      }
    };
    return { add, write: async () => batch?.write(SYNCED) };
  }

  async entries({ from, to, limit, newestFirst = false }: RangeRequest): Promise<Entry[]> {
    try {
      return await this.#level.iterator({ gte: from, lt: to, limit, reverse: newestFirst, ...PAGED }).all();
    } catch (error) {
      throw readFault(error);
    }
  }

  async keys({ from, to, limit, newestFirst = false }: RangeRequest): Promise<string[]> {
    try {
      return await this.#level.keys({ gte: from, lt: to, limit, reverse: newestFirst, ...PAGED }).all();
    } catch (error) {
      throw readFault(error);
    }
  }

  async compact({ from, to }: KeyRange): Promise<void> {
    const level: object = this.#level;
    assert(isCompactable(level), "LevelDB can compact a range");
    await level.compactRange(from, to);
  }

  /** What is only in the log is made a table first, so that the next start does not have to. */
  async close(): Promise<void> {
    if (this.#written > LOG_LEFT_AT_CLOSE) await this.compact(AFTER_EVERY_KEY);
    await this.#level.close();
  }
}

type Compactable = { compactRange(from: string, to: string): Promise<void> };

/** `level` declares only what browsers can do as well. */
function isCompactable(level: object): level is Compactable {
  return "compactRange" in level && typeof level.compactRange === "function";
}
