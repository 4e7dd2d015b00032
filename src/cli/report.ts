/** The table and the totals at the end. */
import { add, formatDecimal, ZERO, type Units } from "../domain/money.ts";
import type { SolidReceipt } from "./chain-witness.ts";
import type { PayoutRow } from "./engine-view.ts";

export type Report = {
  readonly payouts: readonly PayoutRow[];
  readonly receipts: ReadonlyMap<string, SolidReceipt>;
  readonly columns: number;
};

/** Ids are shortened when the whole ones do not fit into the width. */
export function tableOf({ payouts, receipts, columns }: Report): string {
  const whole = rowsOf(payouts, receipts, (text) => text);
  const fitting = widthOf(whole) <= columns ? whole : rowsOf(payouts, receipts, shorten);
  const widths = widthsOf(fitting);
  return fitting
    .map((row) =>
      row
        .map((cell, index) => align(cell, { width: widths[index] ?? 0, right: NUMBERS.has(index) }))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function totalsOf({ payouts, receipts }: Report): string {
  const paid = payouts.filter(({ status }) => status === "confirmed");
  const sum = paid.reduce((total, { amount }) => add(total, amount ?? ZERO), ZERO);
  const found = [...receipts.values()];
  const fee = found.reduce((total, { feeSun }) => add(total, feeSun), ZERO);
  const energy = found.reduce((total, receipt) => total + receipt.energy, 0);
  const blocks = found.map(({ blockNumber }) => blockNumber);
  const recipients = new Set(paid.map(({ to }) => to)).size;
  return [
    `  paid         ${grouped(sum)} USDT in ${paid.length} of ${payouts.length} payouts to ${recipients} addresses`,
    `  burned       ${grouped(fee)} TRX for ${energy.toLocaleString("en-US")} energy`,
    ...(blocks.length === 0 ? [] : [`  blocks       ${span(blocks)} solidified`]),
  ].join("\n");
}

function span(blocks: readonly number[]): string {
  const first = blocks.reduce((least, block) => Math.min(least, block), Number.POSITIVE_INFINITY);
  const last = blocks.reduce((most, block) => Math.max(most, block), 0);
  return first === last ? `${first},` : `${first} to ${last}, all`;
}

const HEADER = ["line", "payout", "recipient", "amount", "state", "txID", "block", "energy", "TRX burned"];
const NUMBERS = new Set([3, 6, 7, 8]);
const GAP = 2;

function rowsOf(
  payouts: readonly PayoutRow[],
  receipts: ReadonlyMap<string, SolidReceipt>,
  id: (text: string) => string,
): string[][] {
  const rows = payouts.map((payout) => {
    const receipt = receipts.get(payout.id);
    return [
      payout.lineId,
      id(payout.id),
      id(payout.to),
      payout.amount === undefined ? "" : fixed(payout.amount),
      payout.status,
      id(payout.txId ?? ""),
      receipt === undefined ? "" : String(receipt.blockNumber),
      receipt === undefined ? "" : String(receipt.energy),
      receipt === undefined ? "" : fixed(receipt.feeSun),
    ];
  });
  return [HEADER, ...rows];
}

/** "po_Ab3…x9": enough to find it, short enough for a table. */
function shorten(text: string): string {
  return text.length <= 11 ? text : `${text.slice(0, 6)}…${text.slice(-4)}`;
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return HEADER.map((_, index) => rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), 0));
}

function widthOf(rows: readonly (readonly string[])[]): number {
  return widthsOf(rows).reduce((sum, width) => sum + width + GAP, -GAP);
}

function align(text: string, { width, right }: { width: number; right: boolean }): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

/** All six decimals, so that points stand below each other. */
function fixed(amount: Units): string {
  const [whole = "", fraction = ""] = formatDecimal(amount).split(".");
  return `${whole}.${fraction.padEnd(6, "0")}`;
}

/** 1234567.5 -> "1,234,567.5" */
export function grouped(amount: Units): string {
  const [whole = "", fraction] = formatDecimal(amount).split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}
