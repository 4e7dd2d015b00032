import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Lane } from "../../src/chain/asking.ts";
import { Budget, BudgetRefusal, LANE_WAITING_MAX, type BudgetLimits } from "../../src/chain/budget.ts";
import { LearnedRate } from "../../src/chain/rate.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Midnight UTC, so that a day of the test is a day of the budget. */
const MIDNIGHT = 1_800_057_600_000;

function open(limits: Partial<BudgetLimits> = {}): { budget: Budget; clock: ManualClock; gone: Lane[]; ask: Ask } {
  const clock = new ManualClock(MIDNIGHT);
  const budget = new Budget({ inFlight: 16, ...limits }, clock);
  const gone: Lane[] = [];
  const ask: Ask = async (lane, terms = {}) => {
    await budget.acquire({ lane, ...terms });
    gone.push(lane);
  };
  return { budget, clock, gone, ask };
}
type Ask = (lane: Lane, terms?: { until?: number; signal?: AbortSignal }) => Promise<void>;

/** Asks as fast as it is let, each request over at once; returns how many went in each second. */
async function flood(limits: Partial<BudgetLimits>, seconds: number): Promise<number[]> {
  const { budget, clock } = open(limits);
  const sentAt: number[] = [];
  let stopped = false;
  const worker = async () => {
    while (!stopped) {
      await budget.acquire({ lane: "read" });
      sentAt.push(clock.now() - MIDNIGHT);
      budget.release();
    }
  };
  const workers = Array.from({ length: 8 }, () => worker().catch(() => {}));
  await clock.advance(seconds * 1_000);
  stopped = true;
  budget.close();
  await Promise.all(workers);
  return sentAt;
}

describe("the rate of a budget", () => {
  test("never more than the limit in any second, and most of it in the long run", async () => {
    const sentAt = await flood({ perSecond: 15 }, 20);
    const inWindow = sentAt.map((from) => sentAt.filter((at) => at >= from && at < from + 1_000).length);
    expect(Math.max(...inWindow)).toBeLessThanOrEqual(15);
    expect(sentAt.length).toBeGreaterThan(20 * 11);
  });

  test("whatever the limit, no second holds more than it, and no request waits for ever", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 60 }),
        (limit, pauses) => {
          const rate = new LearnedRate(limit, 0);
          const sentAt: number[] = [];
          let now = 0;
          for (const pause of pauses) {
            now += pause;
            for (let i = 0; i < 5; i += 1) {
              now += rate.wait(now);
              expect(rate.wait(now)).toBe(0);
              rate.take(now);
              sentAt.push(now);
            }
          }
          for (const [index, at] of sentAt.entries()) {
            const window = sentAt.slice(index).findIndex((later) => later >= at + 1_000);
            expect(window === -1 ? sentAt.length - index : window).toBeLessThanOrEqual(Math.max(1, limit));
          }
        },
      ),
      // Rounding leaves one of its tokens a little below one.
      { examples: [[18, [0, 158]]] },
    );
  });

  test("without a limit nobody waits", async () => {
    const { gone, ask, budget } = open();
    for (let i = 0; i < 1_000; i += 1) {
      await ask("read");
      budget.release();
    }
    expect(gone).toHaveLength(1_000);
    expect(budget.reading()).toMatchObject({ perSecond: null, perDay: null, today: null, suspendedUntil: null });
  });

  test("a refusal halves it once for all requests that were under way, and answers raise it slowly", async () => {
    const { budget, clock } = open({ perSecond: 16 });
    for (let i = 0; i < 5; i += 1) budget.refused(undefined);
    expect(budget.reading().perSecond).toBe(8);
    await clock.advance(40_000);
    for (let i = 0; i < 8; i += 1) budget.answered();
    expect(budget.reading().perSecond).toBeCloseTo(8.05, 2);
    for (let i = 0; i < 10_000; i += 1) budget.answered();
    expect(budget.reading().perSecond).toBe(16);
  });

  test("a node without a known limit teaches one by refusing, and it is forgotten when it never refuses again", async () => {
    const { budget, ask, clock } = open({ inFlight: 100 });
    for (let i = 0; i < 40; i += 1) await ask("read");
    budget.refused(1_000);
    expect(budget.reading().perSecond).toBe(20);
    await clock.advance(2_000);
    budget.refused(1_000);
    expect(budget.reading().perSecond).toBe(10);
    for (let i = 0; i < 10_100_000; i += 1) budget.answered();
    expect(budget.reading().perSecond).toBeNull();
  });
});

