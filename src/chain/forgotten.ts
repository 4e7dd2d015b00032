/**
 * Blocks above the cursor that left memory without being taken back, because they are read again anyway. Actors may
 * believe in one of them, and it may not be on the chain that is solidified later.
 */
import type { Announcer } from "./announcer.ts";
import type { ChainPoint } from "./segment.ts";
import type { WatchTable } from "./watch-table.ts";

export class Forgotten {
  readonly #ports: { readonly watches: WatchTable; readonly announcer: Announcer };
  #upTo = 0;

  constructor(ports: { watches: WatchTable; announcer: Announcer }) {
    this.#ports = ports;
  }

  add(tip: ChainPoint): void {
    this.#upTo = Math.max(this.#upTo, tip.number);
  }

  /** Those that are on the chain were told as solidified before. */
  solidified(number: number): void {
    if (this.#upTo === 0) return;
    const { watches, announcer } = this.#ports;
    for (const watch of watches.all()) if (watch.toldNumber <= number) announcer.contradicted(watch);
    if (number >= this.#upTo) this.#upTo = 0;
  }
}
