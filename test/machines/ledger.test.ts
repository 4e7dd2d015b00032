import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMIT_SLICE_MS, LIMIT_WINDOW_MS } from "../../src/domain/limits.ts";
import { big, units, ZERO } from "../../src/domain/money.ts";
import {
  available,
  emptyLedger,
  holdFor,
  judgeAmount,
  judgeHold,
  promisedInWindow,
  readBalance,
  release,
  reserve,
  send,
  settle,
  sumOfHolds,
  takeBack,
  type Hold,
  type Ledger,
} from "../../src/machines/ledger.ts";

const u = (value: number | bigint) => units(BigInt(value));
const hold = (usdt: number, trx: number): Hold => ({ usdt: u(usdt), trx: u(trx) });
const NOW = 1_700_000_400_000;
const funded = readBalance(emptyLedger, { usdt: u(100), trx: u(100), atBlock: 10 });
const payout = (amount: number) => ({
  asset: "USDT" as const,
  amount: u(amount * 1_000_000),
  purpose: "payout" as const,
});

describe("the limits of one payment", () => {
  const limits = { minimum: u(10_000_000), maximum: u(50_000_000) };

  test.each([
    ["9.999999 is below the minimum", { ...payout(0), amount: u(9_999_999) }, "below_minimum"],
    ["10 is not", payout(10), undefined],
    ["50 is not above the maximum", payout(50), undefined],
    ["50.000001 is", { ...payout(0), amount: u(50_000_001) }, "above_maximum"],
    ["a plain transfer has no minimum", { ...payout(1), purpose: "transfer" as const }, undefined],
    ["but a maximum", { ...payout(51), purpose: "transfer" as const }, "above_maximum"],
    ["TRX has neither", { ...payout(51), asset: "TRX" as const }, undefined],
  ])("%s", (_, payment, code) => {
    expect(judgeAmount(limits, payment)?.code).toBe(code);
    expect(judgeAmount({}, payment)).toBeUndefined();
  });
});

describe("a hold", () => {
  test.each([
    ["more USDT than there is", hold(101, 1), "insufficient_funds"],
    ["more TRX for fees than there is", hold(1, 101), "insufficient_trx_for_fees"],
    ["more TRX to send than there is", hold(0, 101), "insufficient_funds"],
    ["all there is", hold(100, 100), undefined],
  ])("of %s", (_, wanted, code) => expect(judgeHold(funded, {}, wanted, NOW)?.code).toBe(code));

  test("needs a balance and a time", () => {
    expect(judgeHold(emptyLedger, {}, hold(0, 0), NOW)?.code).toBe("not_ready");
    expect(judgeHold(funded, {}, hold(1, 1), 0)?.code).toBe("not_ready");
  });

  test("within the rolling limit says how much is left when it does not fit", () => {
    const used = reserve(funded, hold(30, 0));
    expect(judgeHold(used, { daily: u(50) }, hold(20, 0), NOW)).toBeUndefined();
    expect(judgeHold(used, { daily: u(50) }, hold(21, 0), NOW)).toMatchObject({
      code: "daily_limit_exceeded",
      evidence: { left: "0.00002" },
    });
    expect(judgeHold(used, { daily: u(20) }, hold(1, 0), NOW)).toMatchObject({ evidence: { left: "0" } });
  });

  test("of TRX does not touch the rolling limit of USDT", () => {
    const trx = holdFor({ asset: "TRX", amount: u(5), feeReserveSun: u(1) });
    const held = reserve(funded, trx);
    expect(promisedInWindow(held, NOW)).toBe("0");
    const left = settle(send(held, trx), trx, trx, { block: 12, time: NOW });
    expect([promisedInWindow(left, NOW), left.slices]).toEqual(["0", []]);
  });

  test("of TRX is not refused for a daily limit that was lowered below what is set aside", () => {
    const full = reserve(funded, hold(40, 0));
    expect(judgeHold(full, { daily: u(10) }, hold(0, 5), NOW)).toBeUndefined();
    expect(judgeHold(full, { daily: u(10) }, hold(1, 5), NOW)?.code).toBe("daily_limit_exceeded");
  });

  test("counts until it is given back, takes nothing from others then, and however old it is", () => {
    const both = reserve(reserve(funded, hold(40, 0)), hold(20, 0));
    expect(promisedInWindow(both, NOW + 10 * LIMIT_WINDOW_MS)).toBe("60");
    expect(promisedInWindow(release(both, hold(40, 0)), NOW)).toBe("20");
    expect(promisedInWindow(send(both, hold(20, 0)), NOW + 10 * LIMIT_WINDOW_MS)).toBe("60");
  });

  test("that leaves counts in the day of its block, not in that in which it was set aside", () => {
    const flying = send(reserve(funded, hold(40, 0)), hold(40, 0));
    const late = NOW + 3 * LIMIT_WINDOW_MS;
    const settled = settle(flying, hold(40, 0), hold(40, 0), { block: 12, time: late });
    expect(promisedInWindow(settled, late)).toBe("40");
    expect(promisedInWindow(settled, late + LIMIT_WINDOW_MS)).toBe("40");
    expect(promisedInWindow(settled, late + LIMIT_WINDOW_MS + LIMIT_SLICE_MS)).toBe("0");
  });

  test("settled in blocks that become known out of order counts in full", () => {
    const flying = send(reserve(funded, hold(40, 0)), hold(40, 0));
    const newer = settle(flying, hold(20, 0), hold(20, 0), { block: 13, time: NOW });
    const both = settle(newer, hold(20, 0), hold(20, 0), { block: 12, time: NOW - LIMIT_SLICE_MS });
    expect(promisedInWindow(both, NOW)).toBe("40");
    expect(both.slices).toHaveLength(2);
  });
});

