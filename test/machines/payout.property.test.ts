import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refuse } from "../../src/domain/errors.ts";
import { ATTEMPTS_MAX } from "../../src/domain/limits.ts";
import type { Message } from "../../src/domain/records.ts";
import type { PayoutContext } from "../../src/machines/payout-context.ts";
import { payoutInput } from "../support/engine.ts";
import { INCLUSION, PROOF } from "../support/facts.ts";
import { Driven, STAMP } from "../support/kernel.ts";
import { deadEnds } from "../support/reach.ts";

const NOT_AFTER = STAMP.blockTime + 60_000;
const BATCH = { kind: "payoutBatch", id: "batch_1" };
const failure = refuse("order_mismatch", "no");
/** Each attempt signs bytes of its own. */
const txOf = (attempt: number) => `tx-of-${attempt}`;

const fromTransaction = (attempt: number, txId: string, result: string): Message[] => [
  { type: "transaction.signed", txId, attempt, expiration: 1 },
  { type: "transaction.doubted", txId, attempt },
  { type: "transaction.seen", txId, attempt },
  { type: "transaction.confirmed", txId, attempt, inclusion: INCLUSION },
  { type: "transaction.reverted", txId, attempt, inclusion: { ...INCLUSION, result } },
  { type: "transaction.expired", txId, attempt, proof: PROOF },
  { type: "transaction.failed", attempt, failure },
  { type: "transaction.failed", attempt, failure: refuse("fee_cap_exceeded", "too often") },
  { type: "transaction.failed", attempt, failure: refuse("not_after_passed", "too late") },
];
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.nat(3), fc.constantFrom("REVERT", "OUT_OF_ENERGY"), fc.nat(8))
    .map(([attempt, bytes, result, i]) => fromTransaction(attempt, txOf(bytes), result)[i] ?? { type: "nonsense" }),
  fc
    .constantFrom("payout.approve", "payout.reject", "payout.cancel", "payout.retry")
    .map((type) => ({ type, by: "token-b", hash: "hash-of-po_1" })),
  fc.constantFrom<Message>(
    { type: "wallet.reserved", sequence: 1 },
    { type: "wallet.refused", refusal: refuse("insufficient_funds", "") },
  ),
);
/** What the current attempt would say, so that long lives are common. */
type Play = Message | "timer" | "late" | number;
const plays: fc.Arbitrary<Play> = fc.oneof(
  anyMessage,
  { weight: 3, arbitrary: fc.constant("timer" as const) },
  { weight: 1, arbitrary: fc.constant("late" as const) },
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 0, 0, 0, 5, 5, 5, 1, 2, 3, 4, 6, 7, 8) },
);

function play(driven: Driven, step: Play): Driven {
  if (step === "timer" || step === "late") {
    const stamp = step === "late" ? { ...STAMP, blockTime: NOT_AFTER } : STAMP;
    return Object.keys(driven.record.timers).length === 1 ? driven.elapse(stamp) : driven;
  }
  if (typeof step !== "number") return driven.send(step);
  const { attempt } = driven.context<PayoutContext>();
  const result = step % 2 === 0 ? "REVERT" : "OUT_OF_ENERGY";
  return driven.send(fromTransaction(attempt, txOf(attempt), result)[step] ?? { type: "nonsense" });
}

const ASKING = new Set(["reserving", "withdrawing"]);
const RESTS = ["confirmed", "rejected", "cancelled", "failed", "needsAttention"];

/** An independent view of the money: what the wallet was told, and which transaction may still move coins. */
class Auditor {
  reserved: number;
  inFlight = 0;
  live: string | undefined;
  settled = 0;
  /** A caller was told that it will never be paid (P3). */
  isCancelled = false;

  constructor(reserved: number) {
    this.reserved = reserved;
  }

  /** A transaction is over for the payout when it says so itself, with its own attempt and bytes. */
  hear(step: Message, before: Driven): void {
    if (step.type === "wallet.reserved" && ASKING.has(before.state)) this.reserved += 1;
    const ends = /^transaction\.(confirmed|reverted|expired|failed)$/.test(step.type);
    if (!ends || step["attempt"] !== before.context<PayoutContext>().attempt) return;
    const signed = this.inFlight > 0;
    if (step.type === "transaction.failed" ? !signed : signed && step["txId"] === before.context<PayoutContext>().txId)
      this.live = undefined;
  }

  /** What is wrong after this step, in words. */
  see(driven: Driven): string[] {
    const wrong: string[] = [];
    for (const tell of driven.last.tells) {
      if ("create" in tell) {
        if (this.isCancelled) wrong.push(`${tell.to.id} begins although a cancel was granted`);
        if (this.live !== undefined) wrong.push(`${tell.to.id} begins while ${this.live} may still land`);
        this.live = tell.to.id;
      } else this.book(tell.message.type);
      const held = this.reserved + this.inFlight;
      if (this.reserved < 0 || this.inFlight < 0 || held > 1) wrong.push(`${this.reserved} and ${this.inFlight} held`);
    }
    const held = this.reserved + this.inFlight;
    if (this.settled !== (driven.state === "confirmed" ? 1 : 0))
      wrong.push(`${driven.state}, settled ${this.settled} times`);
    if (RESTS.includes(driven.state) && (held > 0 || this.live !== undefined))
      wrong.push(`${driven.state} with ${held} held and ${this.live ?? "nothing"} alive`);
    if (driven.state.startsWith("transacting") && held !== 1) wrong.push(`pays with ${held} held`);
    return wrong;
  }