describe("a suspension", () => {
  test("is waited for to its end, and a little longer; not one request goes before", async () => {
    const { budget, clock, gone, ask } = open({ perSecond: 10 });
    budget.refused(30_000);
    const waiting = [ask("read"), ask("broadcast")];
    await clock.advance(30_000);
    expect(gone).toEqual([]);
    await clock.advance(2_500);
    expect(gone).toEqual(["broadcast", "read"]);
    await Promise.all(waiting);
  });

  test("of unknown length is thirty seconds", () => {
    const { budget, clock } = open();
    budget.refused(undefined);
    expect(budget.reading().suspendedUntil).toBe(clock.now() + 31_500);
  });

  test("that ends after the caller's time is refused at once", async () => {
    const { budget, clock, ask } = open();
    budget.refused(30_000);
    await expect(ask("broadcast", { until: clock.now() + 10_000 })).rejects.toBeInstanceOf(BudgetRefusal);
  });
});

describe("the lanes", () => {
  test("an earlier lane never waits behind a later one", async () => {
    const { clock, gone, ask } = open({ perSecond: 1 });
    await ask("history");
    const all = [ask("history"), ask("read"), ask("follow"), ask("broadcast"), ask("broadcast")];
    await clock.advance(10_000);
    await Promise.all(all);
    expect(gone).toEqual(["history", "broadcast", "broadcast", "follow", "read", "history"]);
  });

  test("slow reads leave room for bytes", async () => {
    const { gone, ask, budget } = open({ inFlight: 8 });
    const reads = Array.from({ length: 20 }, () => ask("read"));
    await Promise.resolve();
    await ask("broadcast");
    expect(gone.filter((lane) => lane === "read")).toHaveLength(6);
    expect(budget.reading()).toMatchObject({ inFlight: 7, waiting: { read: 14 } });
    budget.close();
    await Promise.allSettled(reads);
  });

  test.each(["broadcast", "follow", "read", "history"] as const)("%s is bounded: one more is refused", async (lane) => {
    const { budget, ask } = open({ inFlight: 1 });
    await ask("broadcast");
    const waiting = Array.from({ length: LANE_WAITING_MAX[lane] }, () => ask(lane));
    await expect(ask(lane)).rejects.toThrow(`too many requests wait in the lane ${lane}`);
    budget.close();
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  });

  test("who waits leaves at the end of its time, and when its caller gives up", async () => {
    const { clock, budget, ask } = open({ inFlight: 1 });
    await ask("read");
    const controller = new AbortController();
    const late = ask("read", { until: clock.now() + 1_000 });
    const left = ask("read", { signal: controller.signal });
    const gone = ask("read", { signal: AbortSignal.abort() });
    controller.abort();
    await expect(left).rejects.toThrow("the caller gave up");
    await expect(gone).rejects.toThrow("the caller gave up");
    const ended = late.catch((error: Error) => error.message);
    await clock.advance(1_000);
    expect(await ended).toContain("no room in time");
    expect(budget.reading().waiting.read).toBe(0);
  });
});

describe("a day's requests", () => {
  test("people's reads end first, then estimates, and following and bytes go on until midnight", async () => {
    const { budget, clock, ask } = open({ perDay: 10_000 });
    const use = async (lane: Lane): Promise<number> => {
      for (let count = 0; ; count += 1) {
        try {
          await ask(lane, { until: clock.now() });
          budget.release();
        } catch {
          return count;
        }
      }
    };
    // Half belongs to following, a hundredth to bytes, a tenth is kept from people.
    expect(await use("history")).toBe(3_900);
    expect(await use("read")).toBe(1_000);
    // Nobody has followed yet: what it saved up, and from then on one request every 17 seconds.
    expect(await use("follow")).toBe(300);
    await clock.advance(86_400_000 - 20_000);
    expect(await use("follow")).toBe(300);
    expect(await use("broadcast")).toBe(4_500);
    await expect(ask("broadcast")).rejects.toThrow("used up for broadcast");
    await clock.advance(20_000);
    await ask("history");
    expect(budget.reading()).toMatchObject({ today: 1, perDay: 10_000 });
  });

  test("who follows too fast is paced, and does not hold up the lanes after it", async () => {
    const { budget, clock, gone, ask } = open({ perDay: 86_400 });
    for (let i = 0; i < 300; i += 1) {
      await ask("follow");
      budget.release();
    }
    const paced = ask("follow");
    await ask("read");
    expect(gone.at(-1)).toBe("read");
    await clock.advance(1_999);
    expect(gone.at(-1)).toBe("read");
    await clock.advance(1);
    await paced;
    expect(gone.at(-1)).toBe("follow");
  });
});
