import { describe, expect, test } from "vitest";
import { refuse } from "../../src/domain/errors.ts";
import { units } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import type { PayoutBatchContext, PayoutBatchInput } from "../../src/machines/payout-batch.machine.ts";
import { Driven } from "../support/kernel.ts";

const line = (n: number) => ({
  payoutId: `po_${n}`,
  lineId: `line-${n}`,
  to: "T-same",
  amount: units(BigInt(n) * 1_000_000n),
  hash: `h${n}`,
  needsApproval: n === 2,
});

function input(change: Partial<PayoutBatchInput> = {}): PayoutBatchInput {
  return {
    self: { kind: "payoutBatch", id: "b1" },
    mode: "all_or_nothing",
    walletId: "wal_1",
    from: "T-from",
    asset: "USDT",
    feeReserveSun: units(5n),
    createdBy: "token-a",
    lines: [line(1), line(2)],
    invalid: [],
    ...change,
  };
}

const batch = (change: Partial<PayoutBatchInput> = {}) => Driven.born("payoutBatch", input(change), { id: "b1" });
const RESERVED: Message = { type: "wallet.reserved", sequence: 10 };
const ended = (status: string, n: number, was?: string): Message => ({
  type: "batch.line",
  status,
  was,
  amount: units(BigInt(n)),
});
const counts = (driven: Driven) => driven.context<PayoutBatchContext>().counts;

describe("all or nothing", () => {
  test("asks for the whole sum in one message", () => {
    expect(batch().state).toBe("reserving");
    expect(batch().tells).toEqual([
      {
        type: "wallet.reserve",
        from: { kind: "payoutBatch", id: "b1" },
        hold: { usdt: "3000000", trx: "10" },
        count: 2,
      },
    ]);
    expect(batch().last.emitted).toEqual([{ type: "batch.created", count: 2, total: "3000000" }]);
  });

  test("makes one payout per line, each with a sequence number of its own, and two lines to one address stay two", () => {
    const running = batch().send(RESERVED);
    expect(running.state).toBe("running");
    expect(running.last.tells).toMatchObject([
      {
        to: { kind: "payout", id: "po_1" },
        create: { lineId: "line-1", to: "T-same", reservation: { sequence: 10 } },
      },
      {
        to: { kind: "payout", id: "po_2" },
        create: { lineId: "line-2", to: "T-same", reservation: { sequence: 11 } },
      },
    ]);
    expect(running.context<PayoutBatchContext>().lines).toEqual([]);
  });

  test("ends without a single payout when the wallet refuses", () => {
    const rejected = batch().send({ type: "wallet.refused", refusal: refuse("insufficient_funds", "") });
    expect([rejected.state, rejected.record.status]).toEqual(["rejected", "done"]);
    expect(rejected.tells).toEqual([]);
    expect(rejected.last.emitted).toEqual([{ type: "batch.rejected", reason: "insufficient_funds" }]);
  });
});

describe("best effort", () => {
  test("lets every line be judged by itself", () => {
    const running = batch({ mode: "best_effort" });
    expect(running.state).toBe("running");
    expect(
      running.last.tells.map((tell) => ("create" in tell ? (tell.create as { reservation?: unknown }).reservation : 1)),
    ).toEqual([undefined, undefined]);
  });

  test("without a valid line is finished at once", () => {
    const refusal = refuse("invalid_address", "x");
    expect(batch({ mode: "best_effort", lines: [], invalid: [{ lineId: "9", index: 0, refusal }] }).state).toBe(
      "finished",
    );
  });
});

test("is finished when every line has ended, and counts how", () => {
  const half = batch().send(RESERVED).send(ended("confirmed", 1));
  expect([half.state, counts(half)]).toEqual(["running", { confirmed: 1 }]);
  const done = half.send(ended("failed", 2));
  expect([done.state, done.tag, done.record.status]).toEqual(["finished", "finished", "active"]);
  expect(done.context<PayoutBatchContext>().amounts).toEqual({ confirmed: "1", failed: "2" });
  expect(done.last.emitted).toEqual([{ type: "batch.finished", counts: { confirmed: 1, failed: 1 } }]);
});

test("a failed line that is tried again and paid moves to another count", () => {
  const done = batch()
    .send(RESERVED)
    .send(ended("confirmed", 1))
    .send(ended("failed", 2))
    .send(ended("confirmed", 2, "failed"));
  expect(done.state).toBe("finished");
  expect(done.context<PayoutBatchContext>()).toMatchObject({
    counts: { confirmed: 2, failed: 0 },
    amounts: { confirmed: "3", failed: "0" },
  });
});

test("a line that leaves an end nobody heard of does not spoil the sums", () => {
  const odd = batch()
    .send(RESERVED)
    .send(ended("confirmed", 1, "failed"));
  expect(odd.context<PayoutBatchContext>()).toMatchObject({
    counts: { confirmed: 1, failed: 0 },
    amounts: { failed: "0" },
  });
});
