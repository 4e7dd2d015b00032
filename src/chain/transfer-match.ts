/**
 * Which money a block moves to or from watched addresses. Pure; what it says counts when the block is solidified and its
 * receipts are agreed upon.
 *
 * M1. TRX moves by a TransferContract that succeeded, read from the bytes that the block's root proves, never from JSON
 *     beside them. What a contract moved inside itself is not in those bytes and does not count (tron.md §12.7).
 * M2. A token moves by a log of its own contract with the three topics and 32 bytes of a Transfer, in a receipt that
 *     succeeded: neither symbols nor call data say anything (tron.md §12.2, §12.4).
 * M3. A movement is named by txID and the index of its log: one transaction can hold many. Zero moves nothing.
 */
import type { BlockTransaction, ContractLog, Receipt, TronAddress, TxId } from "../domain/chain-facts.ts";
import { AMOUNT_MAX, units, type Units } from "../domain/money.ts";
import { fromEvm20, toHex41 } from "../tron/address.ts";
import { coinTransferOf } from "../tron/coin-transfer.ts";
import { decodeTransferLog, TOPICS } from "../tron/trc20.ts";
import type { AddressSet } from "./address-set.ts";
import { LogBytes } from "./receipt-json.ts";

export type WatchedTransfer = {
  readonly txId: TxId;
  /** `undefined` for TRX, of which a transaction moves one amount. */
  readonly logIndex: number | undefined;
  readonly asset: "TRX" | "USDT";
  readonly from: TronAddress;
  readonly to: TronAddress;
  readonly amount: Units;
};

export type MatchedBlock = {
  readonly transactions: readonly BlockTransaction[];
  readonly receipts: readonly Pick<Receipt, "txId" | "result" | "logs">[];
};

/** In the order of the block, logs in the order of their transaction. */
export function matchTransfers(
  block: MatchedBlock,
  { watched, usdt }: { watched: AddressSet; usdt: TronAddress },
): WatchedTransfer[] {
  const token = toHex41(usdt).slice(2);
  const receipts = new Map(block.receipts.map((receipt) => [receipt.txId, receipt]));
  const found: WatchedTransfer[] = [];
  for (const { txId, result, rawHex = "" } of block.transactions) {
    if (result !== "SUCCESS") continue;
    const coin = trxTransfer(rawHex, watched);
    if (coin !== undefined) found.push({ txId, ...coin });
    const receipt = receipts.get(txId);
    if (receipt?.result !== "SUCCESS" || !mayConcern(receipt.logs, watched)) continue;
    for (const [logIndex, log] of [...(receipt.logs ?? [])].entries()) {
      const moved = tokenTransfer(log, { watched, token });
      if (moved !== undefined) found.push({ txId, logIndex, ...moved });
    }
  }
  return found;
}

/** Logs that are still bytes are asked first: nearly all are about strangers. */
function mayConcern(logs: Receipt["logs"], watched: AddressSet): boolean {
  return !(logs instanceof LogBytes) || logs.mention((hex, at) => watched.hasAt(hex, at));
}

const TRANSFER = TOPICS["Transfer(address,address,uint256)"];

function tokenTransfer(
  log: ContractLog,
  { watched, token }: { watched: AddressSet; token: string },
): Omit<WatchedTransfer, "txId" | "logIndex"> | undefined {
  const [topic, from = "", to = ""] = log.topics;
  if (topic !== TRANSFER || log.topics.length !== 3 || log.address.toLowerCase() !== token) return undefined;
  if (!watched.has(to.slice(24)) && !watched.has(from.slice(24))) return undefined;
  const moved = decodeTransferLog(log);
  if (moved === undefined || moved.amount === 0n || moved.amount > AMOUNT_MAX) return undefined;
  return { asset: "USDT", from: moved.from, to: moved.to, amount: units(moved.amount) };
}

function trxTransfer(rawHex: string, watched: AddressSet): Omit<WatchedTransfer, "txId"> | undefined {
  const moved = coinTransferOf(rawHex);
  if (moved === undefined || moved.amount <= 0n) return undefined;
  const { from, to, amount } = moved;
  if (!watched.has(from) && !watched.has(to)) return undefined;
  return { logIndex: undefined, asset: "TRX", from: fromEvm20(from), to: fromEvm20(to), amount: units(amount) };
}
