import fc from "fast-check";
import { expect, test } from "vitest";
import { big, units, ZERO } from "../../src/domain/money.ts";
import type { Message } from "../../src/domain/records.ts";
import { promisedInWindow, type Hold } from "../../src/machines/ledger.ts";
import type { WalletContext } from "../../src/machines/wallet.machine.ts";
import { Driven, STAMP } from "../support/kernel.ts";
import { deadEnds } from "../support/reach.ts";

const FROM = { kind: "payout", id: "po_1" };
const LATER = { code: "chain_timeout", message: "no node answered", retryable: true } as const;
const hold = (usdt: number, trx: number): Hold => ({ usdt: units(BigInt(usdt)), trx: units(BigInt(trx)) });

/** A hold that some payment has, as it should be in the books. */
type Held = { readonly hold: Hold; readonly stage: "reserved" | "inFlight" };
type World = {
  readonly wallet: Driven;
  readonly held: readonly Held[];
  readonly promised: number;
  /** USDT that left, all within one day. */
  readonly left: bigint;
  readonly block: number;
};
type Play =
  | { do: "reserve"; usdt: number; trx: number; count: number; isTimeKnown: boolean }
  | { do: "send" | "settle" | "takeBack" | "release"; which: number; part: number }
  | { do: "answer"; usdt: number; trx: number }
  | { do: "operator"; message: Message }
  | { do: "fail" | "timer" };

const born = (hot: boolean, kind: WalletContext["kind"] = "hd"): World => ({
  wallet: Driven.born("wallet", { address: "T-w", name: "w", kind, labels: {}, limits: {}, hot }),
  held: [],
  promised: 0,
  left: 0n,
  block: 10,
});
const bookOf = ({ wallet }: World) => wallet.context<WalletContext>();
const isRunning = ({ wallet }: World) => wallet.record.effects["balances"] !== undefined;
const timersOf = ({ wallet }: World) => Object.keys(wallet.record.timers).length;

/** What payments, nodes, operators and time do to a wallet; payments only what they are allowed to. */
function play(world: World, step: Play): World {
  const { wallet, block } = world;
  switch (step.do) {
    case "reserve":
      return reserve(world, step);
    case "answer": {
      const reading = { usdt: units(BigInt(step.usdt)), trx: units(BigInt(step.trx)), atBlock: block };
      return isRunning(world) ? { ...world, block: block + 1, wallet: wallet.answer("balances", reading) } : world;
    }
    case "fail":
      return isRunning(world) ? { ...world, wallet: wallet.fail("balances", LATER) } : world;
    case "timer":
      return timersOf(world) === 1 ? { ...world, wallet: wallet.elapse() } : world;
    case "operator":
      return { ...world, wallet: wallet.send(step.message) };
    default:
      return pay(world, step);
  }
}

function reserve(world: World, { usdt, trx, count, isTimeKnown }: Extract<Play, { do: "reserve" }>): World {
  const wanted = hold(usdt, trx);
  const stamp = isTimeKnown ? STAMP : { ...STAMP, blockTime: 0 };
  const wallet = world.wallet.send({ type: "wallet.reserve", from: FROM, hold: wanted, count }, stamp);
  const [answer, ...others] = wallet.last.tells;
  // Exactly one answer, to the one who asked.
  expect([others, answer?.to]).toEqual([[], FROM]);
  const { kind, ledger, limits, sequence } = bookOf(world);
  const room = (purse: typeof ledger.usdt, spent: string) => {
    const left = big(purse.onChain) - BigInt(spent) - big(purse.reserved) - big(purse.inFlight);
    return left < 0n ? 0n : left;
  };
  const promised = world.held.reduce((sum, each) => sum + big(each.hold.usdt), world.left);
  const fits =
    kind !== "watch" &&
    world.wallet.state.startsWith("active") &&
    isTimeKnown &&
    ledger.balanceBlock >= 0 &&
    big(wanted.usdt) <= room(ledger.usdt, ledger.spentSum.usdt) &&
    big(wanted.trx) <= room(ledger.trx, ledger.spentSum.trx) &&
    (limits.daily === undefined || wanted.usdt === ZERO || promised + big(wanted.usdt) <= big(limits.daily));
  const message = answer !== undefined && "message" in answer ? answer.message : undefined;
  if (!fits) {
    expect(message).toMatchObject({ type: "wallet.refused" });
    if (kind === "watch") expect(message).toMatchObject({ refusal: { code: "wallet_watch_only" } });
    expect(wallet.context()).toEqual(world.wallet.context());
    return { ...world, wallet };
  }
  expect(message).toEqual({ type: "wallet.reserved", sequence: sequence + 1 });
  const held = [...world.held, { hold: wanted, stage: "reserved" as const }];
  return { ...world, wallet, held, promised: world.promised + count };
}

