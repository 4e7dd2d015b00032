/**
 * Which money a block moves to or from watched addresses. Pure; what it says counts when the block is solidified and its
 * receipts are agreed upon.
 *
 * M1. TRX moves by a TransferContract that succeeded, read from the bytes that the block's root proves, never from JSON
 *     beside them. What a contract moved inside itself is not in those bytes and does not count (tron.md §12.7).
 * M2. A token moves by a log of its own contract with the three topics and 32 bytes of a Transfer, in a receipt that
 *     succeeded: neither symbols nor call data say anything (tron.md §12.2, §12.4).
 * M3. A movement is named by txID and the index of its log: one transaction can hold many. Zero moves nothing.
 * M4. A block without the receipt of one of its transactions, or with one that denies a success which the block's root
 *     proves, says nothing yet: somebody's money may be in it.
 */
import type {
  AddressTransfer,
  BlockTransaction,
  ContractLog,
  IgnoredTransfer,
  Receipt,
  TronAddress,
  TxId,
} from "../domain/chain-facts.ts";
import { AMOUNT_MAX, units } from "../domain/money.ts";
import { fromEvm20, toHex41 } from "../tron/address.ts";
import { coinTransferOf } from "../tron/coin-transfer.ts";
import { decodeTransferLog, TOPICS } from "../tron/trc20.ts";
import type { AddressSet } from "./address-set.ts";
import { LogBytes } from "./receipt-json.ts";

export type Matched = { readonly transfers: readonly AddressTransfer[]; readonly ignored: readonly IgnoredTransfer[] };

export type MatchedBlock = {
  readonly number: number;
  readonly timestamp: number;
  /** In the order of the block. */
  readonly results: Iterable<readonly [TxId, string]>;
  readonly coins: ReadonlyMap<TxId, AddressTransfer>;
  readonly receipts: ReadonlyMap<TxId, MatchedReceipt>;
};
type MatchedReceipt = Pick<Receipt, "blockNumber" | "blockTimestamp" | "result" | "logs">;

/** TRX that the block's own bytes move, by transaction. */
export function coinsOf(
  transactions: readonly BlockTransaction[],
  watched: AddressSet,
): ReadonlyMap<TxId, AddressTransfer> {
  const coins = new Map<TxId, AddressTransfer>();
  const isWatched = (hex20: string) => watched.has(hex20);
  for (const { txId, result, rawHex } of transactions) {
    if (result !== "SUCCESS" || rawHex === undefined) continue;
    const moved = coinTransferOf(rawHex, isWatched);
    if (moved === undefined || moved.amount <= 0n) continue;
    const { from, to, amount } = moved;
    const parties = { from: fromEvm20(from), to: fromEvm20(to) };
    coins.set(txId, { txId, source: "contract", index: 0, asset: "TRX", ...parties, amount: units(amount) });
  }
  return coins;
}

/** In the order of the block, logs in the order of their transaction; `undefined` while receipts are missing (M4). */
export function matchTransfers(
  block: MatchedBlock,
  { watched, usdt }: { watched: AddressSet; usdt: TronAddress },
): Matched | undefined {
  const token = toHex41(usdt).slice(2);
  const transfers: AddressTransfer[] = [];
  const ignored: IgnoredTransfer[] = [];
  for (const [txId, result] of block.results) {
    const receipt = block.receipts.get(txId);
    if (receipt === undefined || !isOf(block, receipt)) return undefined;
    if (result !== "SUCCESS") continue;
    // UNKNOWN: the receipt has no word of its own.
    if (receipt.result !== "SUCCESS" && receipt.result !== "UNKNOWN") return undefined;
    const coin = block.coins.get(txId);
    if (coin !== undefined) transfers.push(coin);
    if (!mayConcern(receipt.logs, watched)) continue;
    for (const [index, log] of [...(receipt.logs ?? [])].entries()) {
      const parties = partiesOf(log, watched);
      if (parties === undefined) continue;
      const isToken = log.address.toLowerCase() === token;
      const amount = isToken ? amountOf(log) : undefined;
      if (amount === undefined) {
        const because = isToken ? "no_amount" : "other_contract";
        ignored.push({ txId, index, contract: fromEvm20(log.address), ...parties, because });
      } else transfers.push({ txId, source: "log", index, asset: "USDT", ...parties, amount: units(amount) });
    }
  }
  return { transfers, ignored };
}

function isOf(block: MatchedBlock, { blockNumber, blockTimestamp }: MatchedReceipt): boolean {
  return blockNumber === block.number && blockTimestamp === block.timestamp;
}

/** Logs that are still bytes are asked first: nearly all are about strangers. */
function mayConcern(logs: Receipt["logs"], watched: AddressSet): boolean {
  return !(logs instanceof LogBytes) || logs.mention((hex, at) => watched.hasAt(hex, at));
}

const TRANSFER = TOPICS["Transfer(address,address,uint256)"];

/** Of a Transfer of any contract that names a watched address. */
function partiesOf(log: ContractLog, watched: AddressSet): { from: TronAddress; to: TronAddress } | undefined {
  const [topic, from = "", to = ""] = log.topics;
  if (topic !== TRANSFER || log.topics.length !== 3) return undefined;
  const parties = [from.slice(24), to.slice(24)] as const;
  if (!parties.some((party) => watched.has(party))) return undefined;
  return { from: fromEvm20(parties[0]), to: fromEvm20(parties[1]) };
}

function amountOf(log: ContractLog): bigint | undefined {
  const { amount = 0n } = decodeTransferLog(log) ?? {};
  return amount === 0n || amount > AMOUNT_MAX ? undefined : amount;
}
