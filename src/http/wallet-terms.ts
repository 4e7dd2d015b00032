/** What an operator may change about a wallet, read from a request and bound to an ETag. */
import { refuse, type Refusal } from "../domain/errors.ts";
import { isLess, parseDecimal } from "../domain/money.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { Limits } from "../machines/ledger.ts";
import { canonicalJson, digest } from "./idempotency.ts";
import { walletContext } from "./records.ts";

type LimitText = string | null;
export type LimitsText = { minimum?: LimitText; maximum?: LimitText; daily?: LimitText; approval_above?: LimitText };

const NAMES = { minimum: "minimum", maximum: "maximum", daily: "daily", approvalAbove: "approval_above" } as const;

/**
 * Each limit by itself: one that is left out stays as it was, so that nobody switches approvals off by naming a maximum;
 * null takes it away.
 */
export function readLimits(text: LimitsText | undefined, before: Limits): Limits | Refusal {
  if (text === undefined) return before;
  const limits: Record<string, Limits[keyof Limits]> = { ...before };
  for (const [field, name] of Object.entries(NAMES)) {
    const value = text[name];
    if (value === null) delete limits[field];
    if (typeof value !== "string") continue;
    const amount = parseDecimal(value);
    if (amount === undefined)
      return refuse("invalid_amount", `The limit ${name} is more than an amount can be`, { limit: name });
    limits[field] = amount;
  }
  return contradiction(limits) ?? limits;
}

/** Changes with what an operator may change and with nothing else: payments do not spoil an edit. */
export function etagOf(record: ActorRecord): string {
  const { name, labels, limits } = walletContext(record);
  return `"${digest(canonicalJson({ name, labels, limits, status: record.tag })).slice(0, 22)}"`;
}

/** Undefined: go on. One tag of the list is enough, and a weak one never matches (RFC 9110, 13.1.1). */
export function refuseUnmatched(ifMatch: string | undefined, record: ActorRecord): Refusal | undefined {
  if (ifMatch === undefined || ifMatch.trim() === "*") return undefined;
  const etag = etagOf(record);
  const tags: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (tags.includes(etag)) return undefined;
  const isStale = tags.some((tag) => !tag.startsWith("W/"));
  const detail = isStale
    ? "The wallet was changed since; read it again"
    : "If-Match holds no tag to compare; send the ETag of the wallet as it was read, in quotes, without W/";
  return refuse("precondition_failed", detail, { etag });
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
