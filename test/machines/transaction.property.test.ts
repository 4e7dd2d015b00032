import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AbsenceProof } from "../../src/domain/chain-facts.ts";
import { BUILD_OBJECTIONS_MAX } from "../../src/domain/limits.ts";
import type { Message } from "../../src/domain/records.ts";
import type { TransactionContext } from "../../src/machines/transaction-context.ts";
import { BUILT, INCLUSION, outcome, PROOF, SIGNED, transactionInput } from "../support/facts.ts";
import { Driven } from "../support/kernel.ts";
import { deadEnds } from "../support/reach.ts";

const error = (retryable: boolean) => ({
  code: retryable ? "chain_unavailable" : "order_mismatch",
  message: "m",
  retryable,
});
const done = (id: string, output: unknown): Message => ({ type: `xstate.done.actor.${id}`, output, actorId: id });
const lost = (id: string, retryable: boolean): Message => ({
  type: `xstate.error.actor.${id}`,
  error: error(retryable),
  actorId: id,
});
const hex = fc.constantFrom("0a", "0b", "0c");

/** Everything that could ever arrive, in any order: right, wrong, late, twice. */
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  hex.map((h) => done("build", { ...BUILT, rawHex: h, txId: h.repeat(32) })),
  hex.map((h) => done("build", { ...BUILT, rawHex: h, txId: h.repeat(32), signedHex: `${h}bb` })),
  hex.map((h) => done("sign", { ...SIGNED, signedHex: `${h}bb` })),
  fc
    .constantFrom("accepted", "known", "busy", "refused", "ambiguous")
    .map((kind) => done("broadcast", outcome(kind as never))),
  fc.tuple(fc.constantFrom("build", "sign", "broadcast"), fc.boolean()).map(([id, retryable]) => lost(id, retryable)),
  fc.constantFrom("transaction.cancel", "transaction.rebroadcast", "nonsense").map((type) => ({ type })),
  fc
    .constantFrom(118, 119, 131)
    .map((blockNumber) => ({ type: "chain.included", inclusion: { ...INCLUSION, blockNumber } })),
  fc.constantFrom(INCLUSION.blockId, "other").map((blockId) => ({ type: "chain.orphaned", blockNumber: 119, blockId })),
  fc
    .constantFrom("SUCCESS", "OUT_OF_ENERGY")
    .map((result) => ({ type: "chain.solidified", inclusion: { ...INCLUSION, result } })),
  fc
    .record({
      solidTimestamp: fc.constantFrom(BUILT.expiration - 1, BUILT.expiration, BUILT.expiration + 1),
      scannedFrom: fc.constantFrom(100, 101, 102),
      scannedTo: fc.constantFrom(129, 130, 131),
    })
    .map((change) => ({ type: "chain.expired", proof: { ...PROOF, ...change } })),
);
/** Or the one timer of the state. */
const steps = fc.array(fc.oneof({ weight: 5, arbitrary: anyMessage }, fc.constant("timer" as const)), {
  maxLength: 40,
});

function play(driven: Driven, step: Message | "timer"): Driven {
  if (step === "timer") return Object.keys(driven.record.timers).length === 1 ? driven.elapse() : driven;
  const invokeId = /actor\.(.+)$/.exec(step.type)?.[1];
  // What the engine does with the answer of an effect that is not running.
  if (invokeId !== undefined && driven.record.effects[invokeId] === undefined) return driven;
  return driven.send(step);
}

const covers = (context: TransactionContext, proof: AbsenceProof) =>
  proof.solidTimestamp >= (context.expiration ?? Infinity) &&
  proof.scannedFrom <= (context.reference?.number ?? -1) + 1 &&
  proof.scannedTo >= proof.solidNumber;

