import { formatDecimal } from "../../domain/money.ts";
import type { ActorRecord } from "../../domain/records.ts";
import type { MachineWords } from "../machine-view.ts";
import { relayContext } from "../records.ts";
import { isoTime } from "./time.ts";
import { pushView } from "./transaction.ts";

export function relayView(record: ActorRecord, words: MachineWords) {
  const { txId, expiration, pushes, lastPush } = relayContext(record);
  const { description, waitingFor } = words.of(record);
  return {
    txid: txId,
    status: record.tag,
    status_text: description,
    waiting_for: waitingFor,
    expires_at: isoTime(expiration),
    pushes,
    last_push: pushView(lastPush),
  };
}

/** As a transaction that no solidified block has yet. */
export function relayedTransactionView(record: ActorRecord, words: MachineWords) {
  const { asset, from, to, amount } = relayContext(record);
  return {
    ...relayView(record, words),
    known: false,
    transaction_id: record.id,
    payout_id: null,
    attempt: null,
    state: words.of(record).state,
    asset,
    from,
    to,
    amount: formatDecimal(amount),
    amount_units: amount,
    receipt: null,
    solidified: false,
    confirmations: 0,
    failure: null,
  };
}
