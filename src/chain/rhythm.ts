/**
 * When to look for the next block. Blocks come every three seconds: whoever looks shortly before that after each one he
 * found, and once more soon after when he was early, sees each block sooner than by looking twice as often at any moment,
 * and asks a third less.
 */

/** Of `pollMs`, which is half of the time between two blocks. */
const UNTIL_NEXT = 1.9;
const SOON = 0.4;

export class Rhythm {
  readonly #pollMs: number;
  #wasNew = false;

  constructor(pollMs: number) {
    this.#pollMs = pollMs;
  }

  /** ms to wait after a look that took so long, and found a new block or did not. A failed look found none. */
  after({ isNew, tookMs }: { readonly isNew: boolean; readonly tookMs: number }): number {
    const early = this.#wasNew && !isNew;
    this.#wasNew = isNew;
    if (isNew) return Math.max(this.#pollMs * SOON, this.#pollMs * UNTIL_NEXT - tookMs);
    return early ? this.#pollMs * SOON : this.#pollMs;
  }
}
