import type { ActorRecord } from "../../domain/records.ts";
import { formatDecimal } from "../../domain/money.ts";
import type { PayoutContext } from "../../machines/payout-context.ts";
import type { PayoutView } from "../contract/payouts.ts";
import type { MachineWords } from "../machine-view.ts";
import { payoutContext } from "../records.ts";
import { isoTime } from "./time.ts";

export function payoutView(record: ActorRecord, words: MachineWords): PayoutView {
  const c = payoutContext(record);
  const { description, waitingFor } = words.of(record);
  const createdAt = isoTime(record.createdAt);
  return {
    id: record.id,
    purpose: c.purpose,
    status: record.tag,
    status_text: description,
    waiting_for: waitingFor,
    wallet_id: c.walletId,
    from: c.from,
    to: c.to,
    asset: c.asset,
    amount: formatDecimal(c.amount),
    amount_units: c.amount,
    external_id: c.externalId ?? null,
    batch_id: c.batch?.id ?? null,
    line_id: c.lineId ?? null,
    metadata: c.metadata ?? {},
    max_fee_trx: c.maxFeeSun === undefined ? null : formatDecimal(c.maxFeeSun),
    not_after: c.notAfter === undefined ? null : isoTime(c.notAfter),
    created_by: c.createdBy,
    created_at: createdAt,
    updated_at: record.updatedAt === record.createdAt ? createdAt : isoTime(record.updatedAt),
    attempts: c.attempts.map(attemptView),
    txid: c.txId ?? null,
    block_number: c.attempts.at(-1)?.inclusion?.blockNumber ?? null,
    reason: c.reason === undefined ? null : refusalView(c.reason),
    payout_hash: c.hash,
    looks_like: c.looksLike ?? null,
    decided_by: c.decidedBy ?? null,
    comment: c.comment ?? null,
    next_action_at: nextTimer(record),
  };
}

/** A copy: what the record holds is never handed out to be changed. */
function refusalView({
  code,
  detail,
  evidence,
}: NonNullable<PayoutContext["reason"]>): NonNullable<PayoutView["reason"]> {
  return evidence === undefined ? { code, detail } : { code, detail, evidence: { ...evidence } };
}

function attemptView(attempt: PayoutContext["attempts"][number], index: number): PayoutView["attempts"][number] {
  const { inclusion, proof } = attempt;
  return {
    attempt: index + 1,
    transaction_id: attempt.transaction,
    txid: attempt.txId ?? null,
    outcome: attempt.outcome ?? null,
    block_number: inclusion?.blockNumber ?? null,
    fee_trx: inclusion === undefined ? null : formatDecimal(inclusion.feeSun),
    energy: inclusion?.energyUsed ?? null,
    ...(proof === undefined
      ? {}
      : {
          proof: {
            solid_number: proof.solidNumber,
            solid_id: proof.solidId,
            solid_time: isoTime(proof.solidTimestamp),
            scanned_from: proof.scannedFrom,
            scanned_to: proof.scannedTo,
            nodes: [...(proof.nodes ?? [])],
          },
        }),
  };
}

function nextTimer({ timers }: ActorRecord): string | null {
  const dues = Object.values(timers).map(({ due }) => due);
  return dues.length === 0 ? null : isoTime(Math.min(...dues));
}
