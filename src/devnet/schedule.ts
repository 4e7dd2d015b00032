/**
 * When blocks are made.
 *
 * T1. The schedule decides when a slot happens, never what is in it (docs/adr/0011-devnet-time.md).
 * T2. A slot that comes while a block is being written is skipped.
 * T3. Following the wall clock, a block that comes late by whole slots says so, as on a network that missed them. Chain
 *     time never goes back, and a chain that is ahead of the clock stays ahead.
 */
import type { Chain } from "./chain.ts";
import { SLOT_MS } from "./parameters.ts";

/** Wall-clock ms between blocks; only when told; or at once whenever something waits for a block. */
export type SlotMs = number | "manual" | "instant";

export class Schedule {
  readonly #chain: Chain;
  readonly #wallClock: boolean;
  #timer: NodeJS.Timeout | undefined;
  #slotMs: SlotMs = "manual";

  /** Makes no blocks until it is set. */
  constructor(chain: Chain, wallClock = false) {
    this.#chain = chain;
    this.#wallClock = wallClock;
  }

  get slotMs(): SlotMs {
    return this.#slotMs;
  }

  set(slotMs: SlotMs): void {
    clearInterval(this.#timer);
    this.#slotMs = slotMs;
    this.#timer = typeof slotMs === "number" ? this.#every(slotMs) : undefined;
  }

  /** Something may wait for a block. */
  async stir(): Promise<void> {
    if (this.#slotMs === "instant" && this.#chain.pool.size > 0) await this.#mine();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #mine(): Promise<void> {
    const late = Math.floor((Date.now() - this.#chain.store.head.timestamp) / SLOT_MS) - 1;
    if (this.#wallClock && late > 0) this.#chain.missSlots(late);
    await this.#chain.mine();
  }

  #every(slotMs: number): NodeJS.Timeout {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      // A block that cannot be written stops the chain (level-backing.ts L2); what a node does then is stand still.
      void this.#mine()
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, slotMs);
  }
}
