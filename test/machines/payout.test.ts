import { describe, expect, test } from "vitest";
import { refuse } from "../../src/domain/errors.ts";
import { ATTEMPTS_MAX } from "../../src/domain/limits.ts";
import { units } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import type { PayoutContext, PayoutInput } from "../../src/machines/payout-context.ts";
import { holdFor } from "../../src/machines/ledger.ts";
import { heldByBatch, releaseHold, startTransaction } from "../../src/machines/payout-messages.ts";
import { outcomeOf, untilTooLate } from "../../src/machines/payout-events.ts";
import { BUILT, INCLUSION, PROOF } from "../support/facts.ts";
import { payoutInput } from "../support/engine.ts";
import { Driven, STAMP } from "../support/kernel.ts";

const RESERVED: Message = { type: "wallet.reserved", sequence: 7 };
const BATCH = { kind: "payoutBatch", id: "batch_1" };
const NO_ROOM: Message = { type: "wallet.refused", refusal: refuse("insufficient_funds", "too little") };
const APPROVE: Message = { type: "payout.approve", by: "token-b", hash: "hash-of-po_1", comment: "fine" };
const HOLD = holdFor(payoutInput("po_1"));
const order = (change: Partial<PayoutInput> = {}) => Driven.born("payout", payoutInput("po_1", change), { id: "po_1" });
const of = (type: string, data: object = {}, attempt = 1): Message => ({ type, txId: BUILT.txId, attempt, ...data });

const preparing = (change: Partial<PayoutInput> = {}) => order(change).send(RESERVED);
const onWire = (change: Partial<PayoutInput> = {}) =>
  preparing(change).send(of("transaction.signed", { expiration: 1 }));
const retrying = () => onWire().send(of("transaction.expired", { proof: PROOF }));
const failed = (change: Partial<PayoutInput> = {}) =>
  onWire(change).send(of("transaction.reverted", { inclusion: { ...INCLUSION, result: "REVERT" } }));
const awaiting = (change: Partial<PayoutInput> = {}) => order({ needsApproval: true, ...change });
const toWallet = (driven: Driven) => driven.tells.filter(({ type }) => type.startsWith("wallet."));
const refusalOf = (driven: Driven) => (driven.last.reply?.ok === false ? driven.last.reply.refusal.code : undefined);
const emitted = (driven: Driven) => driven.last.emitted.map((event) => event.type);

function exhausted(change: Partial<PayoutInput> = {}): Driven {
  let payout = onWire(change);
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt += 1) {
    payout = payout.send(of("transaction.expired", { proof: PROOF }, attempt)).elapse();
    payout = payout.send(of("transaction.signed", { expiration: 1 }, attempt + 1));
  }
  return payout.send(of("transaction.expired", { proof: PROOF }, ATTEMPTS_MAX));
}

describe("the order", () => {
  test("asks its wallet for exactly its amount and its fee reserve, and announces itself", () => {
    const payout = order();
    expect(payout.state).toBe("reserving");
    expect(payout.tells).toEqual([
      {
        type: "wallet.reserve",
        from: { kind: "payout", id: "po_1" },
        hold: { usdt: "25000000", trx: "15000000" },
        count: 1,
      },
    ]);
    expect(payout.last.emitted).toEqual([
      { type: "payout.created", amount: "25000000", asset: "USDT", to: payoutInput("po_1").to },
    ]);
  });

  test("of TRX holds amount and fee in one coin", () => {
    expect(order({ asset: "TRX" }).tells[0]).toMatchObject({ hold: { usdt: "0", trx: "40000000" } });
  });

  test("is rejected when the wallet has no room, and says why", () => {
    const payout = order().send(NO_ROOM);
    expect([payout.state, payout.record.status]).toEqual(["rejected", "done"]);
    expect(payout.context<PayoutContext>().reason?.code).toBe("insufficient_funds");
    expect(payout.tells).toEqual([]);
  });

  test("starts one transaction once the money is set aside", () => {
    const payout = preparing();
    expect([payout.state, payout.tag]).toEqual(["transacting.preparing", "pending"]);
    expect(payout.last.tells).toMatchObject([
      { to: { kind: "transaction", id: "tx_po_1_1" }, create: { sequence: 7, attempt: 1, amount: "25000000" } },
    ]);
    expect(payout.context<PayoutContext>().attempts).toEqual([{ transaction: "tx_po_1_1" }]);
  });

  test("whose batch reserved the money does not reserve it again", () => {
    const payout = order({ batch: BATCH, reservation: { sequence: 3 } });
    expect(payout.state).toBe("transacting.preparing");
    expect(toWallet(payout)).toEqual([]);
  });
});

