/**
 * A bounded cache of answers that stay good for a while. Owns its entries and one lock per key that is being loaded.
 *
 * C1. At most one load per key runs at a time; who asks meanwhile gets its answer, or its failure, which is not kept.
 * C2. At most `capacity` entries; the least recently used one leaves first.
 * C3. A caller that gives up does not end a load that others wait for.
 */
import { Mutex } from "async-mutex";
import { Fault } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { patiently } from "./patience.ts";

export type FreshCacheOptions<T> = {
  readonly ttlMs: number;
  readonly capacity: number;
  /** Whether an answer is worth keeping; every one is unless set. */
  readonly keeps?: (value: T) => boolean;
};
export type CacheCounts = { readonly hits: number; readonly misses: number; readonly size: number };

type Entry<T> = { readonly value: T; readonly until: number };
type Outcome<T> = { readonly value: T } | { readonly error: unknown };
type Flight<T> = { readonly lock: Mutex; outcome?: Outcome<T> };

export class FreshCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Flight<T>>();
  readonly #options: FreshCacheOptions<T>;
  readonly #clock: Clock;
  #hits = 0;
  #misses = 0;

  constructor(options: FreshCacheOptions<T>, clock: Clock) {
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
    const flight = this.#flights.get(key) ?? { lock: new Mutex() };
    if (this.#flights.has(key)) this.#hits += 1;
    else this.#misses += 1;
    this.#flights.set(key, flight);
    return patiently(this.#land(key, flight, load), { signal }, { clock: this.#clock, leave: gaveUp });
  }

  counts(): CacheCounts {
    return { hits: this.#hits, misses: this.#misses, size: this.#entries.size };
  }

  /** The first one in the lock loads; those behind it find the outcome. */
  async #land(key: string, flight: Flight<T>, load: () => Promise<T>): Promise<T> {
    const outcome = await flight.lock.runExclusive(async () => {
      if (flight.outcome === undefined) {
        flight.outcome = await outcomeOf(load);
        if ("value" in flight.outcome) this.#keep(key, flight.outcome.value);
        this.#flights.delete(key);
      }
      return flight.outcome;
    });
    if ("value" in outcome) return outcome.value;
    throw outcome.error;
  }

  #keep(key: string, value: T): void {
    if (this.#options.keeps?.(value) === false) return;
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.now() + this.#options.ttlMs });
    if (this.#entries.size <= this.#options.capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

async function outcomeOf<T>(load: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await load() };
  } catch (error) {
    return { error };
  }
}

function gaveUp(): Fault {
  return new Fault("chain_unavailable", "the caller gave up");
}