describe("what left the wallet", () => {
  const IN_12 = { block: 12, time: NOW };
  const sent = send(reserve(funded, hold(30, 10)), hold(30, 10));

  test("is taken off until a reading covers its block", () => {
    const settled = settle(sent, hold(30, 10), hold(30, 7), IN_12);
    expect([available(settled, "USDT"), available(settled, "TRX")]).toEqual(["70", "93"]);
    const older = readBalance(settled, { usdt: u(100), trx: u(100), atBlock: 11 });
    expect([available(older, "USDT"), older.spent.length]).toEqual(["70", 1]);
    const newer = readBalance(settled, { usdt: u(70), trx: u(93), atBlock: 12 });
    expect([available(newer, "USDT"), newer.spent.length, newer.spentSum]).toEqual(["70", 0, hold(0, 0)]);
  });

  test("in a block that the balance reflects already is not taken off twice", () => {
    const read = readBalance(sent, { usdt: u(70), trx: u(93), atBlock: 12 });
    expect(available(settle(read, hold(30, 10), hold(30, 7), IN_12), "USDT")).toBe("70");
  });

  test("an older reading never replaces a newer one", () => {
    expect(readBalance(funded, { usdt: u(1), trx: u(1), atBlock: 9 })).toBe(funded);
  });

  test("payments of one block share an entry", () => {
    const two = send(reserve(sent, hold(5, 1)), hold(5, 1));
    const settled = settle(settle(two, hold(30, 10), hold(30, 7), IN_12), hold(5, 1), hold(5, 1), IN_12);
    expect(settled.spent).toEqual([{ block: 12, usdt: "35", trx: "8" }]);
  });

  test("a dead attempt costs nothing, a reverted one its fee", () => {
    expect(takeBack(sent, hold(30, 10), hold(0, 0), 0)).toMatchObject({
      usdt: { reserved: "30", inFlight: "0" },
      spent: [],
    });
    expect(takeBack(sent, hold(30, 10), hold(0, 7), 12).spentSum).toEqual(hold(0, 7));
  });

  test("stays bounded without losing a coin", () => {
    let ledger = readBalance(emptyLedger, { usdt: u(10_000), trx: u(10_000), atBlock: 0 });
    for (let block = 1; block <= 400; block += 1) {
      ledger = settle(send(reserve(ledger, hold(2, 1)), hold(2, 1)), hold(2, 1), hold(2, 1), { block, time: NOW });
    }
    expect(ledger.spent.length).toBeLessThanOrEqual(256);
    expect(sumOfHolds(ledger.spent)).toEqual(hold(800, 400));
    expect(ledger.spentSum).toEqual(hold(800, 400));
    expect(readBalance(ledger, { usdt: u(9_200), trx: u(9_600), atBlock: 400 }).spentSum).toEqual(hold(0, 0));
  });
});

