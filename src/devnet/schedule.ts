/**
 * When blocks are made.
 *
 * T1. The schedule decides when a slot happens, never what is in it (docs/adr/0011-devnet-time.md).
 * T2. A slot that comes while a block is being written is skipped.
 */
import type { Chain } from "./chain.ts";

/** Wall-clock ms between blocks; only when told; or at once whenever something waits for a block. */
export type SlotMs = number | "manual" | "instant";

export class Schedule {
  readonly #chain: Chain;
  #timer: NodeJS.Timeout | undefined;
  #slotMs: SlotMs = "manual";

  /** Makes no blocks until it is set. */
  constructor(chain: Chain) {
    this.#chain = chain;
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
    if (this.#slotMs === "instant" && this.#chain.pool.size > 0) await this.#chain.mine();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #every(slotMs: number): NodeJS.Timeout {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      // A block that cannot be written stops the chain (level-backing.ts L2); what a node does then is stand still.
      void this.#chain
        .mine()
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, slotMs);
  }
}
