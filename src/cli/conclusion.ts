/** What the user reads at the end, and the exit code. */
import { EXIT } from "./demo-options.ts";
import type { PayoutRow } from "./engine-view.ts";
import type { PayoutLine } from "./payout-file.ts";
import type { Progress } from "./progress.ts";
import { tableOf, totalsOf } from "./report.ts";
import type { Verdict } from "./verdict.ts";

const SHOWN_MAX = 20;

export type Outcome = {
  readonly lines: readonly PayoutLine[];
  readonly payouts: readonly PayoutRow[];
  /** Whether every payout reached an end. */
  readonly ended: boolean;
  readonly verdict: Verdict;
  /** Whether the balances were read before the order was sent. */
  readonly balancesKnown: boolean;
};

export function conclude(outcome: Outcome, progress: Progress): number {
  const { lines, balancesKnown, verdict } = outcome;
  const payouts = inFileOrder(outcome.payouts, lines);
  const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  const report = { payouts, receipts: verdict.receipts, columns };
  progress.say(`\n${tableOf(report)}\n\n${totalsOf(report)}`);
  if (balancesKnown) {
    const others =
      verdict.explained === 0 ? "" : `; ${verdict.explained} more got other payouts besides, all accounted for`;
    progress.say(
      `  balances     ${verdict.exact} of ${new Set(lines.map(({ address }) => address)).size} grew by exactly their amount${others}`,
    );
  }
  const open = payouts.filter(({ status }) => status !== "confirmed");
  for (const { lineId, status, reason, waitingFor } of open.slice(0, SHOWN_MAX)) {
    progress.say(`  ${lineId}: ${status}: ${reason ?? `waits for ${waitingFor}`}`);
  }
  const { exitCode, sentence } = judge(outcome, open.length);
  progress.say(`\n${sentence}`);
  return exitCode;
}

function inFileOrder(payouts: readonly PayoutRow[], lines: readonly PayoutLine[]): PayoutRow[] {
  const places = new Map(lines.map(({ lineId }, index) => [lineId, index]));
  const place = ({ lineId }: PayoutRow): number => places.get(lineId) ?? lines.length;
  return payouts.toSorted((a, b) => place(a) - place(b));
}

function judge({ verdict, ended, balancesKnown }: Outcome, open: number): { exitCode: number; sentence: string } {
  const { problems } = verdict;
  if (problems.length > 0) {
    const list = problems.map((problem) => `  ${problem}`).join("\n");
    return { exitCode: EXIT.mismatch, sentence: `The chain does not show what was ordered:\n${list}` };
  }
  if (!ended) {
    return {
      exitCode: EXIT.waiting,
      sentence: `${open} payouts are still on their way. Run the same command again to go on waiting.`,
    };
  }
  if (open > 0) {
    return {
      exitCode: EXIT.unpaid,
      sentence: `${open} payouts ended without being paid; the others are in a solidified block.`,
    };
  }
  if (!balancesKnown) {
    const sentence =
      "Every payout is in a solidified block, but the balances before the order were noted in the data directory\n" +
      "of the first run and not in this one, so that nobody can tell here by how much they grew.";
    return { exitCode: EXIT.mismatch, sentence };
  }
  return {
    exitCode: EXIT.ok,
    sentence: "Every payout is in a solidified block and every balance grew by exactly its amount.",
  };
}
