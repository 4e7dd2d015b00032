/**
 * How many payouts a day one free TronGrid key carries. Assumed limits: 15 requests in any second, 100,000 a day (UTC);
 * excess is answered with a suspension of 30 s. The budget is the real one; the node, the follower and the payouts are
 * a day of requests on a clock that jumps from event to event.
 */
import { expect, test } from "vitest";
import type { Lane } from "../../src/chain/asking.ts";
import { Budget } from "../../src/chain/budget.ts";
import type { Clock } from "../../src/ports/clock.ts";

const MIDNIGHT = 1_800_057_600_000;
const DAY_MS = 86_400_000;
const LIMITS = { perSecond: 15, perDay: 100_000 };
const SLOT_MS = 3_000;
const POLL_MS = 1_500;

/** Jumps to the next task; between two of them every promise that can settle does. */
class JumpingClock implements Clock {
  private time = MIDNIGHT;
  private order = 0;
  private readonly heap = new Map<number, { order: number; task: () => void }[]>();
  private readonly dues: number[] = [];

  now(): number {
    return this.time;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const due = this.time + Math.max(0, Math.ceil(delayMs));
    const entry = { order: (this.order += 1), task };
    const there = this.heap.get(due);
    if (there === undefined) {
      this.heap.set(due, [entry]);
      const at = this.dues.findLastIndex((other) => other > due);
      this.dues.splice(at + 1, 0, due);
    } else there.push(entry);
    return () => {
      entry.task = () => {};
    };
  }

  soon(task: () => void): void {
    this.schedule(0, task);
  }

  random(): number {
    return 0.5;
  }

  async runUntil(end: number): Promise<void> {
    for (;;) {
      const due = this.dues.at(-1);
      if (due === undefined || due >= end) return;
      this.dues.pop();
      const tasks = this.heap.get(due) ?? [];
      this.heap.delete(due);
      this.time = due;
      for (const { task } of tasks) {
        task();
        for (let i = 0; i < 12; i += 1) await Promise.resolve();
      }
    }
  }
}

/** Counts as the provider does. */
class Provider {
  total = 0;
  suspensions = 0;
  readonly byLane: Record<Lane, number> = { broadcast: 0, follow: 0, read: 0, history: 0 };
  private recent: number[] = [];

  /** True: answered. */
  take(lane: Lane, now: number): boolean {
    this.recent = this.recent.filter((at) => at > now - 1_000);
    this.recent.push(now);
    this.total += 1;
    this.byLane[lane] += 1;
    const accepted = this.recent.length <= LIMITS.perSecond && this.total <= LIMITS.perDay;
    if (!accepted) this.suspensions += 1;
    return accepted;
  }
}

async function oneDay(demand: { checksDestinations: boolean }): Promise<{ payouts: number; provider: Provider }> {
  const clock = new JumpingClock();
  const budget = new Budget({ inFlight: 16, ...LIMITS }, clock);
  const provider = new Provider();
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.schedule(ms, resolve));
  const request = async (lane: Lane, waitMs: number): Promise<boolean> => {
    try {
      await budget.acquire({ lane, until: clock.now() + waitMs });
    } catch {
      return false;
    }
    const accepted = provider.take(lane, clock.now());
    await sleep(80);
    if (accepted) budget.answered();
    else budget.refused(30_000);
    budget.release();
    return accepted;
  };
  let payouts = 0;
  const payingBlocks = new Set<number>();
  const slot = () => Math.floor((clock.now() - MIDNIGHT) / SLOT_MS);

  /** Head and solidified head; a page when more than one block is new; receipts of each block with a payment of ours. */
  const follow = async (): Promise<void> => {
    let read = 0;
    for (;;) {
      const head = slot();
      await Promise.all([request("follow", 60_000), request("follow", 60_000)]);
      if (head > read + 1) await request("follow", 60_000);
      for (; read <= head; read += 1) if (payingBlocks.delete(read)) await request("follow", 60_000);
      await sleep(POLL_MS);
    }
  };
  /** As many payouts as get through: each one's destination is looked at if there is room, estimated, then pushed. */
  const pay = async (): Promise<void> => {
    for (;;) {
      if (demand.checksDestinations) for (let i = 0; i < 3; i += 1) await request("history", 1_500);
      if (!(await request("read", 60_000))) {
        await sleep(60_000);
        continue;
      }
      while (!(await request("broadcast", 60_000))) await sleep(20_000);
      payingBlocks.add(slot() + 1);
      payouts += 1;
    }
  };
  void follow();
  for (let i = 0; i < 8; i += 1) void pay();
  await clock.runUntil(MIDNIGHT + DAY_MS);
  return { payouts, provider };
}

test("a free key pays 24,000 times a day to known destinations, and is not suspended once", async () => {
  const { payouts, provider } = await oneDay({ checksDestinations: false });
  expect(provider.suspensions).toBe(0);
  expect(provider.total).toBeLessThanOrEqual(LIMITS.perDay);
  expect(provider.byLane.follow).toBeGreaterThan(45_000);
  expect(payouts).toBeGreaterThanOrEqual(24_000);
});

test("a free key pays 12,000 times a day to destinations that are all new, and is not suspended once", async () => {
  const { payouts, provider } = await oneDay({ checksDestinations: true });
  expect(provider.suspensions).toBe(0);
  expect(provider.total).toBeLessThanOrEqual(LIMITS.perDay);
  expect(payouts).toBeGreaterThanOrEqual(12_000);
});
