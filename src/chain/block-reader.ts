/** Reading blocks in pages, and what the receipts of a block say about its transactions. */
import type { Block, BlockTransaction, Inclusion, Receipt, TxId } from "../domain/chain-facts.ts";
import { isFault } from "../domain/errors.ts";
import type { ChainGateway } from "../ports/world.ts";
import type { ChainPoint } from "./segment.ts";
import type { Matched } from "./transfer-match.ts";
import type { Transfers } from "./transfers.ts";

export type ConfirmsBody = (block: Block, signal: AbortSignal) => Promise<boolean>;
/** Receipts of one full block are a quarter of a megabyte. */
const RECEIPTS_AHEAD = 3;
export type ReceiptIndex = ReadonlyMap<TxId, Receipt>;

/** Nobody answered because nobody was asked: a smaller page would not help, and smaller pages use up a budget faster. */
const UNASKED: ReadonlySet<string> = new Set(["chain_unavailable", "chain_busy"]);

/**
 * Reads ranges of blocks. A page that a node cannot deliver, because a hundred full blocks are too much for one answer,
 * is asked for again in halves; the size grows back with every page that comes.
 */
export class BlockReader {
  readonly #gateway: ChainGateway;
  readonly #pageMax: number;
  readonly #confirmsBody: ConfirmsBody;
  #page: number;
  #expected: number[] = [];
  readonly #begun = new Map<number, Promise<ReceiptIndex>>();

  constructor(gateway: ChainGateway, given: { pageMax: number; confirmsBody: ConfirmsBody }) {
    this.#gateway = gateway;
    this.#pageMax = given.pageMax;
    this.#confirmsBody = given.confirmsBody;
    this.#page = given.pageMax;
  }

  /** Whether the list of transactions may be believed: the block proves it, or enough nodes say the same. */
  async isCertain(block: Block, signal: AbortSignal): Promise<boolean> {
    return block.unproved === undefined || this.#confirmsBody(block, signal);
  }

  /** Ascending blocks from `from` on, at most one page and never above `to`; empty when the chain does not reach so far. */
  async page(from: number, to: number, signal: AbortSignal): Promise<Block[]> {
    const last = Math.min(to, from + this.#page - 1);
    try {
      const blocks = last === from ? await this.#single(from, signal) : await this.#gateway.blocks(from, last, signal);
      this.#page = Math.min(this.#pageMax, this.#page * 2);
      return blocks;
    } catch (error) {
      if (isFault(error) && !UNASKED.has(error.code)) this.#page = Math.max(1, this.#page >> 1);
      throw error;
    }
  }

  receipts(blockNumber: number, signal: AbortSignal): Promise<ReceiptIndex> {
    const begun = this.#begun.get(blockNumber);
    this.#begun.delete(blockNumber);
    this.#askAhead(signal);
    return begun ?? this.#askReceipts(blockNumber, signal);
  }

  /** The receipts of all these blocks will be wanted, one block after the other: a few are asked for ahead. */
  expectReceipts(blocks: readonly Block[], signal: AbortSignal): void {
    this.#begun.clear();
    this.#expected = blocks.map(({ number }) => number);
    this.#askAhead(signal);
  }

  #askAhead(signal: AbortSignal): void {
    while (this.#begun.size < RECEIPTS_AHEAD) {
      const number = this.#expected.shift();
      if (number === undefined) return;
      const asked = this.#askReceipts(number, signal);
      // Whoever waits for it hears of a failure; perhaps nobody does.
      asked.catch(() => {});
      this.#begun.set(number, asked);
    }
  }

  async #askReceipts(blockNumber: number, signal: AbortSignal): Promise<ReceiptIndex> {
    return indexOf(await this.#gateway.receipts(blockNumber, signal));
  }

  async #single(number: number, signal: AbortSignal): Promise<Block[]> {
    const block = await this.#gateway.block(number, signal);
    return block === undefined ? [] : [block];
  }
}

export function indexOf(receipts: readonly Receipt[]): ReceiptIndex {
  return new Map(receipts.map((receipt) => [receipt.txId, receipt]));
}

/**
 * `undefined` when the receipt is missing, is that of another block at this height, or contradicts the block about the
 * result: then nothing is known yet, and the block has to wait.
 */
