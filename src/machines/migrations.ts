/** Records of older machine versions, brought to the next one. Pure; `catalog.ts` names them. */
import type { ActorRecord } from "../domain/records.ts";
import { add, isLess, subtract } from "../domain/money.ts";
import type { Ledger } from "./ledger.ts";
import type { PayoutContext } from "./payout-context.ts";
import type { WalletContext } from "./wallet.machine.ts";

/** Version 1 counted a payment in a limit slice when its money was set aside; its wallet counts it by itself now. */
export function payoutFrom1(record: ActorRecord): ActorRecord {
  const { reservation, ...context } = record.context as PayoutContext;
  const kept = reservation === undefined ? {} : { reservation: { sequence: reservation.sequence } };
  return { ...record, version: "2", context: { ...context, ...kept } };
}

/**
 * The slices of version 1 also hold what is reserved and in flight, which is counted for itself now. It is taken from the
 * oldest: what is left stays as long as it would have, or longer, so the sum is not too small for a moment.
 */
export function walletFrom1(record: ActorRecord): ActorRecord {
  const context = record.context as WalletContext;
  const { ledger } = context;
  return { ...record, version: "2", context: { ...context, ledger: { ...ledger, slices: slicesOfSpent(ledger) } } };
}

function slicesOfSpent({ usdt, slices }: Ledger): Ledger["slices"] {
  let held = add(usdt.reserved, usdt.inFlight);
  const left: Ledger["slices"] = [];
  for (const { slice, amount } of slices.toSorted((a, b) => a.slice - b.slice)) {
    const taken = isLess(held, amount) ? held : amount;
    held = subtract(held, taken);
    if (taken !== amount) left.push({ slice, amount: subtract(amount, taken) });
  }
  return left;
}
