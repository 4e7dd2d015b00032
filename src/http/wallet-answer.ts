/**
 * What a wallet's answer means for the request that asked for money.
 *
 * A wallet answers in the commit in which it is asked for money, unless it is in quarantine: then the question is parked,
 * nothing is set aside, and the answer may be no. On that nothing is promised: the request is refused, and leaves nothing.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import { BALANCE_REST_MS } from "../domain/limits.ts";
import type { ActorRecord } from "../domain/records.ts";
import { isLackOfMoney } from "../machines/ledger.ts";
import type { Clock } from "../ports/clock.ts";
import type { EngineAnswer, Verdict } from "../supervisor/facade.ts";
import type { HttpPorts } from "./ports.ts";
import { batchContext, payoutContext, walletContext } from "./records.ts";

/** `asking`: a payout or a batch as it is after the request. */
export function unanswered(asking: ActorRecord | undefined): Refusal | undefined {
  if (asking?.state !== "reserving") return undefined;
  const { walletId } = asking.kind === "payout" ? payoutContext(asking) : batchContext(asking);
  const detail = `The wallet ${walletId} is quarantined until an operator releases it; nothing was accepted`;
  return refuse("quarantined", detail, { wallet: walletId });
}

/** A line that its wallet refused although it would not in a moment: nobody has to live with that answer. */
export function refusedForNow(asking: ActorRecord | undefined): Refusal | undefined {
  if (asking?.kind !== "payout" || asking.tag !== "rejected") return undefined;
  const { reason } = payoutContext(asking);
  return reason?.code === "not_ready" ? reason : undefined;
}

/** What was refused has left nothing, also no reading. The wallet judged by its last one; the next try deserves a newer. */
export async function readAgain(
  ports: Pick<HttpPorts, "engine" | "clock">,
  walletId: string,
  answer: EngineAnswer,
): Promise<void> {
  if ("refusal" in answer && mayBeOfBefore(answer.refusal)) await readIfOld(ports, walletId);
}

/** One who repeats without pause has nobody ask the nodes without pause. */
export async function readIfOld(
  { engine, clock }: Pick<HttpPorts, "engine" | "clock">,
  walletId: string,
): Promise<void> {
  const wallet = { kind: "wallet", id: walletId };
  const record = engine.record(wallet);
  if (record === undefined || !isReadingOld(record, clock)) return;
  await engine.request({ to: wallet, message: { type: "wallet.refresh" }, respond: keepNothing });
}

/** Money came since, or left: a wallet is put away when a reading shows that it is empty. */
function mayBeOfBefore(refusal: Refusal): boolean {
  return isLackOfMoney(refusal) || refusal.code === "wallet_not_empty";
}

/** After a reading that failed the wallet reads by itself. */
export function isReadingOld(wallet: ActorRecord, clock: Clock): boolean {
  const { readAt, balanceError } = walletContext(wallet);
  return balanceError === undefined && clock.now() - (readAt ?? 0) >= BALANCE_REST_MS;
}

export function keepNothing(): Verdict {
  return { keep: { status: 204, body: null } };
}
