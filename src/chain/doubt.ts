/**
 * Tells the actors whose fate waits for nodes to agree. Owns since when they have not agreed.
 *
 * D1. Nodes that contradict each other are told at once; a node that is silent only after `SILENCE_TOLD_MS`, because
 *     every node is silent now and then.
 * D2. Only those are told about whom the block in question would decide: seen in a block up to it, or due by then.
 */
import type { Clock } from "../ports/clock.ts";
import type { Announcer } from "./announcer.ts";
import type { Agreement, FinalityStatus } from "./finality.ts";
import type { WatchTable } from "./watch-table.ts";

const SILENCE_TOLD_MS = 30_000;

export class Doubt {
  readonly #ports: { readonly watches: WatchTable; readonly announcer: Announcer; readonly clock: Clock };
  #since: number | undefined;
  #told = false;

  constructor(ports: { watches: WatchTable; announcer: Announcer; clock: Clock }) {
    this.#ports = ports;
  }

  /** `time` is that of the newest block read. Disagreement about what is in a block stops the cursor too. */
  update(given: Agreement, dispute: FinalityStatus["dispute"], time: number): void {
    const { watches, announcer, clock } = this.#ports;
    const agreement =
      given.kind === "agreed" && dispute !== undefined
        ? ({ kind: "unagreed", disputed: true, number: dispute.number, detail: dispute.detail } as const)
        : given;
    if (agreement.kind !== "unagreed") {
      if (this.#told) for (const watch of watches.all()) watch.disputed = false;
      this.#since = undefined;
      this.#told = false;
      return;
    }
    this.#since ??= clock.now();
    if (!agreement.disputed && clock.now() - this.#since < SILENCE_TOLD_MS) return;
    this.#told = true;
    const detail = waitingWords(agreement.number);
    for (const watch of watches.all()) {
      const isSeen = watch.toldId !== undefined && watch.toldNumber <= agreement.number;
      if (isSeen || watch.expiration <= time) announcer.disputed(watch, detail);
    }
  }
}

export function waitingWords(block: number): string {
  return `waiting for the nodes to agree about block ${block}`;
}
