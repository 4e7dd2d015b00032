/** The programs that machines are translated to do exactly what XState does: see docs/adr/0013. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, cancel, emit, raise, setup, type AnyStateMachine } from "xstate";
import { problemsOf } from "../../src/actors/lint.ts";
import { refuse } from "../../src/domain/errors.ts";
import { XSTATE_ITERATIONS_MAX } from "../../src/domain/limits.ts";
import { units, ZERO } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import { durableActions, effect } from "../../src/machines/durable.ts";
import { BUILT, INCLUSION, outcome, PROOF, SIGNED } from "../support/facts.ts";
import { entryOf, STAMP } from "../support/kernel.ts";
import { toyMachine } from "../support/toys.ts";
import { Twins } from "../support/xstate-reference.ts";
import { storedStates } from "../upgrade/lives.ts";

const done = (id: string, output: unknown): Message => ({ type: `xstate.done.actor.${id}`, output, actorId: id });
const lost = (id: string, retryable = true): Message => ({
  type: `xstate.error.actor.${id}`,
  error: { code: retryable ? "chain_timeout" : "order_mismatch", message: "m", retryable },
  actorId: id,
});
const refusal = refuse("insufficient_funds", "too little");
const hold = { usdt: units(25_000_000n), trx: units(15_000_000n) };

/** Every message that a machine knows, right and wrong. */
const messages: Record<string, readonly Message[]> = {
  transaction: [
    done("build", BUILT),
    done("sign", SIGNED),
    ...(["accepted", "known", "busy", "refused", "ambiguous"] as const).map((kind) => done("broadcast", outcome(kind))),
    ...["build", "sign", "broadcast", "watch"].flatMap((id) => [lost(id), lost(id, false)]),
    ...["cancel", "rebroadcast"].map((what) => ({ type: `transaction.${what}` })),
    { type: "chain.included", inclusion: INCLUSION },
    { type: "chain.orphaned", blockNumber: 119, blockId: INCLUSION.blockId },
    { type: "chain.orphaned", blockNumber: 118, blockId: "other" },
    ...["SUCCESS", "REVERT"].map((result) => ({ type: "chain.solidified", inclusion: { ...INCLUSION, result } })),
    { type: "chain.expired", proof: PROOF },
    { type: "chain.expired", proof: { ...PROOF, scannedFrom: 102 } },
    ...["waitingToBuild", "onWire.pending", "onWire.busy", "onWire.refused", "onWire.unknown"].flatMap((state) =>
      ["retryDelay", "rebroadcastDelay", "busyDelay"].map((delay) => ({
        type: `xstate.after.${delay}.transaction.${state}`,
      })),
    ),
  ],
  payout: [
    ...["approve", "reject", "cancel", "retry"].map((what) => ({
      type: `payout.${what}`,
      by: "token-b",
      hash: "hash-of-po_1",
    })),
    { type: "payout.approve", by: "token-b", hash: "another" },
    { type: "wallet.reserved", sequence: 1 },
    { type: "wallet.refused", refusal },
    ...[1, 2].flatMap((attempt) =>
      [
        { type: "transaction.delayed", failure: refusal },
        { type: "transaction.signed", expiration: 1 },
        { type: "transaction.doubted" },
        { type: "transaction.seen" },
        { type: "transaction.confirmed", inclusion: INCLUSION },
        { type: "transaction.reverted", inclusion: { ...INCLUSION, result: "OUT_OF_ENERGY" } },
        { type: "transaction.reverted", inclusion: { ...INCLUSION, result: "REVERT" } },
        { type: "transaction.expired", proof: PROOF },
        { type: "transaction.failed", failure: refusal },
      ].map((message) => ({ ...message, attempt, txId: BUILT.txId })),
    ),
    { type: "xstate.after.fundsRetryDelay.payout.approved" },
    { type: "xstate.after.deadlineDelay.payout.awaitingApprovalInTime" },
    { type: "xstate.after.nextAttemptDelay.payout.retrying" },
  ],
  payoutBatch: [
    { type: "wallet.reserved", sequence: 1 },
    { type: "wallet.refused", refusal },
    { type: "batch.line", status: "confirmed", amount: hold.usdt },
    { type: "batch.line", was: "failed", status: "confirmed", amount: hold.usdt },
    { type: "batch.line", status: "failed", amount: hold.usdt },
  ],
  wallet: [
    done("balances", { usdt: units(10n ** 12n), trx: units(10n ** 12n), atBlock: 5 }),
    done("balances", { usdt: ZERO, trx: ZERO, atBlock: 6 }),
    lost("balances"),
    { type: "wallet.reserve", from: { kind: "payout", id: "po_1" }, hold, count: 1 },
    { type: "wallet.send", hold },
    { type: "wallet.settle", hold, spend: hold, block: 9, time: 1_800_000_000_000 },
    { type: "wallet.takeBack", hold, spend: hold, block: 9 },
    { type: "wallet.release", hold },
    ...["refresh", "unfreeze", "archive"].map((what) => ({ type: `wallet.${what}` })),
    { type: "wallet.freeze", reason: "because" },
    { type: "wallet.update", name: "other" },
    { type: "xstate.after.refreshDelay.wallet.active.fresh" },
    { type: "xstate.after.balanceRetryDelay.wallet.active.stale" },
  ],
  relay: [
    ...(["accepted", "known", "refused", "busy", "ambiguous"] as const).map((kind) => done("broadcast", outcome(kind))),
    lost("broadcast"),
    { type: "relay.push", by: "token-b" },
    { type: "xstate.after.pushDelay.relay.waiting" },
    { type: "xstate.after.endDelay.relay.handedOver" },
    { type: "xstate.after.endDelay.relay.refused" },
  ],
};
const NOTHING: Message = { type: "nonsense" };