function pay(world: World, step: Extract<Play, { which: number }>): World {
  const wanted = step.do === "send" || step.do === "release" ? "reserved" : "inFlight";
  const candidates = world.held.filter(({ stage }) => stage === wanted);
  const mine = candidates[step.which % Math.max(1, candidates.length)];
  if (mine === undefined) return world;
  const burnt = { usdt: step.do === "settle" ? mine.hold.usdt : ZERO, trx: hold(0, step.part).trx };
  const spend = { ...burnt, trx: big(burnt.trx) < big(mine.hold.trx) ? burnt.trx : mine.hold.trx };
  const others = world.held.filter((other) => other !== mine);
  const message = { type: `wallet.${step.do}`, hold: mine.hold, spend, block: world.block, time: STAMP.blockTime };
  const next = { ...world, block: world.block + 1, wallet: world.wallet.send(message) };
  // They hold money, so the wallet listens whatever it is.
  expect(next.wallet.last.changed).toBe(true);
  if (step.do === "settle") return { ...next, held: others, left: world.left + big(spend.usdt) };
  if (step.do === "release") return { ...next, held: others };
  return { ...next, held: [...others, { ...mine, stage: step.do === "send" ? "inFlight" : "reserved" }] };
}

/** What is wrong with a wallet in itself and against the payments, in words. */
function problemsOf(world: World): string[] {
  const { wallet, held, promised, left } = world;
  const { kind, ledger, sequence } = bookOf(world);
  const wrong: string[] = [];
  for (const coin of ["usdt", "trx"] as const)
    for (const stage of ["reserved", "inFlight"] as const) {
      const sum = held.reduce((total, each) => (each.stage === stage ? total + big(each.hold[coin]) : total), 0n);
      if (big(ledger[coin][stage]) !== sum) wrong.push(`${coin} ${stage} ${ledger[coin][stage]}, really ${sum}`);
    }
  if (sequence !== promised) wrong.push(`sequence ${sequence}, promised ${promised}`);
  const counted = held.reduce((sum, each) => sum + big(each.hold.usdt), left);
  const promisedInDay = promisedInWindow(ledger, STAMP.blockTime);
  if (big(promisedInDay) !== counted) wrong.push(`the limit counts ${promisedInDay} instead of ${counted}`);
  if (isRunning(world) !== (wallet.state === "active.reading")) wrong.push(`reads in ${wallet.state}`);
  const due = Object.values(wallet.record.timers).map((timer) => timer.due - STAMP.at);
  const pause = kind === "watch" || wallet.state === "active.fresh" ? 60_000 : 5_000;
  if (due.some((after) => after !== pause)) wrong.push(`waits ${due.join()} in ${wallet.state}`);
  if (timersOf(world) > 1) wrong.push(`${timersOf(world)} timers`);
  return wrong;
}

function checkStep(before: World, after: World, step: Play): void {
  expect(problemsOf(after)).toEqual([]);
  const [was, is] = [before.wallet.state, after.wallet.state];
  if (was === "archived") expect(is).toBe("archived");
  if (is !== "archived" || was === "archived") return;
  expect(step).toMatchObject({ message: { type: "wallet.archive" } });
  const { kind, ledger } = bookOf(before);
  if (kind === "watch") return;
  // One with a key only when nothing is in it or on its way.
  expect([before.held, ledger.usdt.onChain, ledger.trx.onChain, ledger.balanceBlock >= 0]).toEqual([
    [],
    "0",
    "0",
    true,
  ]);
}

