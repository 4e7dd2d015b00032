/** What a payout answers. */
import { refuse, type Refusal } from "../domain/errors.ts";

const no = (refusal: Refusal) => ({ type: "reply", params: { ok: false, refusal } }) as const;

export const reply = {
  ok: { type: "reply", params: { ok: true } },
  notCancellable: no(refuse("not_cancellable", "a signed transaction exists; the payout follows it to its end")),
  staleHash: no(refuse("stale_hash", "read the payout again and approve what it says now")),
  tooLate: no(refuse("not_after_passed", "the time until which it may be paid has passed")),
  selfApproval: no(refuse("self_approval", "somebody else has to approve")),
} as const;