/** Plays the messages on both; says how many of them were not ignored. */
function play(twins: Twins, sequence: readonly Message[]): number {
  let heard = 0;
  for (const message of sequence) {
    const { xstate, ours } = twins.send({ ...message, ...STAMP });
    expect(ours).toStrictEqual(xstate);
    if ("threw" in ours || ours.isTouched) heard += 1;
    if (!("threw" in ours) && ours.isOver) break;
  }
  return heard;
}

describe.each(Object.entries(storedStates()))("the program of %s", (kind, states) => {
  const { machine } = entryOf(kind);
  const known = messages[kind] ?? [];
  const resting = Object.values(states).filter(({ status }) => status === "active");

  test("does what XState does with every message in every state that can be stored", () => {
    const ignored = new Set(known.map(({ type }) => type));
    for (const record of resting)
      for (const message of [...known, NOTHING])
        if (play(new Twins(machine, record), [message]) > 0) ignored.delete(message.type);
    // The follower's subscription never fails, and a timer of another state means nothing.
    expect([...ignored].filter((type) => !/error\.actor\.watch|xstate\.after/.test(type))).toEqual([]);
  });

  test("does what XState does over whole lives", () => {
    const sequence = fc.array(fc.constantFrom(...known, NOTHING), { maxLength: 25 });
    let heard = 0;
    fc.assert(
      fc.property(fc.constantFrom(...resting), sequence, (record, sent) => {
        heard += play(new Twins(machine, record), sent);
      }),
      { numRuns: 300 },
    );
    expect(heard).toBeGreaterThan(100);
  });
});

test("a birth is what XState makes of it", () => {
  const born = (input: unknown) => new Twins(toyMachine()).born(input);
  for (const input of [{}, { seen: ["x"] }, { bad: true }]) expect(born(input).ours).toStrictEqual(born(input).xstate);
  expect(born({ bad: true }).ours).toEqual({ threw: true });
});

describe("the program of any machine that the lint accepts", () => {
  test("does what XState does", () => {
    const seen = { steps: 0, moved: 0, threw: 0, over: 0 };
    fc.assert(
      fc.property(plans, fc.array(fc.constantFrom(...EVENTS), { maxLength: 12 }), (plan, sequence) => {
        const machine = machineOf(plan);
        expect(problemsOf({ machine }).filter((problem) => !isAboutWords(problem))).toEqual([]);
        const twins = new Twins(machine);
        const birth = twins.born({});
        expect(birth.ours).toStrictEqual(birth.xstate);
        if ("threw" in birth.ours || birth.ours.isOver) return;
        for (const type of sequence) {
          const { ours, xstate } = twins.send({ type, error: new Error("x"), output: 1 });
          expect(ours).toStrictEqual(xstate);
          seen.steps += 1;
          if ("threw" in ours) seen.threw += 1;
          else if (ours.isTouched) seen.moved += 1;
          if (!("threw" in ours) && ours.isOver) {
            seen.over += 1;
            return;
          }
        }
      }),
      { numRuns: 700 },
    );
    expect(Math.min(seen.moved, seen.threw, seen.over)).toBeGreaterThan(20);
  });
});

const EVENTS = ["a", "b", "c", "xstate.done.actor.i0", "xstate.error.actor.i1", "xstate.after.soon.s0"];

type ActPlan = "count" | "trace" | "emit" | "raiseA" | "raiseB" | "later" | "cancel" | "tell" | "reply";
type WayPlan = { event: string; guard: number; target: number; reenter: boolean; acts: ActPlan[] };
type StatePlan = {
  entry: ActPlan[];
  exit: ActPlan[];
  ways: WayPlan[];
  always: WayPlan[];
  after: WayPlan | undefined;
  invokes: boolean;
};
/** States 0 to 8: three at the top, the second and third with children, one of these with children again; then two ends. */
type Plan = { states: StatePlan[]; root: StatePlan };

