/**
 * From the lines of a file to the orders that the API gets.
 *
 * O1. The id follows from what is to be paid (lines, wallet, network) and from nothing else: the same file is the same
 *     order today, tomorrow and after any restart, however it was saved and whatever the order of its lines.
 * O2. Every line has an external id that follows from the same. External ids are unique among all payouts of an engine,
 *     so a line cannot be paid twice even when another token sends the file.
 */
import { createHash } from "node:crypto";
import { BATCH_LINES_MAX } from "../domain/limits.ts";
import { formatDecimal } from "../domain/money.ts";
import type { PayoutLine } from "./payout-file.ts";

export type BatchItem = {
  readonly line_id: string;
  readonly to: string;
  readonly amount: string;
  readonly external_id: string;
};
export type BatchOrder = { readonly idempotencyKey: string; readonly items: readonly BatchItem[] };
export type PayoutOrder = { readonly id: string; readonly batches: readonly BatchOrder[] };

export function orderOf(lines: readonly PayoutLine[], payer: { walletId: string; genesisId: string }): PayoutOrder {
  const sorted = lines.toSorted((a, b) => (a.lineId < b.lineId ? -1 : 1));
  const content = [
    payer.genesisId,
    payer.walletId,
    ...sorted.map(({ lineId, address, amount }) => [lineId, address, amount]),
  ];
  const id = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 32);
  const items = sorted.map(({ lineId, address, amount }) => ({
    line_id: lineId,
    to: address,
    amount: formatDecimal(amount),
    external_id: `file-${id}-${lineId}`,
  }));
  const batches = Array.from({ length: Math.ceil(items.length / BATCH_LINES_MAX) }, (_, index) => ({
    idempotencyKey: `file-${id}-${index + 1}`,
    items: items.slice(index * BATCH_LINES_MAX, (index + 1) * BATCH_LINES_MAX),
  }));
  return { id, batches };
}