describe("approval", () => {
  test("waits for somebody else and reserves nothing before", () => {
    const payout = awaiting();
    expect([payout.state, payout.tag]).toEqual(["awaitingApproval", "awaiting_approval"]);
    expect(payout.tells).toEqual([]);
  });

  test("lets it reserve and remembers who and why", () => {
    const payout = awaiting().send(APPROVE);
    expect(payout.state).toBe("reserving");
    expect(payout.last.reply).toEqual({ ok: true });
    expect(payout.context<PayoutContext>()).toMatchObject({ decidedBy: "token-b", comment: "fine" });
  });

  test("of another version is refused", () => {
    const payout = awaiting().send({ ...APPROVE, hash: "older" });
    expect([payout.state, refusalOf(payout)]).toEqual(["awaitingApproval", "stale_hash"]);
  });

  test("by its creator is refused", () => {
    const payout = awaiting().send({ ...APPROVE, by: "token-a" });
    expect([payout.state, refusalOf(payout)]).toEqual(["awaitingApproval", "self_approval"]);
  });

  test("given twice does nothing the second time", () => {
    expect(
      awaiting()
        .send(APPROVE)
        .send({ ...APPROVE, by: "token-c" }).last.changed,
    ).toBe(false);
  });

  test("of a line with reserved money starts its transaction", () => {
    const payout = awaiting({ batch: BATCH, reservation: { sequence: 3 } }).send(APPROVE);
    expect(payout.state).toBe("transacting.preparing");
    expect(toWallet(payout)).toEqual([]);
  });

  test("of all that the wallet has is over when that has left another way, and waits for anything else", () => {
    const approved = awaiting({ isSweep: true }).send(APPROVE);
    const refused = (code: "insufficient_funds" | "insufficient_trx_for_fees" | "wallet_frozen" | "not_ready") =>
      approved.send({ type: "wallet.refused", refusal: refuse(code, "no") });
    for (const code of ["insufficient_funds", "insufficient_trx_for_fees"] as const)
      expect([refused(code).state, refused(code).context<PayoutContext>().reason?.code]).toEqual(["rejected", code]);
    for (const code of ["wallet_frozen", "not_ready"] as const) expect(refused(code).state).toBe("approved");
  });

  test("when the wallet has no room yet keeps asking, every 30 s or when told to", () => {
    const waiting = awaiting().send(APPROVE).send(NO_ROOM);
    expect([waiting.state, waiting.tag]).toEqual(["approved", "approved"]);
    expect(waiting.last.timersSet[0]?.due).toBe(STAMP.at + 30_000);
    expect(waiting.elapse().state).toBe("reserving");
    expect(waiting.send({ type: "payout.retry", by: "x" }).state).toBe("reserving");
    expect(waiting.send({ type: "payout.cancel", by: "x" }).state).toBe("cancelled");
    expect(waiting.elapse().send(RESERVED).context<PayoutContext>().reason).toBeUndefined();
  });

  test("can be taken back while the wallet has not answered: whatever it answers, nothing is signed or kept", () => {
    const asked = awaiting().send(APPROVE);
    const cancelled = asked.send({ type: "payout.cancel", by: "token-b" });
    expect([cancelled.tag, cancelled.last.reply]).toEqual(["cancelled", { ok: true }]);
    expect(cancelled.send({ type: "payout.cancel", by: "token-b" }).last.reply).toEqual({ ok: true });
    expect(cancelled.send({ type: "payout.retry", by: "token-b" }).last.changed).toBe(false);
    const granted = cancelled.send(RESERVED);
    expect([granted.state, granted.record.status]).toEqual(["cancelled", "done"]);
    expect(granted.last.tells).toMatchObject([{ message: { type: "wallet.release", hold: HOLD } }]);
    const refused = cancelled.send(NO_ROOM);
    expect([refused.state, refused.last.tells]).toEqual(["cancelled", []]);
  });

  test.each(["payout.reject", "payout.cancel"])("%s ends it, and gives back what its batch reserved", (type) => {
    const plain = awaiting().send({ type, by: "token-b" });
    expect(plain.record.status).toBe("done");
    expect(plain.tells).toEqual([]);
    const line = awaiting({ batch: BATCH, lineId: "1", reservation: { sequence: 3 } }).send({
      type,
      by: "b",
    });
    expect(line.tells).toEqual([
      { type: "wallet.release", hold: HOLD },
      { type: "batch.line", was: undefined, status: line.tag, amount: "25000000" },
    ]);
  });
});

