import { formatDecimal } from "../../domain/money.ts";
import type { ActorRecord } from "../../domain/records.ts";
import { payoutContext } from "../records.ts";
import { isoTime } from "./time.ts";

/** A payout seen from one of its two ends. */
export function historyEntry(record: ActorRecord, address: string) {
  const c = payoutContext(record);
  return {
    payout_id: record.id,
    direction: c.from === c.to ? "self" : c.from === address ? "out" : "in",
    asset: c.asset,
    amount: formatDecimal(c.amount),
    amount_units: c.amount,
    from: c.from,
    to: c.to,
    status: record.tag,
    txid: c.txId ?? null,
    block_number: c.attempts.at(-1)?.inclusion?.blockNumber ?? null,
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
  };
}
