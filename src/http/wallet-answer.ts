/**
 * A wallet answers in the commit in which it is asked for money, unless it is in quarantine: then the question is parked,
 * nothing is set aside, and the answer may be no. On that nothing is promised: the request is refused, and leaves nothing.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorRecord } from "../domain/records.ts";
import { batchContext, payoutContext } from "./records.ts";

/** `asking`: a payout or a batch as it is after the request. */
export function unanswered(asking: ActorRecord | undefined): Refusal | undefined {
  if (asking?.state !== "reserving") return undefined;
  const { walletId } = asking.kind === "payout" ? payoutContext(asking) : batchContext(asking);
  const detail = `The wallet ${walletId} is quarantined until an operator releases it; nothing was accepted`;
  return refuse("quarantined", detail, { wallet: walletId });
}
