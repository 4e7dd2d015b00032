/** What can happen to a payout, and what it notes down of it. Pure. */
import type { AbsenceProof, Inclusion } from "../domain/chain-facts.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { Stamp } from "./durable.ts";
import type { PayoutContext } from "./payout-context.ts";
import { isLackOfMoney } from "./ledger.ts";
import { isObjection } from "./transaction-context.ts";

type FromTransaction = { txId?: string; attempt: number };
type Events =
  | { type: "payout.approve"; by: string; hash: string; comment?: string }
  | { type: "payout.reject"; by: string; comment?: string }
  | { type: "payout.cancel"; by: string }
  | { type: "payout.retry"; by: string }
  | { type: "wallet.reserved"; sequence: number }
  | { type: "wallet.refused"; refusal: Refusal }
  | ({ type: "transaction.delayed"; failure: Refusal } & FromTransaction)
  | ({ type: "transaction.signed"; expiration: number } & FromTransaction)
  | ({ type: "transaction.doubted"; reason?: Refusal } & FromTransaction)
  | ({ type: "transaction.seen" } & FromTransaction)
  | ({ type: "transaction.confirmed"; inclusion: Inclusion } & FromTransaction)
  | ({ type: "transaction.reverted"; inclusion: Inclusion } & FromTransaction)
  | ({ type: "transaction.expired"; proof: AbsenceProof } & FromTransaction)
  | ({ type: "transaction.failed"; failure: Refusal } & FromTransaction);
export type PayoutEvent = Events & Partial<Stamp>;

const DEADLINE_LOOK_MS = { unknown: 60_000, least: 3_000, most: 3_600_000 } as const;

/** Failures of the chain that another attempt can mend. Anything else (REVERT, …) would fail again. */
const MENDABLE = new Set(["OUT_OF_ENERGY", "OUT_OF_TIME"]);

/** P1: the outcome of another attempt, or of bytes that were never signed, says nothing about the money in flight now. */
export function isOfSignedBytes(context: PayoutContext, event: PayoutEvent): boolean {
  if (!("attempt" in event) || event.attempt !== context.attempt) return false;
  return context.txId !== undefined && event.txId === context.txId;
}

export function isMendable(event: PayoutEvent): boolean {
  return event.type === "transaction.reverted" && MENDABLE.has(event.inclusion.result);
}

/** By block time; only what is given up early depends on it, for what is signed the bytes themselves say when they die. */
export function isTooLate({ notAfter }: PayoutContext, { blockTime = 0 }: PayoutEvent): boolean {
  return notAfter !== undefined && blockTime >= notAfter;
}

/** Nothing of it was ever signed, so that it ends like an order that was refused, and its external id is free again. */
export function ranOutOfTime({ attempt }: PayoutContext, event: PayoutEvent): boolean {
  if (event.type !== "transaction.failed" || event.attempt !== attempt) return false;
  return attempt === 1 && event.failure.code === "not_after_passed";
}

/** Paid from what comes later it would be a second payment: two sweeps that were approved are of the same money. */
export function hasBeenSwept({ isSweep }: PayoutContext, event: PayoutEvent): boolean {
  return isSweep === true && event.type === "wallet.refused" && isLackOfMoney(event.refusal);
}

/** Pause before it is looked whether it is too late: until then, as far as is known, and at most an hour. */
export function untilTooLate({ notAfter = 0 }: PayoutContext, { blockTime }: PayoutEvent): number {
  if (!blockTime) return DEADLINE_LOOK_MS.unknown;
  return Math.min(DEADLINE_LOOK_MS.most, Math.max(DEADLINE_LOOK_MS.least, notAfter - blockTime));
}

/** What a simulation says is true of one moment only, so a person decides whether the payment can still be made. */
export function wasObjectedTo(context: PayoutContext, event: PayoutEvent): boolean {
  return event.type === "transaction.failed" && event.attempt === context.attempt && isObjection(event.failure);
}

export function amendLast(
  c: PayoutContext,
  change: Partial<PayoutContext["attempts"][number]>,
): PayoutContext["attempts"] {
  return c.attempts.map((attempt, i) => (i === c.attempts.length - 1 ? { ...attempt, ...change } : attempt));
}

export function outcomeOf(c: PayoutContext, event: PayoutEvent): Partial<PayoutContext> {
  switch (event.type) {
    case "transaction.confirmed":
      return { attempts: amendLast(c, { outcome: "confirmed", inclusion: event.inclusion }), reason: undefined };
    case "transaction.reverted": {
      const { result, blockNumber } = event.inclusion;
      return {
        attempts: amendLast(c, { outcome: "reverted", inclusion: event.inclusion }),
        reason: refuse("chain_error", `the transaction failed in block ${blockNumber} with ${result}`, {
          result,
          blockNumber,
        }),
      };
    }
    case "transaction.expired":
      return {
        attempts: amendLast(c, { outcome: "expired", proof: event.proof }),
        reason: refuse(
          "tx_expired",
          `no block up to solidified block ${event.proof.solidNumber} holds the transaction`,
          { ...event.proof },
        ),
      };
    case "transaction.doubted":
      return event.reason === undefined ? {} : { reason: event.reason };
    case "transaction.seen":
      return { reason: undefined };
    case "transaction.failed":
      return { attempts: amendLast(c, { outcome: "failed" }), reason: event.failure };
    default:
      return {};
  }
}
