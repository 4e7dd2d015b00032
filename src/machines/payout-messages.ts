/** What a payout tells its transaction, its wallet and its batch. Pure. */
import type { Inclusion } from "../domain/chain-facts.ts";
import { ZERO } from "../domain/money.ts";
import type { ActorAddress } from "../domain/records.ts";
import type { Tell } from "./durable.ts";
import { holdFor, spendOf } from "./ledger.ts";
import type { PayoutContext } from "./payout-context.ts";
import { boundsOf, type TransactionInput } from "./transaction-context.ts";

export function transactionId(context: PayoutContext, attempt: number): string {
  return `tx_${context.self.id}_${attempt}`;
}

export function transactionOf(c: PayoutContext): ActorAddress {
  return { kind: "transaction", id: transactionId(c, c.attempt) };
}

export function startTransaction(c: PayoutContext): Tell {
  if (c.reservation === undefined) throw new Error("P2: an attempt without a reservation");
  const { walletId, asset, from, to, amount, attempt } = c;
  const input: TransactionInput = {
    owner: c.self,
    walletId,
    asset,
    from,
    to,
    amount,
    attempt,
    sequence: c.reservation.sequence,
    ...boundsOf(c),
  };
  return { to: transactionOf(c), create: input };
}

export function toWallet(c: PayoutContext, message: { type: string; [field: string]: unknown }): Tell {
  return { to: { kind: "wallet", id: c.walletId }, message };
}

export function settleHold(c: PayoutContext, inclusion: Inclusion): Tell {
  const spend = spendOf(c, { feeSun: inclusion.feeSun, succeeded: true });
  const { blockNumber: block, blockTimestamp: time } = inclusion;
  return toWallet(c, { type: "wallet.settle", hold: holdFor(c), spend, block, time });
}

/** Without an inclusion the attempt never ran, so it cost nothing. */
export function takeBackHold(c: PayoutContext, inclusion?: Inclusion): Tell {
  const spend =
    inclusion === undefined ? { usdt: ZERO, trx: ZERO } : spendOf(c, { feeSun: inclusion.feeSun, succeeded: false });
  return toWallet(c, { type: "wallet.takeBack", hold: holdFor(c), spend, block: inclusion?.blockNumber ?? 0 });
}

export function releaseHold(c: PayoutContext): Tell {
  if (c.reservation === undefined) throw new Error("P2: releasing a hold that does not exist");
  return toWallet(c, { type: "wallet.release", hold: holdFor(c) });
}

/** A payout whose batch reserved for it still holds money when it is rejected or cancelled before its first attempt. */
export function heldByBatch(c: PayoutContext): Tell[] {
  return c.reservation === undefined ? [] : [releaseHold(c)];
}

export function toBatch(c: PayoutContext, status: string): Tell | undefined {
  if (c.batch === undefined) return undefined;
  return { to: c.batch, message: { type: "batch.line", was: c.reported, status, amount: c.amount } };
}

export function listed(tell: Tell | undefined): Tell[] {
  return tell === undefined ? [] : [tell];
}
