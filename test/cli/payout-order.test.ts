import { describe, expect, test } from "vitest";
import { units } from "../../src/domain/money.ts";
import type { PayoutLine } from "../../src/cli/payout-file.ts";
import { orderOf } from "../../src/cli/payout-order.ts";

const payer = { walletId: "wal_1", genesisId: "00" };

function line(number: number, amount = 10_000_000n): PayoutLine {
  return {
    line: number + 1,
    lineId: `l${number}`,
    address: "TXU2vrGbArDW52qJ1PP85s1UbdNB2hAGw8",
    amount: units(amount),
  };
}

describe("an order", () => {
  test("is the same whatever the order of the lines and wherever they stand in the file", () => {
    const moved = [line(2), line(1)].map((one, index) => ({ ...one, line: index + 40 }));
    expect(orderOf(moved, payer)).toEqual(orderOf([line(1), line(2)], payer));
  });

  test.each([
    ["an amount", [line(1), line(2, 10_000_001n)], payer],
    ["a line more", [line(1), line(2), line(3)], payer],
    ["another wallet", [line(1), line(2)], { ...payer, walletId: "wal_2" }],
    ["another chain", [line(1), line(2)], { ...payer, genesisId: "01" }],
  ])("is another one with %s", (_, lines, by) => {
    expect(orderOf(lines, by).id).not.toBe(orderOf([line(1), line(2)], payer).id);
  });

  test("of more than 1000 lines is sent in batches, each with a key of its own", () => {
    const { batches } = orderOf(
      Array.from({ length: 2_001 }, (_, number) => line(number)),
      payer,
    );
    expect(batches.map(({ items }) => items.length)).toEqual([1_000, 1_000, 1]);
    expect(new Set(batches.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    expect(new Set(batches.flatMap(({ items }) => items.map((item) => item.external_id))).size).toBe(2_001);
  });
});
