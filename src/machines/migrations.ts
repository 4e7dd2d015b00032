/** Records of older machine versions, brought to the next one. Pure; `catalog.ts` names them. */
import type { ActorRecord } from "../domain/records.ts";
import type { PayoutContext } from "./payout-context.ts";

/** Version 1 counted a payment in a limit slice when its money was set aside; its wallet counts it by itself now. */
export function payoutFrom1(record: ActorRecord): ActorRecord {
  const { reservation, ...context } = record.context as PayoutContext;
  const kept = reservation === undefined ? {} : { reservation: { sequence: reservation.sequence } };
  return { ...record, version: "2", context: { ...context, ...kept } };
}

/**
 * The slices of version 1 also hold what is reserved and in flight, which is counted for itself now. Which part of them
 * that is nobody knows, so they stay as they are: for a day after the upgrade the limit may count a payment twice.
 */
export function walletFrom1(record: ActorRecord): ActorRecord {
  return { ...record, version: "2" };
}