describe("on the wire", () => {
  test("the hold moves to in flight when the bytes are signed", () => {
    const payout = onWire();
    expect([payout.state, payout.tag]).toEqual(["transacting.onWire", "broadcast"]);
    expect(payout.tells).toEqual([{ type: "wallet.send", hold: HOLD }]);
    expect(payout.context<PayoutContext>()).toMatchObject({ txId: BUILT.txId, attempts: [{ txId: BUILT.txId }] });
    expect(payout.last.emitted).toEqual([{ type: "payout.broadcast", txId: BUILT.txId }]);
  });

  test("doubt is shown, and passes", () => {
    const doubted = onWire().send(of("transaction.doubted"));
    expect([doubted.state, doubted.tag]).toEqual(["transacting.unknown", "unknown"]);
    expect(doubted.send(of("transaction.seen")).state).toBe("transacting.onWire");
  });

  test("nodes that disagree are the reason that is shown until it passes", () => {
    const reason = refuse("nodes_disagree", "waiting for the nodes to agree about block 118");
    const doubted = onWire().send(of("transaction.doubted")).send(of("transaction.doubted", { reason }));
    expect(doubted.tag).toBe("unknown");
    expect(doubted.context<PayoutContext>().reason).toEqual(reason);
    expect(doubted.send(of("transaction.seen")).context<PayoutContext>().reason).toBeUndefined();
    const confirmed = doubted.send(of("transaction.confirmed", { inclusion: INCLUSION }));
    expect(confirmed.context<PayoutContext>().reason).toBeUndefined();
  });

  test.each([
    "transaction.signed",
    "transaction.doubted",
    "transaction.seen",
    "transaction.confirmed",
    "transaction.reverted",
    "transaction.expired",
    "transaction.failed",
  ])("%s of another attempt, or of other bytes, changes nothing", (type) => {
    const data = { inclusion: INCLUSION, proof: PROOF, failure: refuse("internal", "") };
    for (const at of [preparing(), onWire(), onWire().send(of("transaction.doubted"))]) {
      expect(at.send(of(type, data, 2)).last.changed).toBe(false);
      expect(at.send(of(type, data, 0)).last.changed).toBe(false);
    }
    if (/confirmed|reverted|expired/.test(type)) {
      expect(onWire().send({ ...of(type, data), txId: "f".repeat(64) }).last.changed).toBe(false);
      // Nothing was signed, so nothing can have happened to it.
      expect(preparing().send(of(type, data)).last.changed).toBe(false);
      expect(preparing().send({ type, attempt: 1, ...data }).last.changed).toBe(false);
    }
  });

  test.each([
    ["onWire", () => onWire()],
    ["unknown", () => onWire().send(of("transaction.doubted"))],
  ] as const)("a cancel comes too late in %s and says so", (_, at) => {
    const payout = at().send({ type: "payout.cancel", by: "x" });
    expect(refusalOf(payout)).toBe("not_cancellable");
    expect(payout.record.state).toEqual(at().record.state);
  });

  test("a cancel before the signature wins: the transaction is told, the money is free", () => {
    const payout = preparing().send({ type: "payout.cancel", by: "x" });
    expect([payout.state, payout.last.reply?.ok]).toEqual(["cancelled", true]);
    expect(payout.tells).toEqual([{ type: "transaction.cancel" }, { type: "wallet.release", hold: HOLD }]);
  });
});

