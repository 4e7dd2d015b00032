/** Reading blocks in pages, and what the receipts of a block say about its transactions. */
import type { Block, BlockTransaction, Inclusion, Receipt, TxId } from "../domain/chain-facts.ts";
import { isFault } from "../domain/errors.ts";
import type { ChainGateway } from "../ports/world.ts";
import type { ChainPoint } from "./segment.ts";

export type ConfirmsBody = (block: Block, signal: AbortSignal) => Promise<boolean>;
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

  async receipts(blockNumber: number, signal: AbortSignal): Promise<ReceiptIndex> {
    const receipts = await this.#gateway.receipts(blockNumber, signal);
    return new Map(receipts.map((receipt) => [receipt.txId, receipt]));
  }

  async #single(number: number, signal: AbortSignal): Promise<Block[]> {
    const block = await this.#gateway.block(number, signal);
    return block === undefined ? [] : [block];
  }
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

/** What enough nodes say about the transactions of a solidified block; `undefined` while they do not agree. */
export type SettleInclusions = (
  block: ChainPoint & { readonly inclusions: ReadonlyMap<TxId, Inclusion> },
  signal: AbortSignal,
) => Promise<ReadonlyMap<TxId, Inclusion> | undefined>;

export type InclusionTerms = {
  readonly reader: BlockReader;
  readonly wanted: (txId: TxId) => boolean;
  /** For blocks that are solidified: what one node says of them is not enough. */
  readonly settle?: SettleInclusions;
  readonly signal: AbortSignal;
};

/**
 * The inclusions of all wanted transactions of the block; `false` while receipts are missing or nodes disagree. Asks for
 * receipts only when something is wanted. `wanted` is asked again after every wait, because watches come at any moment;
 * what `use` gets is complete at the moment it runs.
 */
export async function withInclusions(
  block: Block,
  terms: InclusionTerms,
  use: (inclusions: Map<TxId, Inclusion>) => void,
): Promise<boolean> {
  const { reader, settle, signal } = terms;
  if (!(await reader.isCertain(block, signal))) return false;
  let receipts: ReceiptIndex | undefined;
  let settled: ReadonlyMap<TxId, Inclusion> = new Map();
  for (;;) {
    const wanted = block.transactions.filter((transaction) => terms.wanted(transaction.txId));
    if (wanted.length > 0 && receipts === undefined) {
      receipts = await reader.receipts(block.number, signal);
      continue;
    }
    const inclusions = new Map<TxId, Inclusion>();
    for (const transaction of wanted) {
      const inclusion = settled.get(transaction.txId) ?? inclusionOf(block, transaction, receipts ?? new Map());
      if (inclusion === undefined) return false;
      inclusions.set(transaction.txId, inclusion);
    }
    if (settle !== undefined && wanted.some(({ txId }) => !settled.has(txId))) {
      const agreed = await settle({ ...pointOf(block), inclusions }, signal);
      if (agreed === undefined) return false;
      settled = agreed;
      continue;
    }
    use(inclusions);
    return true;
  }
}

function pointOf({ number, id, timestamp }: Block): ChainPoint {
  return { number, id, timestamp };
}