export function inclusionOf(
  block: ChainPoint,
  transaction: BlockTransaction,
  receipts: ReceiptIndex,
): Inclusion | undefined {
  const receipt = receipts.get(transaction.txId);
  if (receipt === undefined || receipt.blockNumber !== block.number) return undefined;
  if (receipt.blockTimestamp !== block.timestamp || receipt.result !== transaction.result) return undefined;
  return {
    blockNumber: block.number,
    blockId: block.id,
    blockTimestamp: block.timestamp,
    result: transaction.result,
    feeSun: receipt.feeSun,
    energyUsed: receipt.energyUsed,
  };
}

/** The inclusions of these transactions; `undefined` as soon as one of them is not known. */
export function inclusionsOf(
  block: ChainPoint,
  transactions: Iterable<BlockTransaction>,
  receipts: ReceiptIndex,
): Map<TxId, Inclusion> | undefined {
  const inclusions = new Map<TxId, Inclusion>();
  for (const transaction of transactions) {
    const inclusion = inclusionOf(block, transaction, receipts);
    if (inclusion === undefined) return undefined;
    inclusions.set(transaction.txId, inclusion);
  }
  return inclusions;
}

/**
 * What enough nodes' receipts of a solidified block say; `undefined` while they do not agree. `known` is what one node's
 * say already, `read` what can be made of a node's.
 */
export type SettleReceipts = <T>(
  blockNumber: number,
  given: { readonly known: T; readonly read: (receipts: ReceiptIndex) => T | undefined },
  signal: AbortSignal,
) => Promise<T | undefined>;

/** What is wanted of a block: transactions, and money of addresses. */
export type Reading = { readonly inclusions: Map<TxId, Inclusion>; readonly matched: Matched };
export const NOTHING_MATCHED: Matched = { transfers: [], ignored: [] };

export type ReadingTerms = {
  readonly reader: BlockReader;
  readonly wanted: (txId: TxId) => boolean;
  /** Absent where the block was, or will be, read for them elsewhere. */
  readonly transfers?: Transfers | undefined;
  /** For blocks that are solidified: what one node says of them is not enough. */
  readonly settle?: SettleReceipts;
  readonly signal: AbortSignal;
};

/**
 * What the block says about all that is wanted of it; `false` while receipts are missing or nodes disagree. Asks for
 * receipts only when something is wanted. What is wanted is asked again after every wait, because watches come at any
 * moment; what `use` gets is complete at the moment it runs.
 */
export async function withReading(
  block: Block,
  terms: ReadingTerms,
  use: (reading: Reading) => void,
): Promise<boolean> {
  const { reader, settle, transfers, signal } = terms;
  if (!(await reader.isCertain(block, signal))) return false;
  let receipts: ReceiptIndex | undefined;
  let settled: (Reading & { readonly version: number | undefined }) | undefined;
  for (;;) {
    const wanted = block.transactions.filter((transaction) => terms.wanted(transaction.txId));
    const matching = transfers?.active === true ? transfers : undefined;
    if ((wanted.length > 0 || matching !== undefined) && receipts === undefined) {
      receipts = await reader.receipts(block.number, signal);
      continue;
    }
    const isSettled =
      settled?.version === matching?.version && wanted.every(({ txId }) => settled?.inclusions.has(txId));
    const read = (known: ReceiptIndex) => readingOf(block, wanted, { receipts: known, matching });
    const reading = settled !== undefined && isSettled ? settled : read(receipts ?? new Map());
    if (reading === undefined) return false;
    if (settle === undefined || receipts === undefined || isSettled) {
      use(reading);
      return true;
    }
    const version = matching?.version;
    const agreed = await settle(block.number, { known: reading, read }, signal);
    if (agreed === undefined) return false;
    settled = { ...agreed, version };
  }
}

function readingOf(
  block: Block,
  wanted: readonly BlockTransaction[],
  { receipts, matching }: { receipts: ReceiptIndex; matching: Transfers | undefined },
): Reading | undefined {
  const inclusions = inclusionsOf(block, wanted, receipts);
  const matched = matching === undefined ? NOTHING_MATCHED : matching.match(block, receipts);
  return inclusions === undefined || matched === undefined ? undefined : { inclusions, matched };
}
