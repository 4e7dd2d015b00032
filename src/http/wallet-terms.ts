/** What an operator may change about a wallet, read from a request and bound to an ETag. */
import { refuse, type Refusal } from "../domain/errors.ts";
import { isLess, parseDecimal } from "../domain/money.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { Limits } from "../machines/ledger.ts";
import { canonicalJson, digest } from "./idempotency.ts";
import { walletContext } from "./records.ts";

export type LimitsText = { minimum?: string; maximum?: string; daily?: string; approval_above?: string };

/** `defaults` when the request has no limits; otherwise exactly what it says. */
export function readLimits(text: LimitsText | undefined, defaults: Limits): Limits | Refusal {
  if (text === undefined) return defaults;
  const { minimum, maximum, daily, approval_above: approvalAbove } = text;
  const limits: Record<string, Limits[keyof Limits]> = {};
  for (const [name, value] of Object.entries({ minimum, maximum, daily, approvalAbove })) {
    if (value === undefined) continue;
    const amount = parseDecimal(value);
    if (amount === undefined)
      return refuse("invalid_amount", `The limit ${name} is more than an amount can be`, { limit: name });
    limits[name] = amount;
  }
  return contradiction(limits) ?? limits;
}

/** Changes with what an operator may change and with nothing else: payments do not spoil an edit. */
export function etagOf(record: ActorRecord): string {
  const { name, labels, limits } = walletContext(record);
  return `"${digest(canonicalJson({ name, labels, limits, status: record.tag })).slice(0, 22)}"`;
}

function contradiction({ minimum, maximum, daily }: Limits): Refusal | undefined {
  if (minimum === undefined) return undefined;
  for (const [name, limit] of Object.entries({ maximum, daily })) {
    if (limit !== undefined && isLess(limit, minimum)) {
      return refuse("validation_failed", `The limit ${name} is below the minimum, so no payout would be possible`, {
        limit: name,
      });
    }
  }
  return undefined;
}
