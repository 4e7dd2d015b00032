/**
 * The newest blocks, in memory: everything above the solidified cursor and a few blocks below it. Pure bookkeeping.
 *
 * S1. Blocks are contiguous and each one is the child of the one before.
 * S2. Blocks up to `solid` never change; only what is above can be taken back.
 * S3. Below the cursor it keeps at most `SOLID_BLOCKS_KEPT` blocks and `SOLID_TRANSACTIONS_KEPT` transactions: enough
 *     that a transaction watched seconds after it was built is compared with all blocks since, without asking a node.
 */
import type { Block, Inclusion, TxId } from "../domain/chain-facts.ts";
import { assert } from "../domain/assert.ts";
import type { Matched } from "./transfer-match.ts";

const SOLID_BLOCKS_KEPT = 40;
const SOLID_TRANSACTIONS_KEPT = 20_000;

export type ChainPoint = { readonly number: number; readonly id: string; readonly timestamp: number };

export type SegmentBlock = ChainPoint & {
  readonly parentId: string;
  /** The chain's word on every transaction in it. */
  readonly results: ReadonlyMap<TxId, string>;
  /** Those of its transactions that somebody watches. */
  readonly inclusions: Map<TxId, Inclusion>;
  /** Money of watched addresses, by one node's receipts. */
  readonly matched: Matched;
};

export class Segment {
  readonly #blocks: SegmentBlock[] = [];
  #solid: ChainPoint;

  constructor(solid: ChainPoint) {
    this.#solid = solid;
  }

  /** The cursor: the newest block known to be solidified. */
  get solid(): ChainPoint {
    return this.#solid;
  }

  /** The newest block that was read. */
  get tip(): ChainPoint {
    return this.#blocks.at(-1) ?? this.#solid;
  }

  /** Of all blocks in memory: a newest block that claims to be older than its parent does not set the time back. */
  get latestTimestamp(): number {
    return this.#blocks.reduce((latest, { timestamp }) => Math.max(latest, timestamp), this.#solid.timestamp);
  }

  /** Number of the oldest block in memory; a block below it has to be read again to be searched. */
  get floor(): number {
    return this.#blocks[0]?.number ?? this.#solid.number + 1;
  }

  /** Id of the block just below `floor`. */
  get floorParentId(): string {
    return this.#blocks[0]?.parentId ?? this.#solid.id;
  }

  get unsolidifiedLength(): number {
    return this.tip.number - this.#solid.number;
  }

  at(number: number): SegmentBlock | undefined {
    return number < this.floor ? undefined : this.#blocks[number - this.floor];
  }

  find(txId: TxId): SegmentBlock | undefined {
    return this.#blocks.findLast((block) => block.results.has(txId));
  }

  append(block: SegmentBlock): void {
    assert(block.number === this.tip.number + 1 && block.parentId === this.tip.id, "a block follows its parent");
    this.#blocks.push(block);
  }

  /** Takes back everything above `number`; newest first. */
  cutAbove(number: number): SegmentBlock[] {
    assert(number >= this.#solid.number, "a solidified block is never taken back");
    return this.#blocks.splice(Math.max(0, number + 1 - this.floor)).toReversed();
  }

  /** The blocks above the cursor up to `number`, ascending. */
  unsolidifiedUpTo(number: number): SegmentBlock[] {
    return this.#blocks.filter((block) => block.number > this.#solid.number && block.number <= number);
  }

  /** Moves the cursor and forgets what is too far below it. */
  solidify(point: ChainPoint): void {
    assert(
      point.number >= this.#solid.number && this.at(point.number)?.id === point.id,
      "the cursor moves along the segment",
    );
    this.#solid = point;
    let kept = 0;
    let index = point.number - this.floor;
    const oldest = Math.max(0, index + 1 - SOLID_BLOCKS_KEPT);
    while (index >= oldest && kept <= SOLID_TRANSACTIONS_KEPT) {
      kept += this.#blocks[index]?.results.size ?? 0;
      index -= 1;
    }
    this.#blocks.splice(0, index + 1);
  }
}

export function segmentBlock(block: Block, read: Pick<SegmentBlock, "inclusions" | "matched">): SegmentBlock {
  const { number, id, parentId, timestamp } = block;
  const results = new Map(block.transactions.map((transaction) => [transaction.txId, transaction.result]));
  return { number, id, parentId, timestamp, results, ...read };
}

export function pointOf({ number, id, timestamp }: ChainPoint): ChainPoint {
  return { number, id, timestamp };
}
