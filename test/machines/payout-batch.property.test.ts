import fc from "fast-check";
import { expect, test } from "vitest";
import { refuse } from "../../src/domain/errors.ts";
import { add, units, ZERO, type Units } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import { holdFor, sumOfHolds } from "../../src/machines/ledger.ts";
import type { PayoutBatchContext, PayoutBatchInput } from "../../src/machines/payout-batch.machine.ts";
import type { PayoutInput } from "../../src/machines/payout-context.ts";
import { Driven } from "../support/kernel.ts";
import { deadEnds } from "../support/reach.ts";

const ENDS = ["confirmed", "failed", "needs_attention", "rejected", "cancelled"] as const;
type End = (typeof ENDS)[number];
/** Ends that an operator can leave again. */
const REVOCABLE = new Set<End | undefined>(["failed", "needs_attention"]);
const FEE = units(5n);

/** A batch, and what its payouts would say about themselves. */
type World = { readonly batch: Driven; readonly lines: readonly (End | undefined)[] };
type Play = "reserved" | "refused" | "nonsense" | { line: number; end: End };

const amountOf = (line: number): Units => units(BigInt(line + 1) * 1_000_000n);

function born(mode: PayoutBatchInput["mode"], count: number): World {
  const lines = Array.from({ length: count }, (_, i) => ({
    payoutId: `po_${i}`,
    lineId: `line-${i}`,
    to: "T-same",
    amount: amountOf(i),
    hash: `h${i}`,
    needsApproval: i % 2 === 1,
  }));
  const input: PayoutBatchInput = {
    self: { kind: "payoutBatch", id: "b1" },
    mode,
    walletId: "wal_1",
    from: "T-from",
    asset: "USDT",
    feeReserveSun: FEE,
    createdBy: "token-a",
    lines,
    invalid: [],
  };
  return { batch: Driven.born("payoutBatch", input, { id: "b1" }), lines: lines.map(() => undefined) };
}

const FROM_WALLET: Record<"reserved" | "refused" | "nonsense", Message> = {
  reserved: { type: "wallet.reserved", sequence: 40 },
  refused: { type: "wallet.refused", refusal: refuse("insufficient_funds", "") },
  nonsense: { type: "nonsense" },
};

/** A payout exists once its batch runs, says each end once, and leaves an end only when it may. */
function play(world: World, step: Play): World {
  const { batch, lines } = world;
  if (typeof step === "string") return { lines, batch: batch.send(FROM_WALLET[step]) };
  const was = lines[step.line];
  const mayEnd = step.line < lines.length && (was === undefined || (REVOCABLE.has(was) && step.end !== was));
  if (!mayEnd || !["running", "finished"].includes(batch.state)) return world;
  const message = { type: "batch.line", was, status: step.end, amount: amountOf(step.line) };
  return { batch: batch.send(message), lines: lines.with(step.line, step.end) };
}

/** What the batch gets wrong about its lines, in words. */
function problemsOf({ batch, lines }: World): string[] {
  const { counts, amounts, count, total } = batch.context<PayoutBatchContext>();
  const wrong: string[] = [];
  for (const end of ENDS) {
    const there = lines.flatMap((status, i) => (status === end ? [amountOf(i)] : []));
    if ((counts[end] ?? 0) !== there.length) wrong.push(`${counts[end]} ${end}, really ${there.length}`);
    if ((amounts[end] ?? ZERO) !== there.reduce(add, ZERO))
      wrong.push(`${amounts[end]} ${end}, really ${there.join()}`);
  }
  if (Object.keys(counts).some((end) => !ENDS.includes(end as End))) wrong.push(`counts ${Object.keys(counts).join()}`);
  if (count !== lines.length || total !== lines.map((_, i) => amountOf(i)).reduce(add, ZERO))
    wrong.push("count or total changed");
  const isOver = lines.every((status) => status !== undefined);
  if (["running", "finished"].includes(batch.state) && (batch.state === "finished") !== isOver)
    wrong.push(`${batch.state} with ${lines.join()}`);
  return wrong;
}

