import { formatDecimal, ZERO } from "../../domain/money.ts";
import type { ActorRecord } from "../../domain/records.ts";
import type { BatchView } from "../contract/payouts.ts";
import type { MachineWords } from "../machine-view.ts";
import { batchContext } from "../records.ts";
import { isoTime } from "./time.ts";

export function batchView(record: ActorRecord, words: MachineWords): BatchView {
  const c = batchContext(record);
  const { description, waitingFor } = words.of(record);
  const ended = Object.entries(c.counts).filter(([, count]) => count > 0);
  return {
    id: record.id,
    status: record.tag,
    status_text: description,
    waiting_for: waitingFor,
    mode: c.mode,
    wallet_id: c.walletId,
    asset: c.asset,
    count: c.count,
    total: formatDecimal(c.total),
    total_units: c.total,
    ended: ended.reduce((sum, [, count]) => sum + count, 0),
    by_status: Object.fromEntries(
      ended.map(([status, count]) => [status, { count, amount: formatDecimal(c.amounts[status] ?? ZERO) }]),
    ),
    invalid: c.invalid.map(({ lineId, index, refusal }) => ({
      line_id: lineId,
      index,
      code: refusal.code,
      detail: refusal.detail,
    })),
    reason: c.reason === undefined ? null : { code: c.reason.code, detail: c.reason.detail },
    created_by: c.createdBy,
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
  };
}