const operator = (message: Message): Play => ({ do: "operator", message });
const OPERATORS = [
  operator({ type: "wallet.freeze", reason: "r" }),
  operator({ type: "wallet.unfreeze" }),
  operator({ type: "wallet.archive" }),
  operator({ type: "wallet.refresh" }),
  operator({ type: "wallet.update", limits: { daily: units(60n) } }),
  operator({ type: "wallet.update", name: "w2", limits: {} }),
  operator({ type: "nonsense" }),
];
const plays: fc.Arbitrary<Play> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      usdt: fc.nat(40),
      // Every payment holds TRX for its fee.
      trx: fc.integer({ min: 1, max: 12 }),
      count: fc.integer({ min: 1, max: 3 }),
      isTimeKnown: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("send" as const, "settle" as const, "takeBack" as const, "release" as const),
      which: fc.nat(9),
      part: fc.nat(12),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer" as const), usdt: fc.nat(200), trx: fc.nat(99) }) },
  fc.constant<Play>({ do: "answer", usdt: 0, trx: 0 }),
  fc.constantFrom<Play>({ do: "fail" }, { do: "timer" }),
  { weight: 2, arbitrary: fc.constantFrom(...OPERATORS) },
);

const kinds = fc.oneof({ weight: 3, arbitrary: fc.constant("hd" as const) }, fc.constant("watch" as const));

test("whatever arrives, each request is answered once, and what is promised is what the payments hold", () => {
  const seen = new Map<string, number>();
  let promised = 0;
  fc.assert(
    fc.property(
      fc.boolean(),
      kinds,
      fc.array(plays, { minLength: 20, maxLength: 80, size: "max" }),
      (hot, kind, sequence) => {
        let world = born(hot, kind);
        expect(problemsOf(world)).toEqual([]);
        for (const step of sequence) {
          const next = play(world, step);
          if (next === world) continue;
          checkStep(world, next, step);
          world = next;
          seen.set(world.wallet.state, (seen.get(world.wallet.state) ?? 0) + 1);
        }
        promised += world.promised;
      },
    ),
    { numRuns: 1_000 },
  );
  for (const state of ["active.reading", "active.fresh", "active.stale", "frozen", "archived"])
    expect(seen.get(state)).toBeGreaterThan(100);
  expect(promised).toBeGreaterThan(1_000);
});

test.each(["hd", "watch"] as const)("from every state of a wallet of kind %s there is a way to put it away", (kind) => {
  const steps: Play[] = [
    { do: "reserve", usdt: 5, trx: 5, count: 1, isTimeKnown: true },
    ...(["send", "settle", "takeBack", "release"] as const).map((name) => ({ do: name, which: 0, part: 1 })),
    { do: "answer", usdt: 9, trx: 9 },
    { do: "answer", usdt: 0, trx: 0 },
    { do: "fail" },
    { do: "timer" },
    ...OPERATORS,
  ];
  const result = deadEnds<World>({
    start: born(true, kind),
    // One hold at a time shows every way that a hold can stand.
    next: (world) =>
      steps.filter((step) => step.do !== "reserve" || world.held.length === 0).map((step) => play(world, step)),
    key: (world) => {
      const { ledger, limits } = bookOf(world);
      const isEmpty = ledger.usdt.onChain === ZERO && ledger.trx.onChain === ZERO;
      const money = ledger.balanceBlock < 0 ? "unread" : isEmpty ? "empty" : "filled";
      return [world.wallet.state, money, world.held[0]?.stage, limits.daily, ledger.spent.length > 0].join();
    },
    isEnd: ({ wallet }) => wallet.state === "archived",
  });
  expect(result.dead).toEqual([]);
  expect(result.reached.length).toBeGreaterThan(kind === "watch" ? 10 : 20);
});