const acts = fc.array(
  fc.constantFrom<ActPlan>("count", "trace", "emit", "raiseA", "raiseB", "later", "cancel", "tell", "reply"),
  { maxLength: 2 },
);
const way: fc.Arbitrary<WayPlan> = fc.record({
  event: fc.constantFrom(...EVENTS.slice(0, 5)),
  guard: fc.nat(3),
  target: fc.nat(13),
  reenter: fc.boolean(),
  acts,
});
const state: fc.Arbitrary<StatePlan> = fc.record({
  entry: acts,
  exit: acts,
  ways: fc.array(way, { maxLength: 4 }),
  always: fc.oneof({ weight: 4, arbitrary: fc.constant<WayPlan[]>([]) }, fc.array(way, { maxLength: 2 })),
  after: fc.option(way, { nil: undefined }),
  invokes: fc.boolean(),
});
const plans: fc.Arbitrary<Plan> = fc.record({ states: fc.array(state, { minLength: 11, maxLength: 11 }), root: state });

const isAboutWords = (problem: string) => /description|waits for|public status|no reason/.test(problem);

type Context = { n: number; trace: string[] };
const actions: Record<ActPlan, unknown> = {
  count: assign({ n: ({ context }: { context: Context }) => context.n + 1 }),
  trace: assign(({ context, event }: { context: Context; event: Message }, params: unknown) => ({
    trace: [...context.trace.slice(-3), event.type, JSON.stringify(params ?? null)],
  })),
  emit: emit((({ context }: { context: Context }) => ({ type: "emitted", n: context.n })) as never),
  raiseA: raise({ type: "a" }),
  raiseB: raise((({ context }: { context: Context }) => ({ type: "b", n: context.n })) as never),
  later: raise({ type: "c" }, { delay: "soon" as never, id: "later" }),
  cancel: cancel("later"),
  ...durableActions,
};
/** Written in place, by name, and by name with parameters: XState takes all three. */
const actionOf = (name: ActPlan, index: number): unknown => {
  if (name === "tell" || name === "reply")
    return { type: name, params: ({ context }: { context: Context }) => context.n };
  return [actions[name], name, { type: name, params: { index } }][index % 3];
};
const guards = {
  even: ({ context }: { context: Context }) => context.n % 2 === 0,
  below: ({ context }: { context: Context }, max: number) => context.n < max,
};
const guardOf = (kind: number): unknown =>
  [undefined, "even", { type: "below", params: 5 }, ({ event }: { event: Message }) => event.type !== "b"][kind];

/** The last targets mean: nowhere, only its actions count. */
const targetOf = (target: number) => (target < 11 ? `#s${target}` : undefined);
const wayOf = ({ guard, target, reenter, acts: does }: WayPlan) => ({
  ...(guardOf(guard) === undefined ? {} : { guard: guardOf(guard) }),
  ...(targetOf(target) === undefined ? {} : { target: targetOf(target) }),
  reenter,
  actions: does.map(actionOf),
  description: `way to ${target}`,
});

function stateOf(plan: StatePlan, id: string, children: object = {}): object {
  const on: Record<string, unknown[]> = {};
  for (const each of plan.ways) (on[each.event] ??= []).push(wayOf(each));
  return {
    id,
    entry: plan.entry.map(actionOf),
    exit: plan.exit.map(actionOf),
    on,
    always: plan.always.map(wayOf),
    ...(plan.after === undefined ? {} : { after: { soon: wayOf(plan.after) } }),
    ...(plan.invokes
      ? { invoke: { src: "work", id: `i${id.slice(1)}`, input: ({ context }: { context: Context }) => context.n } }
      : {}),
    ...children,
  };
}

function machineOf({ states, root }: Plan): AnyStateMachine {
  const at = (index: number, children?: object) => {
    const plan = states[index];
    if (plan === undefined) throw new Error("a state without a plan");
    return stateOf(plan, `s${index}`, children);
  };
  const end = (index: number) => ({ id: `s${index}`, type: "final", entry: states[index]?.entry.map(actionOf) });
  const deep = at(4, { initial: "s5", states: { s5: at(5), s6: at(6) } });
  const implementations: unknown = {
    actors: { work: effect<number, string>() },
    actions,
    guards,
    delays: { soon: ({ context }: { context: Context }) => 100 + context.n },
  };
  const made: unknown = setup(implementations as Parameters<typeof setup>[0]).createMachine({
    ...stateOf(root, "m"),
    options: { maxIterations: XSTATE_ITERATIONS_MAX },
    context: { n: 0, trace: [] },
    initial: "s0",
    states: {
      s0: at(0),
      s1: at(1, { initial: "s3", states: { s3: at(3), s4: deep } }),
      s2: at(2, { initial: "s7", states: { s7: at(7), s8: at(8) } }),
      s9: end(9),
      s10: end(10),
    },
  } as never);
  return made as AnyStateMachine;
}
