/**
 * How often one caller may ask: a token bucket for each bearer token, and one for each address of those without a valid
 * one. Owns the buckets.
 *
 * Q1. A bucket holds two seconds' worth at most and fills steadily; a request takes one, or is refused when there is none.
 * Q2. There are at most `BUCKETS_MAX` buckets. The one that was used longest ago is forgotten first, which fills it and
 *     never empties it.
 * Q3. Who has no valid token uses up the bucket of an address, never that of a token.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { BUCKETS_MAX } from "./bounds.ts";

/** Requests per second, at least 1. */
export type RateLimits = { readonly perToken: number; readonly perAddress: number };
/** `tokenId` is known only when the token is valid. */
export type Caller = { readonly tokenId: string | undefined; readonly address: string };

type Bucket = { left: number; at: number };
const BURST_SECONDS = 2;

export class RateLimit {
  readonly #limits: RateLimits;
  readonly #clock: Pick<Clock, "now">;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, ports: { clock: Pick<Clock, "now"> }) {
    this.#limits = limits;
    this.#clock = ports.clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Undefined: go on. At 1 or more per second the next request fits within a second. */
  take(caller: Caller): Refusal | undefined {
    const { tokenId } = caller;
    const perSecond = this.#perSecond(caller);
    const bucket = this.#bucket(nameOf(caller), perSecond);
    if (bucket.left < 1) {
      const whose = tokenId === undefined ? "this address without a valid token" : "this token";
      return refuse("rate_limited", `At most ${perSecond} requests per second from ${whose}`, {
        per_second: perSecond,
        burst: perSecond * BURST_SECONDS,
      });
    }
    bucket.left -= 1;
    return undefined;
  }

  /** What the bucket held after the last request (draft-ietf-httpapi-ratelimit-headers). */
  headersOf(caller: Caller): { readonly "ratelimit-policy": string; readonly ratelimit: string } {
    const name = caller.tokenId === undefined ? "address" : "token";
    const perSecond = this.#perSecond(caller);
    const most = perSecond * BURST_SECONDS;
    const left = this.#buckets.get(nameOf(caller))?.left ?? most;
    return {
      "ratelimit-policy": `"${name}";q=${most};w=${BURST_SECONDS}`,
      ratelimit: `"${name}";r=${Math.floor(left)};t=${Math.ceil((most - left) / perSecond)}`,
    };
  }

  #perSecond({ tokenId }: Caller): number {
    return tokenId === undefined ? this.#limits.perAddress : this.#limits.perToken;
  }

  /** Filled up to now, and the last in the order. */
  #bucket(name: string, perSecond: number): Bucket {
    const now = this.#clock.now();
    const most = perSecond * BURST_SECONDS;
    const known = this.#buckets.get(name);
    this.#buckets.delete(name);
    // A clock that was set back gives nothing and takes nothing.
    const gained = known === undefined ? 0 : (Math.max(0, now - known.at) / 1_000) * perSecond;
    const bucket = { left: known === undefined ? most : Math.min(most, known.left + gained), at: now };
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > BUCKETS_MAX) this.#forgetOldest();
    return bucket;
  }

  #forgetOldest(): void {
    for (const name of this.#buckets.keys()) {
      this.#buckets.delete(name);
      return;
    }
  }
}

function nameOf({ tokenId, address }: Caller): string {
  return tokenId === undefined ? `address ${address}` : `token ${tokenId}`;
}
