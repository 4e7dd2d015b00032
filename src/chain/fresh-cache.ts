/**
 * A bounded cache of answers that stay good for a while. Owns its entries and the loads under way.
 *
 * C1. At most one load per key runs at a time; callers of the same key share it, and its failure, which is not kept.
 * C2. At most `capacity` entries; the least recently used one leaves first.
 * C3. A caller that gives up does not end a load that others wait for.
 */
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";

export type FreshCacheOptions = { readonly ttlMs: number; readonly capacity: number };
export type CacheCounts = { readonly hits: number; readonly misses: number; readonly size: number };

type Entry<T> = { readonly value: T; readonly until: number };

export class FreshCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #loads = new Map<string, Promise<T>>();
  readonly #options: FreshCacheOptions;
  readonly #clock: Clock;
  #hits = 0;
  #misses = 0;

  constructor(options: FreshCacheOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** The kept answer, the one being loaded, or a new one. Throws what `load` throws, or `chain_unavailable` on abort. */
  async get(key: string, load: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const kept = this.#entries.get(key);
    if (kept !== undefined && kept.until > this.#clock.now()) {
      this.#hits += 1;
      this.#entries.delete(key);
      this.#entries.set(key, kept);
      return kept.value;
    }
    const running = this.#loads.get(key);
    if (running !== undefined) {
      this.#hits += 1;
      return orAborted(running, signal);
    }
    this.#misses += 1;
    const started = this.#load(key, load).finally(() => this.#loads.delete(key));
    this.#loads.set(key, started);
    return orAborted(started, signal);
  }

  counts(): CacheCounts {
    return { hits: this.#hits, misses: this.#misses, size: this.#entries.size };
  }

  async #load(key: string, load: () => Promise<T>): Promise<T> {
    const value = await load();
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.now() + this.#options.ttlMs });
    if (this.#entries.size > this.#options.capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return value;
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Fault("chain_unavailable", "the caller gave up"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