/** What must be true between any two neighbouring steps. */
function checkStep(before: Driven, after: Driven, step: Message | "timer"): void {
  const old = before.context<TransactionContext>();
  const now = after.context<TransactionContext>();
  if (before.record.status === "done") {
    expect(after.record).toBe(before.record);
    return;
  }
  // T1
  if (old.signedHex !== undefined) {
    expect([now.signedHex, now.rawHex, now.txId]).toEqual([old.signedHex, old.rawHex, old.txId]);
    expect(["building", "signing", "waitingToBuild", "cancelled", "failed"]).not.toContain(after.state);
  }
  for (const { source, input } of after.last.started) {
    if (source === "broadcastTransaction") expect(input).toEqual({ txId: now.txId, signedHex: now.signedHex });
    if (source === "broadcastTransaction") expect(now.signedHex).toBeTypeOf("string");
  }
  if (after.state === before.state) return;
  // T3
  if (after.state === "expired") {
    expect(now.proof !== undefined && covers(old, now.proof)).toBe(true);
    expect(old.inclusion === undefined || old.inclusion.blockNumber <= (now.proof?.scannedTo ?? 0)).toBe(true);
  }
  // T4
  if (after.state === "confirmed" || after.state === "reverted") {
    expect(step).toMatchObject({ type: "chain.solidified" });
    expect(now.inclusion?.result === "SUCCESS").toBe(after.state === "confirmed");
  }
}

describe("whatever arrives, in whatever order", () => {
  test("signed bytes are recorded before they are sent, never change, and only the chain ends them", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(steps, (sequence) => {
        let tx = Driven.born("transaction", transactionInput());
        let endings = 0;
        for (const step of sequence) {
          const next = play(tx, step);
          checkStep(tx, next, step);
          if (next !== tx && next.last.changed)
            endings += next.tells.filter(({ type }) => /confirmed|reverted|expired|failed/.test(type)).length;
          tx = next;
          seen.add(tx.state);
        }
        expect(endings).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3_000 },
    );
    for (const state of ["confirmed", "reverted", "expired", "failed", "cancelled", "onWire.unknown"])
      expect(seen).toContain(state);
  });
});

test("however failures mix before the signature, it ends with the last objection that is allowed and no sooner", () => {
  const codes = ["simulation_reverted", "fee_cap_exceeded", "chain_unavailable", "signing failed"] as const;
  const mixes = fc.array(fc.constantFrom(...codes), { minLength: 60, maxLength: 90 });
  let endings = 0;
  fc.assert(
    fc.property(mixes, (mix) => {
      let tx = Driven.born("transaction", transactionInput());
      let heard = 0;
      for (const code of mix) {
        if (tx.state === "waitingToBuild") tx = tx.elapse();
        const later = { code: "chain_unavailable", message: "m", retryable: true } as const;
        if (code === "signing failed") tx = tx.answer("build", BUILT).fail("sign", later);
        else tx = tx.fail("build", { ...later, code });
        if (code === "simulation_reverted" || code === "fee_cap_exceeded") heard += 1;
        expect(tx.state).toBe(heard < BUILD_OBJECTIONS_MAX ? "waitingToBuild" : "failed");
        if (tx.state === "failed") {
          endings += 1;
          return;
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(endings).toBeGreaterThan(50);
});

test("from every state that can be reached the world alone can bring it to an end", () => {
  const inBlock = (driven: Driven) => driven.context<TransactionContext>().inclusion !== undefined;
  const honest = (driven: Driven): Message[] => [
    done("build", BUILT),
    done("sign", SIGNED),
    ...(["accepted", "known", "busy", "refused", "ambiguous"] as const).map((kind) => done("broadcast", outcome(kind))),
    ...["build", "sign", "broadcast"].flatMap((id) => [lost(id, true), lost(id, false)]),
    { type: "chain.included", inclusion: INCLUSION },
    ...(inBlock(driven)
      ? [
          { type: "chain.orphaned", blockNumber: INCLUSION.blockNumber, blockId: INCLUSION.blockId },
          { type: "chain.solidified", inclusion: INCLUSION },
        ]
      : [{ type: "chain.expired", proof: PROOF }]),
  ];
  const key = (driven: Driven) => {
    const c = driven.context<TransactionContext>();
    return [driven.state, c.doubted, c.inclusion !== undefined, c.stumbles > 0, c.pushes > 0].join();
  };
  const result = deadEnds({
    start: Driven.born("transaction", transactionInput()),
    next: (driven) => [...honest(driven), "timer" as const].map((step) => play(driven, step)),
    key,
    isEnd: (driven) => driven.record.status === "done",
  });
  expect(result.dead).toEqual([]);
  expect(new Set(result.reached.map((name) => name.split(",")[0])).size).toBe(12);
});
