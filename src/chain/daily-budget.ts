/**
 * The requests of one day, divided so that following the chain and pushing bytes last until midnight whatever else is
 * asked. Owns the count of this day; it begins anew with the process.
 */
import type { Lane } from "./asking.ts";

const DAY_MS = 86_400_000;
/** Half of a day's requests belong to following the chain: without it nothing is ever confirmed. */
export const FOLLOW_SHARE = 0.5;
/** Following may save up this many requests, for catching up after a break. */
const FOLLOW_BURST = 300;
/** Kept for bytes that wait to be pushed. */
const BROADCAST_SHARE = 0.01;
/** Kept from looking into the past. */
const READ_SHARE = 0.1;

export class DailyBudget {
  readonly perDay: number;
  #day = 0;
  #used = 0;
  #followTokens = FOLLOW_BURST;
  #followAt: number;

  constructor(perDay: number, now: number) {
    this.perDay = perDay;
    this.#followAt = now;
  }

  /** Requests of this day, UTC. */
  used(now: number): number {
    this.#turn(now);
    return this.#used;
  }

  /** Milliseconds until a request of this lane may be made; `undefined`: not on this day. */
  wait(lane: Lane, now: number): number | undefined {
    this.#turn(now);
    if (this.perDay - this.#used <= this.#reserved(lane, now)) return undefined;
    if (lane !== "follow" || this.#followTokens >= 1) return 0;
    return Math.ceil((1 - this.#followTokens) / this.#followPerMs());
  }

  take(lane: Lane, now: number): void {
    this.#turn(now);
    this.#used += 1;
    if (lane === "follow") this.#followTokens -= 1;
  }

  #reserved(lane: Lane, now: number): number {
    const forBytes = this.perDay * BROADCAST_SHARE;
    if (lane === "broadcast") return 0;
    if (lane === "follow") return forBytes;
    const msLeft = DAY_MS - (now % DAY_MS);
    const forFollowing = msLeft * this.#followPerMs();
    return forBytes + forFollowing + (lane === "history" ? this.perDay * READ_SHARE : 0);
  }

  #followPerMs(): number {
    return (this.perDay * FOLLOW_SHARE) / DAY_MS;
  }

  #turn(now: number): void {
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#used = 0;
    }
    const earned = Math.max(0, now - this.#followAt) * this.#followPerMs();
    this.#followTokens = Math.min(FOLLOW_BURST, this.#followTokens + earned);
    this.#followAt = now;
  }
}
