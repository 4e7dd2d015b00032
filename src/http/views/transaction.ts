import type { Inclusion, Receipt } from "../../domain/chain-facts.ts";
import { formatDecimal } from "../../domain/money.ts";
import type { ActorRecord } from "../../domain/records.ts";
import type { TransactionContext } from "../../machines/transaction-context.ts";
import type { MachineWords } from "../machine-view.ts";
import { transactionContext } from "../records.ts";
import { isoTime } from "./time.ts";

/** Where the chain stands: numbers of the newest and of the newest solidified block. */
export type Heights = { readonly head: number; readonly solid: number };

export function transactionView(record: ActorRecord, { words, heights }: { words: MachineWords; heights: Heights }) {
  const c = transactionContext(record);
  const { state, description, waitingFor } = words.of(record);
  return {
    txid: c.txId ?? "",
    known: true,
    transaction_id: record.id,
    payout_id: c.owner.id,
    attempt: c.attempt,
    status: record.tag,
    state,
    status_text: description,
    waiting_for: waitingFor,
    asset: c.asset,
    from: c.from,
    to: c.to,
    amount: formatDecimal(c.amount),
    amount_units: c.amount,
    expires_at: c.expiration === undefined ? null : isoTime(c.expiration),
    pushes: c.pushes,
    last_push: pushView(c.lastPush),
    receipt: c.inclusion === undefined ? null : inclusionView(c.inclusion),
    solidified: record.status === "done" && c.inclusion !== undefined,
    confirmations: confirmations(c.inclusion?.blockNumber, heights),
    failure: c.failure === undefined ? null : { code: c.failure.code, detail: c.failure.detail },
  };
}

/** A transaction that this engine did not send, found in a solidified block. */
export function foreignView(receipt: Receipt, heights: Heights) {
  const succeeded = receipt.result === "SUCCESS";
  return {
    txid: receipt.txId,
    known: false,
    transaction_id: null,
    payout_id: null,
    attempt: null,
    status: succeeded ? "confirmed" : "failed",
    state: null,
    status_text: succeeded ? "It succeeded in a solidified block." : "It failed in a solidified block.",
    waiting_for: null,
    asset: null,
    from: null,
    to: null,
    amount: null,
    amount_units: null,
    expires_at: null,
    pushes: 0,
    last_push: null,
    receipt: inclusionView(receipt),
    solidified: true,
    confirmations: confirmations(receipt.blockNumber, heights),
    failure: null,
  };
}

/** With the logs, which only a solidified receipt of a node has. */
export function receiptView(txid: string, found: { receipt: Receipt; heights: Heights }) {
  const { receipt, heights } = found;
  return {
    txid,
    ...inclusionView(receipt),
    bandwidth: receipt.bandwidthUsed,
    solidified: true,
    confirmations: confirmations(receipt.blockNumber, heights),
    message: receipt.message ?? null,
    transfers: receipt.transfers.map(({ logIndex, token, from, to, amount }) => ({
      log_index: logIndex,
      token,
      from,
      to,
      amount_units: amount,
    })),
  };
}

/** From the engine's own record, when no node has told the receipt yet. */
export function ownReceiptView(txid: string, found: { inclusion: Inclusion; solidified: boolean; heights: Heights }) {
  const { inclusion, solidified, heights } = found;
  return {
    txid,
    ...inclusionView(inclusion),
    bandwidth: null,
    solidified,
    confirmations: confirmations(inclusion.blockNumber, heights),
    message: null,
    transfers: [],
  };
}

function inclusionView(
  included: Pick<Inclusion, "blockNumber" | "blockTimestamp" | "result" | "feeSun" | "energyUsed">,
) {
  return {
    block_number: included.blockNumber,
    block_time: isoTime(included.blockTimestamp),
    result: included.result,
    fee_trx: formatDecimal(included.feeSun),
    fee_sun: included.feeSun,
    energy: included.energyUsed,
  };
}

export function pushView(push: TransactionContext["lastPush"]) {
  if (push === undefined) return null;
  const { class: outcome, code, message, node, at } = push;
  return { class: outcome, code, message, node, at: isoTime(at) };
}

function confirmations(blockNumber: number | undefined, { head }: Heights): number {
  return blockNumber === undefined ? 0 : Math.max(1, head - blockNumber + 1);
}