describe("the end", () => {
  test("confirmed settles amount and fee in the block that holds it", () => {
    const payout = onWire().send(of("transaction.confirmed", { inclusion: INCLUSION }));
    expect([payout.state, payout.record.status]).toEqual(["confirmed", "done"]);
    expect(payout.tells).toEqual([
      {
        type: "wallet.settle",
        hold: HOLD,
        spend: { usdt: "25000000", trx: "6773500" },
        block: 119,
        time: INCLUSION.blockTimestamp,
      },
    ]);
    expect(payout.last.emitted).toEqual([{ type: "payout.confirmed", txId: BUILT.txId, blockNumber: 119 }]);
    expect(payout.context<PayoutContext>().attempts[0]).toMatchObject({ outcome: "confirmed", inclusion: INCLUSION });
  });

  test("a TRX transfer settles its amount and its fee in TRX", () => {
    const payout = onWire({ asset: "TRX" }).send(of("transaction.confirmed", { inclusion: INCLUSION }));
    expect(payout.tells).toMatchObject([{ spend: { usdt: "0", trx: "31773500" } }]);
    const reverted = onWire({ asset: "TRX" }).send(
      of("transaction.reverted", { inclusion: { ...INCLUSION, result: "FAILED" } }),
    );
    expect(reverted.tells[0]).toMatchObject({ spend: { usdt: "0", trx: "6773500" } });
  });

  test.each(["OUT_OF_ENERGY", "OUT_OF_TIME"])("%s is tried again with the money still set aside", (result) => {
    const payout = onWire().send(of("transaction.reverted", { inclusion: { ...INCLUSION, result } }));
    expect([payout.state, payout.tag]).toEqual(["retrying", "retry"]);
    expect(payout.tells).toEqual([
      { type: "wallet.takeBack", hold: HOLD, spend: { usdt: "0", trx: "6773500" }, block: 119 },
    ]);
    expect(payout.context<PayoutContext>()).toMatchObject({
      reason: { code: "chain_error" },
      attempts: [{ outcome: "reverted" }],
    });
  });

  test("REVERT would fail again, so it fails and the money is free", () => {
    const payout = failed();
    expect([payout.state, payout.tag, payout.record.status]).toEqual(["failed", "failed", "active"]);
    expect(payout.tells.map(({ type }) => type)).toEqual(["wallet.takeBack", "wallet.release"]);
    expect(emitted(payout)).toEqual(["payout.failed"]);
  });

  test("bytes that were never signed cost nothing", () => {
    const payout = preparing().send(of("transaction.failed", { failure: refuse("order_mismatch", "no") }));
    expect(payout.state).toBe("failed");
    expect(payout.tells).toEqual([{ type: "wallet.release", hold: HOLD }]);
    expect(payout.context<PayoutContext>()).toMatchObject({
      reason: { code: "order_mismatch" },
      attempts: [{ outcome: "failed" }],
    });
  });

  test.each(["simulation_reverted", "fee_cap_exceeded"] as const)(
    "%s until its transaction gave up frees the money once, and a person decides",
    (code) => {
      const gaveUp = of("transaction.failed", { failure: refuse(code, "too often") });
      expect(preparing().send({ ...gaveUp, attempt: 2 }).last.changed).toBe(false);
      const payout = preparing().send(gaveUp);
      expect([payout.state, payout.record.status]).toEqual(["needsAttention", "active"]);
      expect(payout.tells).toEqual([{ type: "wallet.release", hold: HOLD }]);
      expect(payout.last.emitted).toEqual([{ type: "payout.needs_attention", reason: code }]);
      expect(payout.context<PayoutContext>()).toMatchObject({ reason: { code }, attempts: [{ outcome: "failed" }] });
      expect(payout.context<PayoutContext>().reservation).toBeUndefined();
      expect(payout.send(gaveUp).last.changed).toBe(false);
      const closed = payout.send({ type: "payout.cancel", by: "x" });
      expect([closed.state, closed.tells]).toEqual(["cancelled", []]);
      const again = payout.send({ type: "payout.retry", by: "x" });
      expect([again.state, again.tells]).toMatchObject(["reserving", [{ type: "wallet.reserve", hold: HOLD }]]);
      expect(again.send(RESERVED).last.tells).toMatchObject([{ to: { id: "tx_po_1_2" }, create: { attempt: 2 } }]);
    },
  );

  test("a proof of death leads to the next attempt after a pause, with the same reservation", () => {
    const payout = retrying();
    expect(payout.tells).toEqual([{ type: "wallet.takeBack", hold: HOLD, spend: { usdt: "0", trx: "0" }, block: 0 }]);
    expect(payout.last.timersSet[0]?.due).toBe(STAMP.at + 4_000);
    for (const next of [payout.elapse(), payout.send({ type: "payout.retry", by: "x" })]) {
      expect(next.state).toBe("transacting.preparing");
      expect(next.last.tells).toMatchObject([{ to: { id: "tx_po_1_2" }, create: { sequence: 7, attempt: 2 } }]);
      expect(next.context<PayoutContext>().txId).toBeUndefined();
    }
  });

  test("a cancel between two attempts wins and frees the money", () => {
    const payout = retrying().send({ type: "payout.cancel", by: "x" });
    expect(payout.state).toBe("cancelled");
    expect(payout.tells).toEqual([{ type: "wallet.release", hold: HOLD }]);
  });

  test("after the last attempt a person has to look, and may allow more", () => {
    const payout = exhausted();
    expect([payout.state, payout.tag]).toEqual(["needsAttention", "needs_attention"]);
    expect(payout.tells.map(({ type }) => type)).toEqual(["wallet.takeBack", "wallet.release"]);
    expect(payout.context<PayoutContext>().attempts).toHaveLength(ATTEMPTS_MAX);
    const more = payout.send({ type: "payout.retry", by: "x" });
    expect(more.state).toBe("reserving");
    expect(more.context<PayoutContext>().attemptsAllowed).toBe(2 * ATTEMPTS_MAX);
    expect(payout.send({ type: "payout.cancel", by: "x" }).state).toBe("cancelled");
  });

  test("OUT_OF_ENERGY of the last allowed attempt fails", () => {
    let payout = onWire();
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      payout = payout.send(
        of("transaction.reverted", { inclusion: { ...INCLUSION, result: "OUT_OF_ENERGY" } }, attempt),
      );
      if (attempt < ATTEMPTS_MAX)
        payout = payout.elapse().send(of("transaction.signed", { expiration: 1 }, attempt + 1));
    }
    expect(payout.state).toBe("failed");
  });

  test("pauses between attempts grow and stay within a minute", () => {
    let payout = onWire().send({ type: "x" });
    const gaps: number[] = [];
    for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt += 1) {
      payout = payout.send(of("transaction.expired", { proof: PROOF }, attempt));
      gaps.push((payout.last.timersSet[0]?.due ?? 0) - STAMP.at);
      payout = payout.elapse().send(of("transaction.signed", { expiration: 1 }, attempt + 1));
    }
    expect(gaps).toEqual([4_000, 8_000, 16_000, 32_000]);
  });

  test("a failed payout can be tried again or closed; without room it stays failed", () => {
    const again = failed().send({ type: "payout.retry", by: "x" });
    expect(again.state).toBe("reserving");
    const noRoom = again.send(NO_ROOM);
    expect(noRoom.state).toBe("failed");
    expect(noRoom.context<PayoutContext>().reason?.code).toBe("insufficient_funds");
    expect(failed().send({ type: "payout.cancel", by: "x" }).state).toBe("cancelled");
  });

  test("its batch hears each end once, and what it replaces", () => {
    const line = { batch: BATCH, lineId: "1" };
    const first = failed(line);
    const toBatch = (driven: Driven) => driven.tells.filter(({ type }) => type === "batch.line");
    expect(toBatch(first)).toEqual([{ type: "batch.line", was: undefined, status: "failed", amount: "25000000" }]);
    const again = first
      .send({ type: "payout.retry", by: "x" })
      .send(RESERVED)
      .send(of("transaction.signed", { expiration: 1 }, 2));
    const paid = again.send(of("transaction.confirmed", { inclusion: INCLUSION }, 2));
    expect(toBatch(paid)).toEqual([{ type: "batch.line", was: "failed", status: "confirmed", amount: "25000000" }]);
  });

  test.each([
    ["confirmed", () => onWire().send(of("transaction.confirmed", { inclusion: INCLUSION }))],
    ["rejected", () => order().send(NO_ROOM)],
    ["cancelled", () => awaiting().send({ type: "payout.cancel", by: "x" })],
  ] as const)("%s is for ever", (_, end) => {
    for (const type of ["payout.retry", "payout.cancel", "payout.approve", "wallet.reserved", "transaction.confirmed"])
      expect(end().send(of(type, { by: "x", inclusion: INCLUSION })).last.changed).toBe(false);
  });
});