/** A payment of the model: everything the ledger should know about it. */
type Payment = { hold: Hold; stage: "reserved" | "inFlight" };
type Action =
  | { do: "reserve"; usdt: number; trx: number }
  | { do: "send" | "release" | "giveUp"; which: number }
  | { do: "settle" | "retry"; which: number; part: number }
  | { do: "wait"; ms: number }
  | { do: "read"; behind: number };

const which = fc.nat(30);
const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("reserve" as const), usdt: fc.nat(40), trx: fc.nat(10) }),
  fc.record({ do: fc.constantFrom("send" as const, "release" as const, "giveUp" as const), which }),
  fc.record({ do: fc.constantFrom("settle" as const, "retry" as const), which, part: fc.nat(10) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 1_000, LIMIT_SLICE_MS, 3_600_000, 43_200_000) }),
  fc.record({ do: fc.constant("read" as const), behind: fc.nat(3) }),
);

/** A chain of two coins, and the payments under way: what a ledger should agree with. */
class Model {
  ledger: Ledger = readBalance(emptyLedger, { usdt: u(100), trx: u(100), atBlock: 0 });
  readonly limits: { daily: Hold["usdt"] };
  now = NOW;
  block = 0;
  /** Solidified balances by block. */
  readonly balances = [{ usdt: 100n, trx: 100n }];
  payments: Payment[] = [];
  /** USDT that left, with the time of its block. */
  readonly left: { at: number; amount: bigint }[] = [];

  constructor(daily: number) {
    this.limits = { daily: u(daily) };
  }

  apply(action: Action): void {
    switch (action.do) {
      case "wait":
        this.now += action.ms;
        return;
      case "read":
        return this.read(action.behind);
      case "reserve":
        return this.reserve(hold(action.usdt, action.trx));
      case "send":
        return this.take(action.which, "reserved", (payment) => {
          this.ledger = send(this.ledger, payment.hold);
          this.payments.push({ ...payment, stage: "inFlight" });
        });
      case "release":
        return this.take(action.which, "reserved", ({ hold: held }) => {
          this.ledger = release(this.ledger, held);
        });
      case "giveUp":
        return this.take(action.which, "inFlight", (payment) => {
          this.ledger = takeBack(this.ledger, payment.hold, hold(0, 0), 0);
          this.ledger = release(this.ledger, payment.hold);
        });
      case "settle":
        return this.take(action.which, "inFlight", (payment) => {
          const spend = { usdt: payment.hold.usdt, trx: least(payment.hold.trx, action.part) };
          this.mine(spend);
          this.left.push({ at: this.now, amount: big(spend.usdt) });
          this.ledger = settle(this.ledger, payment.hold, spend, { block: this.block, time: this.now });
        });
      case "retry":
        return this.take(action.which, "inFlight", (payment) => {
          const spend = { usdt: ZERO, trx: least(payment.hold.trx, action.part) };
          this.mine(spend);
          this.ledger = takeBack(this.ledger, payment.hold, spend, this.block);
          this.payments.push({ ...payment, stage: "reserved" });
        });
    }
  }