  private book(type: string): void {
    if (type === "wallet.send") [this.reserved, this.inFlight] = [this.reserved - 1, this.inFlight + 1];
    if (type === "wallet.takeBack") [this.reserved, this.inFlight] = [this.reserved + 1, this.inFlight - 1];
    if (type === "wallet.release") this.reserved -= 1;
    if (type === "wallet.settle") [this.inFlight, this.settled] = [this.inFlight - 1, this.settled + 1];
    if (type === "transaction.cancel") this.live = undefined;
  }
}

function isGrantedCancel(step: Play, { last }: Driven): boolean {
  return typeof step === "object" && step.type === "payout.cancel" && last.reply?.ok === true;
}

const births = fc.record({ needsApproval: fc.boolean(), reservedByBatch: fc.boolean(), inTime: fc.boolean() });
type Birth = { needsApproval: boolean; reservedByBatch: boolean; inTime: boolean };

function born({ needsApproval, reservedByBatch, inTime }: Birth): Driven {
  const line = reservedByBatch ? { batch: BATCH, lineId: "1", reservation: { sequence: 1 } } : {};
  return Driven.born(
    "payout",
    payoutInput("po_1", { needsApproval, ...line, ...(inTime ? { notAfter: NOT_AFTER } : {}) }),
    { id: "po_1" },
  );
}

describe("whatever arrives, in whatever order", () => {
  test("one transaction at a time is alive, and the wallet's hold is moved, never made or lost", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(births, fc.array(plays, { minLength: 20, maxLength: 80, size: "max" }), (birth, sequence) => {
        let payout = born(birth);
        const auditor = new Auditor(birth.reservedByBatch ? 1 : 0);
        expect(auditor.see(payout)).toEqual([]);
        for (const step of sequence) {
          const { attempt } = payout.context<PayoutContext>();
          const next = play(payout, step);
          if (payout.record.status === "done") expect(next.record).toBe(payout.record);
          if (next === payout || !next.last.changed) continue;
          const message = typeof step === "number" ? fromTransaction(attempt, txOf(attempt), "")[step] : step;
          if (typeof message === "object") auditor.hear(message, payout);
          expect(auditor.see(next)).toEqual([]);
          auditor.isCancelled ||= isGrantedCancel(step, next);
          payout = next;
          seen.add(payout.state);
        }
      }),
      { numRuns: 4_000 },
    );
    for (const state of [
      "confirmed",
      "failed",
      "needsAttention",
      "rejected",
      "cancelled",
      "withdrawing",
      "transacting.unknown",
      "approved",
      "awaitingApprovalInTime",
    ])
      expect(seen).toContain(state);
  });
});

test("from every state that can be reached there is a way to an end", () => {
  const honest = (driven: Driven): Message[] => {
    const { attempt, txId } = driven.context<PayoutContext>();
    const [signed, ...later] = fromTransaction(attempt, txOf(attempt), "OUT_OF_ENERGY");
    const transaction = txId === undefined ? [signed, ...later.slice(-3)] : later.slice(0, -3);
    return [
      { type: "wallet.reserved", sequence: 1 },
      { type: "wallet.refused", refusal: failure },
      { type: "payout.approve", by: "token-b", hash: "hash-of-po_1" },
      { type: "payout.reject", by: "token-b" },
      { type: "payout.cancel", by: "token-b" },
      { type: "payout.retry", by: "token-b" },
      ...transaction.filter((message) => message !== undefined),
    ];
  };
  const both = [true, false];
  for (const birth of both.flatMap((needsApproval) =>
    both.flatMap((reservedByBatch) => both.map((inTime) => ({ needsApproval, reservedByBatch, inTime }))),
  )) {
    const result = deadEnds({
      start: born(birth),
      next: (driven) =>
        driven.context<PayoutContext>().attempt > ATTEMPTS_MAX + 1
          ? []
          : [...honest(driven), "timer" as const, "late" as const].map((step) => play(driven, step)),
      key: (driven) => {
        const c = driven.context<PayoutContext>();
        return [
          driven.state,
          Math.min(c.attempt, ATTEMPTS_MAX + 1),
          c.attemptsAllowed > c.attempt,
          c.reservation !== undefined,
        ].join();
      },
      isEnd: (driven) => driven.record.status === "done" || driven.context<PayoutContext>().attempt > ATTEMPTS_MAX,
    });
    expect(result.dead).toEqual([]);
    expect(result.reached.length).toBeGreaterThan(20);
  }
});
