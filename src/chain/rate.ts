/**
 * How many requests per second a node takes: a token bucket whose rate is learned. A refusal halves it, answers raise it
 * slowly, and it never exceeds what was configured. Owns the rate and the tokens.
 *
 * In any one second at most `limit` requests leave: a fifth of it at once, and four fifths while the second passes.
 */
const AT_ONCE = 0.2;
/** A token that is missing this little of was lost to rounding. */
const WHOLE = 1 - 1e-9;
const SLOWEST = 0.5;
/** Twice what is tried first after a refusal that came without many requests. */
const FIRST_GUESS = 10;
/** A learned rate above this is no limit any more. */
const UNLIMITED = 1_000;
/** Requests per second that a second of answers adds. */
const RAISE_PER_SECOND = 0.05;

export class LearnedRate {
  readonly #ceiling: number;
  #limit: number;
  #tokens: number;
  #at: number;
  /** What left lately, to know how fast "too fast" was when no limit was configured. */
  #sent = 0;
  #sentSince: number;

  /** `perSecond` undefined: no limit until the node says so. */
  constructor(perSecond: number | undefined, now: number) {
    this.#ceiling = perSecond ?? Number.POSITIVE_INFINITY;
    this.#limit = this.#ceiling;
    this.#tokens = this.#burst();
    this.#at = now;
    this.#sentSince = now;
  }

  /** Requests per second; `undefined`: unlimited. */
  limit(): number | undefined {
    return Number.isFinite(this.#limit) ? this.#limit : undefined;
  }

  /** Milliseconds until the next request may leave. */
  wait(now: number): number {
    if (!Number.isFinite(this.#limit)) return 0;
    this.#refill(now);
    return this.#tokens >= WHOLE ? 0 : Math.max(1, Math.ceil((1 - this.#tokens) / this.#perMs()));
  }

  take(now: number): void {
    if (now - this.#sentSince >= 1_000) {
      this.#sent = 0;
      this.#sentSince = now;
    }
    this.#sent += 1;
    if (!Number.isFinite(this.#limit)) return;
    this.#refill(now);
    this.#tokens -= 1;
  }

  /** The node refused because of too many requests. */
  lower(now: number): void {
    const seen = (this.#sent * 1_000) / Math.max(1_000, now - this.#sentSince);
    const from = Number.isFinite(this.#limit) ? this.#limit : Math.max(seen, FIRST_GUESS);
    this.#limit = Math.max(SLOWEST, from / 2);
    this.#tokens = Math.min(this.#burst(), 1);
    this.#at = now;
  }

  /** The node answered. */
  raise(): void {
    if (this.#limit >= this.#ceiling) return;
    const raised = this.#limit + RAISE_PER_SECOND / this.#limit;
    this.#limit = raised > UNLIMITED ? this.#ceiling : Math.min(this.#ceiling, raised);
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst(), this.#tokens + Math.max(0, now - this.#at) * this.#perMs());
    this.#at = now;
  }

  #perMs(): number {
    return (this.#limit * (1 - AT_ONCE)) / 1_000;
  }

  #burst(): number {
    return Math.max(1, this.#limit * AT_ONCE);
  }
}