  private read(behind: number): void {
    const atBlock = Math.max(0, this.block - behind);
    const { usdt, trx } = this.balances[atBlock] ?? { usdt: 0n, trx: 0n };
    this.ledger = readBalance(this.ledger, { usdt: units(usdt), trx: units(trx), atBlock });
  }

  private reserve(wanted: Hold): void {
    if (judgeHold(this.ledger, this.limits, wanted, this.now) !== undefined) return;
    this.ledger = reserve(this.ledger, wanted);
    this.payments.push({ hold: wanted, stage: "reserved" });
  }

  private take(index: number, stage: string, work: (payment: Payment) => void): void {
    const candidates = this.payments.filter((payment) => payment.stage === stage);
    const payment = candidates[index % Math.max(1, candidates.length)];
    if (payment === undefined) return;
    this.payments = this.payments.filter((other) => other !== payment);
    work(payment);
  }

  private mine(spend: Hold): void {
    const { usdt, trx } = this.balances[this.block] ?? { usdt: 0n, trx: 0n };
    this.block += 1;
    this.balances.push({ usdt: usdt - big(spend.usdt), trx: trx - big(spend.trx) });
  }
}

/** What the ledger gets wrong, in words. */
function problemsOf(model: Model): string[] {
  const problems: string[] = [];
  for (const coin of ["usdt", "trx"] as const) {
    const sum = (stage: string) =>
      model.payments.filter((p) => p.stage === stage).reduce((total, p) => total + big(p.hold[coin]), 0n);
    const { reserved, inFlight } = model.ledger[coin];
    if (big(reserved) !== sum("reserved")) problems.push(`${coin} reserved ${reserved}`);
    if (big(inFlight) !== sum("inFlight")) problems.push(`${coin} in flight ${inFlight}`);
    // L1, L2: never more than what the chain has left for new promises.
    const free = (model.balances.at(-1)?.[coin] ?? 0n) - sum("reserved") - sum("inFlight");
    const offered = big(available(model.ledger, coin === "usdt" ? "USDT" : "TRX"));
    if (offered > (free < 0n ? 0n : free)) problems.push(`${coin} offers ${offered} of ${free}`);
    if (model.ledger.spentSum[coin] !== sumOfHolds(model.ledger.spent)[coin]) problems.push(`${coin} sum of spent`);
  }
  // L4, by brute force: in no window of 24 h more has left than the limit, however long it waited before.
  for (const { at } of model.left) {
    const window = model.left.filter((p) => p.at > at - LIMIT_WINDOW_MS && p.at <= at);
    const left = window.reduce((sum, p) => sum + p.amount, 0n);
    if (left > big(model.limits.daily)) problems.push(`${left} left within 24 h`);
  }
  return problems;
}

function least(a: Hold["trx"], b: number): Hold["trx"] {
  return big(a) < BigInt(b) ? a : u(b);
}

test("whatever happens, holds add up, nothing is promised that is not there, and the rolling limit stands", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.array(actions, { minLength: 1, maxLength: 80 }),
      (daily, sequence) => {
        const model = new Model(daily);
        for (const action of sequence) {
          model.apply(action);
          expect(problemsOf(model)).toEqual([]);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("every base unit of the limit can be used again once its slice has left the window, and not a slice before", () => {
  const whole = hold(50, 0);
  const leave = (ledger: Ledger, time: number) =>
    settle(send(reserve(ledger, whole), whole), whole, whole, { block: 1, time });
  const full = leave(funded, NOW);
  const blockedUntil = (Math.floor(NOW / LIMIT_SLICE_MS) + 1) * LIMIT_SLICE_MS + LIMIT_WINDOW_MS;
  expect(judgeHold(full, { daily: u(50) }, hold(1, 0), blockedUntil - 1)?.code).toBe("daily_limit_exceeded");
  expect(judgeHold(full, { daily: u(50) }, hold(1, 0), blockedUntil)).toBeUndefined();
  expect(leave(full, blockedUntil).slices).toHaveLength(1);
});