/** Every payout is born once, with a reservation of its own, and only when the money for all is there. */
class Midwife {
  readonly born: PayoutInput[] = [];
  asked = 0;

  /** What is wrong with the births of this step, in words. */
  see(before: string, { batch, lines }: World, step: Play | "birth"): string[] {
    const wrong: string[] = [];
    for (const tell of batch.last.tells) {
      if ("create" in tell) this.born.push(tell.create as PayoutInput);
      else {
        this.asked += 1;
        const holds = lines.map((_, i) => holdFor({ asset: "USDT", amount: amountOf(i), feeReserveSun: FEE }));
        const asks = { hold: sumOfHolds(holds), count: lines.length };
        const { hold, count } = tell.message;
        if (JSON.stringify({ hold, count }) !== JSON.stringify(asks)) wrong.push(`asks for ${JSON.stringify(hold)}`);
      }
    }
    const wanted = batch.state === "running" || batch.state === "finished" ? lines.map((_, i) => `line-${i}`) : [];
    const there = this.born.map(({ lineId }) => lineId);
    if (there.join() !== wanted.join()) wrong.push(`${there.join()} born in ${batch.state}`);
    const sequences = this.born.map(({ reservation }) => reservation?.sequence);
    if (step === "reserved" && before === "reserving" && sequences.some((n, i) => n !== 40 + i))
      wrong.push(`sequences ${sequences.join()}`);
    return wrong;
  }
}

const modes = fc.constantFrom("all_or_nothing" as const, "best_effort" as const);
const plays: fc.Arbitrary<Play> = fc.oneof(
  fc.constantFrom("reserved" as const, "refused" as const, "nonsense" as const),
  { weight: 5, arbitrary: fc.record({ line: fc.nat(4), end: fc.constantFrom(...ENDS) }) },
);

test("whatever arrives, every line is counted once under what it is now, and payouts are born once", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(
      modes,
      fc.integer({ min: 1, max: 5 }),
      fc.array(plays, { minLength: 10, maxLength: 60, size: "max" }),
      (mode, count, sequence) => {
        let world = born(mode, count);
        const midwife = new Midwife();
        expect(midwife.see("", world, "birth")).toEqual([]);
        expect(problemsOf(world)).toEqual([]);
        for (const step of sequence) {
          const next = play(world, step);
          if (next === world || !next.batch.last.changed) continue;
          expect(world.batch.record.status).toBe("active");
          expect(midwife.see(world.batch.state, next, step)).toEqual([]);
          expect(problemsOf(next)).toEqual([]);
          const emitted = next.batch.last.emitted.map(({ type }) => type);
          if (next.batch.state === "finished") expect(emitted).toEqual(["batch.finished"]);
          if (next.batch.state === "rejected") expect([emitted, midwife.born]).toEqual([["batch.rejected"], []]);
          world = next;
        }
        expect(midwife.asked).toBe(mode === "all_or_nothing" ? 1 : 0);
        seen.set(world.batch.state, (seen.get(world.batch.state) ?? 0) + 1);
      },
    ),
    { numRuns: 1_000 },
  );
  for (const state of ["reserving", "running", "finished", "rejected"]) expect(seen.get(state)).toBeGreaterThan(0);
});

test.each(["all_or_nothing", "best_effort"] as const)(
  "from every state of a batch %s there is a way to an end",
  (mode) => {
    const steps: Play[] = [0, 1, 2].flatMap((line) => ENDS.map((end) => ({ line, end })));
    const result = deadEnds<World>({
      start: born(mode, 3),
      next: (world) => [...steps, "reserved" as const, "refused" as const].map((step) => play(world, step)),
      key: ({ batch, lines }) => [batch.state, ...lines].join(),
      isEnd: ({ batch }) => batch.state === "finished" || batch.state === "rejected",
    });
    expect(result.dead).toEqual([]);
    // Every combination of three lines that ended or not.
    expect(result.reached.filter((name) => /running|finished/.test(name))).toHaveLength(6 ** 3);
  },
);