test("an attempt or a release without a reservation is a bug", () => {
  const context = order().context<PayoutContext>();
  expect(() => startTransaction(context)).toThrow("P2");
  expect(() => releaseHold(context)).toThrow("P2");
  expect(heldByBatch(context)).toEqual([]);
  expect(outcomeOf(context, { type: "payout.cancel", by: "x" })).toEqual({});
});

describe("an order that may be paid for some time only", () => {
  const notAfter = STAMP.blockTime + 60_000;
  const LATE = { ...STAMP, blockTime: notAfter };
  const inTime = (change: Partial<PayoutInput> = {}) => awaiting({ notAfter, ...change });

  test("hands its bounds to its transaction, and one without bounds hands none", () => {
    const bounds = { notAfter, maxFeeSun: units(7_000_000n) };
    expect(preparing(bounds).last.tells).toMatchObject([{ create: bounds }]);
    for (const field of ["notAfter", "maxFeeSun"]) expect(preparing().tells[0]?.["input"]).not.toHaveProperty(field);
  });

  test("waits for its approval no longer than that, by block time", () => {
    const payout = inTime();
    expect([payout.state, payout.tag]).toEqual(["awaitingApprovalInTime", "awaiting_approval"]);
    const later = payout.elapse();
    expect([later.state, Object.keys(later.record.timers).length]).toEqual(["awaitingApprovalInTime", 1]);
    const over = later.elapse(LATE);
    expect([over.state, over.context<PayoutContext>().reason?.code]).toEqual(["rejected", "not_after_passed"]);
    expect(over.last.reason).toBe("nobody approved it in time");
  });

  test("is approved, rejected and cancelled like any other until then", () => {
    expect(inTime().send(APPROVE).state).toBe("reserving");
    expect(inTime().send({ type: "payout.reject", by: "token-b" }).state).toBe("rejected");
    expect(inTime().send({ type: "payout.cancel", by: "token-b" }).state).toBe("cancelled");
    expect(refusalOf(inTime().send({ ...APPROVE, by: "token-a" }))).toBe("self_approval");
  });

  test("is not approved any more when it is too late, and stays as it is until its pause is over", () => {
    const payout = inTime().send(APPROVE, LATE);
    expect([payout.state, refusalOf(payout)]).toEqual(["awaitingApprovalInTime", "not_after_passed"]);
  });

  test("is rejected when its wallet has no room until then", () => {
    const waiting = inTime().send(APPROVE).send(NO_ROOM);
    expect(waiting.elapse().state).toBe("reserving");
    const over = waiting.elapse(LATE);
    expect([over.state, over.context<PayoutContext>().reason?.code]).toEqual(["rejected", "not_after_passed"]);
    expect(over.tells).toEqual([]);
  });

  test.each([
    ["failed", () => failed({ notAfter })],
    ["needsAttention", () => exhausted({ notAfter })],
  ])("is not tried again from %s when it is too late", (state, ended) => {
    const retry: Message = { type: "payout.retry", by: "token-b" };
    const late = ended().send(retry, LATE);
    expect([late.state, refusalOf(late)]).toEqual([state, "not_after_passed"]);
    expect(ended().send(retry).state).toBe("reserving");
  });

  test("is rejected with its hold released when its first transaction finds that it is too late", () => {
    const failure = refuse("not_after_passed", "too late");
    const payout = preparing({ notAfter }).send({ type: "transaction.failed", attempt: 1, failure });
    expect([payout.state, payout.context<PayoutContext>().reason?.code]).toEqual(["rejected", "not_after_passed"]);
    expect(toWallet(payout)).toEqual([{ type: "wallet.release", hold: HOLD }]);
    expect(preparing({ notAfter }).send({ type: "transaction.failed", attempt: 2, failure }).state).toBe(
      "transacting.preparing",
    );
  });

  test("fails with its hold released when a later attempt finds that it is too late", () => {
    const second = onWire({ notAfter })
      .send(of("transaction.expired", { proof: PROOF }))
      .elapse();
    const failure = refuse("not_after_passed", "too late");
    const payout = second.send({ type: "transaction.failed", attempt: 2, failure });
    expect([payout.state, payout.context<PayoutContext>().reason?.code]).toEqual(["failed", "not_after_passed"]);
    expect(toWallet(payout)).toEqual([{ type: "wallet.release", hold: HOLD }]);
  });

  test("is not asked for again when it was approved and it is too late", () => {
    const waiting = inTime().send(APPROVE).send(NO_ROOM);
    const retry: Message = { type: "payout.retry", by: "token-b" };
    expect(waiting.send(retry).state).toBe("reserving");
    const late = waiting.send(retry, LATE);
    expect([late.state, refusalOf(late)]).toEqual(["approved", "not_after_passed"]);
  });

  test.each([
    ["as long as is left", { notAfter }, STAMP.blockTime, 60_000],
    ["an hour at most", { notAfter: STAMP.blockTime + 1e9 }, STAMP.blockTime, 3_600_000],
    ["a slot at least", { notAfter }, notAfter - 1, 3_000],
    ["a minute while no block is known", { notAfter }, 0, 60_000],
    ["a slot for an order without bounds, which is never late", {}, STAMP.blockTime, 3_000],
  ])("pauses for %s before it is looked at", (_, bound, blockTime, pause) => {
    const context = { ...awaiting().context<PayoutContext>(), ...bound };
    expect(untilTooLate(context, { type: "payout.retry", by: "b", blockTime })).toBe(pause);
  });
});
