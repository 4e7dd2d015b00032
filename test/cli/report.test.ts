import { expect, test } from "vitest";
import type { SolidReceipt } from "../../src/cli/chain-witness.ts";
import type { PayoutRow } from "../../src/cli/engine-view.ts";
import { tableOf, totalsOf } from "../../src/cli/report.ts";
import { units } from "../../src/domain/money.ts";
import { ANN } from "./support/payees.ts";

test("a report has room for very many rows", () => {
  const ids = Array.from({ length: 150_000 }, (_, index) => `po_${index}`);
  const payouts = ids.map((id): PayoutRow => {
    const rest = { waitingFor: "", reason: undefined, txId: "ab", blockNumber: 7 };
    return { id, lineId: id, to: ANN, amount: units(1n), status: "confirmed", ...rest };
  });
  const receipts = new Map(
    ids.map((id, index): [string, SolidReceipt] => [
      id,
      { succeeded: true, blockNumber: 1_000 + index, energy: 1, feeSun: units(1n), moves: [] },
    ]),
  );
  const report = { payouts, receipts, columns: 200 };
  expect(tableOf(report).split("\n")).toHaveLength(150_001);
  expect(totalsOf(report)).toContain("blocks       1000 to 150999, all solidified");
});
