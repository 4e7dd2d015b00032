/**
 * One pass over a range of solidified blocks that are not in memory, for what somebody wants in it.
 *
 * W1. Each block is the child of the one before; the last one must have the id that is known for it. Nothing found is
 *     worth anything before that: a single lagging node must not be able to invent a solidified block.
 * W2. Memory is bounded by what is found, not by the length of the range.
 */
import type { Block, Inclusion, TxId } from "../domain/chain-facts.ts";
import { withReading, type ReadingTerms, type SettleReceipts } from "./block-reader.ts";
import type { ChainPoint } from "./segment.ts";
import type { Matched } from "./transfer-match.ts";

export type SweepRange = {
  readonly from: number;
  /** Parent of the first block, when it is known. */
  readonly parentId?: string;
  readonly to: number;
  /** Id that block `to` must have. */
  readonly expectedId: string;
};

/**
 * - more: there is more to read
 * - waiting: a node does not have the block or its receipts yet, or nodes disagree about them
 * - done: the range was read; `found` and `tip` are facts
 * - detached: the first block is not the child of the known parent
 * - broken: the chain of blocks does not hold; start again
 */
export type SweepOutcome = "more" | "waiting" | "done" | "detached" | "broken";

type SweepTerms = Omit<ReadingTerms, "signal"> & { readonly settle: SettleReceipts };

export class Sweep {
  readonly range: SweepRange;
  readonly found: { readonly txId: TxId; readonly inclusion: Inclusion }[] = [];
  /** Blocks with money of watched addresses. */
  readonly matched: { readonly block: ChainPoint; readonly matched: Matched }[] = [];
  readonly #terms: SweepTerms;
  #tip: ChainPoint | undefined;
  #verified = false;

  constructor(range: SweepRange, terms: SweepTerms) {
    this.range = range;
    this.#terms = terms;
  }

  /** The last block that was read. */
  get tip(): ChainPoint | undefined {
    return this.#tip;
  }

  /** Number of the next block to read: from here on everything wanted will be seen. */
  get next(): number {
    return this.#tip === undefined ? this.range.from : this.#tip.number + 1;
  }

  /** Safe to call again after "done": the caller may have failed to use what was found. */
  async advance(budget: { pages: number; signal: AbortSignal }): Promise<SweepOutcome> {
    if (this.#verified) return "done";
    for (let page = 0; page < budget.pages; page += 1) {
      const blocks = await this.#terms.reader.page(this.next, this.range.to, budget.signal);
      if (blocks.length === 0) return "waiting";
      if (this.#terms.transfers?.active === true) this.#terms.reader.expectReceipts(blocks, budget.signal);
      for (const block of blocks) {
        const outcome = await this.#read(block, budget.signal);
        if (outcome !== "more") return outcome;
      }
    }
    return "more";
  }

  async #read(block: Block, signal: AbortSignal): Promise<SweepOutcome> {
    const parentId = this.#tip?.id ?? this.range.parentId;
    if (parentId !== undefined && block.parentId !== parentId) return this.#tip === undefined ? "detached" : "broken";
    const complete = await withReading(block, { ...this.#terms, signal }, ({ inclusions, matched }) => {
      const point = { number: block.number, id: block.id, timestamp: block.timestamp };
      for (const [txId, inclusion] of inclusions) this.found.push({ txId, inclusion });
      if (matched.transfers.length + matched.ignored.length > 0) this.matched.push({ block: point, matched });
      this.#tip = point;
    });
    if (!complete) return "waiting";
    if (block.number < this.range.to) return "more";
    this.#verified = block.id === this.range.expectedId;
    return this.#verified ? "done" : "broken";
  }
}
