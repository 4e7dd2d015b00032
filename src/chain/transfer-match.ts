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
import type { ContractLog, TronAddress, TxId } from "../domain/chain-facts.ts";
import { AMOUNT_MAX, units, type Units } from "../domain/money.ts";
import { fromHex41, toHex41 } from "../tron/address.ts";
import { decodeRawTransaction } from "../tron/transaction.ts";
import { decodeTransferLog, TOPICS } from "../tron/trc20.ts";
import type { AddressSet } from "./address-set.ts";

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
  readonly transactions: readonly { readonly txId: TxId; readonly result: string; readonly rawHex?: string }[];
  readonly receipts: readonly {
    readonly txId: TxId;
    readonly result: string;
    readonly logs?: readonly ContractLog[];
  }[];
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
    if (receipt?.result !== "SUCCESS") continue;
    for (const [logIndex, log] of (receipt.logs ?? []).entries()) {
      const moved = tokenTransfer(log, { watched, token });
      if (moved !== undefined) found.push({ txId, logIndex, ...moved });
    }
  }
  return found;
}

const TRANSFER = TOPICS["Transfer(address,address,uint256)"];

/** Addresses are decoded, which costs four hashes, only when one of them is watched. */
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

/** Bytes of `type.googleapis.com/protocol.TransferContract`, and the tag of the message after it. */
const TRANSFER_URL = `${Buffer.from("type.googleapis.com/protocol.TransferContract").toString("hex")}12`;
/** owner_address and to_address: tag, length 21, 41 and 20 bytes each; with the message's own length before them. */
const OWNER_AT = 2 + 4 + 2;
const TO_AT = OWNER_AT + 40 + 4 + 2;

/** Looks at the two addresses where they have to stand; the bytes are decoded only when one of them is watched. */
function trxTransfer(rawHex: string, watched: AddressSet): Omit<WatchedTransfer, "txId"> | undefined {
  const start = rawHex.indexOf(TRANSFER_URL);
  if (start < 0) return undefined;
  const value = start + TRANSFER_URL.length;
  const owner = rawHex.slice(value + OWNER_AT, value + OWNER_AT + 40);
  const to = rawHex.slice(value + TO_AT, value + TO_AT + 40);
  if (!watched.has(owner) && !watched.has(to)) return undefined;
  const [contract] = decodeRawTransaction(rawHex).contracts;
  if (contract?.type !== "TransferContract" || contract.value.amount <= 0n) return undefined;
  const { owner_address, to_address, amount } = contract.value;
  return {
    logIndex: undefined,
    asset: "TRX",
    from: fromHex41(owner_address),
    to: fromHex41(to_address),
    amount: units(amount),
  };
}
