import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/operations/system-clock.ts";

const clock = systemClock();

describe("a scheduled task", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
  afterEach(() => vi.useRealTimers());

  test("runs once, not before its delay", () => {
    const task = vi.fn();
    clock.schedule(100, task);
    vi.advanceTimersByTime(99);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(task).toHaveBeenCalledTimes(1);
  });

  test("does not run after it was cancelled", () => {
    const task = vi.fn();
    clock.schedule(100, task)();
    vi.advanceTimersByTime(1_000);
    expect(task).not.toHaveBeenCalled();
  });

  test("keeps a delay that is longer than a timer of Node can hold", () => {
    const task = vi.fn();
    const cancel = clock.schedule(2 ** 31 + 5_000, task);
    vi.advanceTimersByTime(2 ** 31 + 4_000);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(task).toHaveBeenCalledTimes(1);
    cancel();
  });

  test("can be cancelled after its first timer ran out", () => {
    const task = vi.fn();
    const cancel = clock.schedule(2 ** 32, task);
    vi.advanceTimersByTime(2 ** 31 + 1);
    cancel();
    vi.advanceTimersByTime(2 ** 33);
    expect(task).not.toHaveBeenCalled();
  });

  test("runs at once when its time has passed", () => {
    const task = vi.fn();
    clock.schedule(-5, task);
    vi.advanceTimersByTime(0);
    expect(task).toHaveBeenCalledTimes(1);
  });
});

describe("time", () => {
  const START = 1_800_000_000_000;
  beforeEach(() => vi.useFakeTimers({ toFake: ["performance", "Date"], now: START }));
  afterEach(() => vi.useRealTimers());

  test("is the time of this machine, in whole milliseconds", () => {
    const time = systemClock();
    expect(time.now()).toBe(START);
    vi.advanceTimersByTime(1_234);
    expect(time.now()).toBe(START + 1_234);
  });

  test("follows a clock that is set forward", () => {
    const time = systemClock();
    vi.setSystemTime(START + 600_000);
    expect(time.now()).toBe(START + 600_000);
  });

  test("goes on when the clock is set back, and meets it again when it has caught up", () => {
    const time = systemClock();
    time.now();
    vi.setSystemTime(START - 600_000);
    expect(time.now()).toBe(START);
    vi.advanceTimersByTime(5_000);
    expect(time.now()).toBe(START + 5_000);
    vi.setSystemTime(START + 60_000);
    expect(time.now()).toBe(START + 60_000);
  });

  test("waits for a clock that is only slowed down", () => {
    const time = systemClock();
    time.now();
    vi.setSystemTime(START - 400);
    vi.advanceTimersByTime(100);
    expect(time.now()).toBe(START);
    vi.advanceTimersByTime(500);
    expect(time.now()).toBe(START + 200);
  });

  test("does not stand still however often it is asked while the clock is behind", () => {
    const time = systemClock();
    time.now();
    vi.setSystemTime(START - 600_000);
    for (let step = 0; step < 1_000; step += 1) {
      vi.advanceTimersByTime(1);
      time.now();
    }
    expect(time.now()).toBe(START + 1_000);
  });

  test("begins where it was left when the clock was set back between two starts", () => {
    const time = systemClock({ notBefore: START + 600_000 });
    expect(time.now()).toBe(START + 600_000);
    vi.advanceTimersByTime(3_000);
    expect(time.now()).toBe(START + 603_000);
  });
});

test("a task for soon runs after the code that asked and the promises it settled", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    clock.soon(() => {
      order.push("soon");
      resolve();
    });
    void Promise.resolve().then(() => order.push("promise"));
    order.push("code");
  });
  expect(order).toEqual(["code", "promise", "soon"]);
});

test("chance is at least 0 and below 1", () => {
  for (let draw = 0; draw < 1_000; draw += 1) {
    const chance = clock.random();
    expect(chance >= 0 && chance < 1).toBe(true);
  }
});
