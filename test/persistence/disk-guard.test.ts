import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { Clock } from "../../src/ports/clock.ts";
import { DiskGuard, type DiskState, isDiskFull } from "../../src/persistence/disk-guard.ts";

const LOW = 1_000;
const FULL = 100;

/** One pending task at a time is all that a guard ever schedules. */
class HandClock implements Clock {
  tasks: { delayMs: number; task: () => void }[] = [];
  now = () => 0;
  random = () => 0;
  soon(task: () => void): void {
    task();
  }
  schedule(delayMs: number, task: () => void): () => void {
    const entry = { delayMs, task };
    this.tasks.push(entry);
    return () => void (this.tasks = this.tasks.filter((other) => other !== entry));
  }
  fire(): void {
    for (const { task } of this.tasks.splice(0)) task();
  }
}

function guardOn(volume: { freeBytes: number | Error }) {
  const clock = new HandClock();
  const measure = () =>
    volume.freeBytes instanceof Error
      ? Promise.reject(volume.freeBytes)
      : Promise.resolve({ freeBytes: volume.freeBytes });
  const guard = new DiskGuard({ directory: "/data", clock, lowBytes: LOW, fullBytes: FULL, intervalMs: 50, measure });
  const heard: DiskState[] = [];
  const unsubscribe = guard.subscribe((state) => heard.push(state));
  return { guard, clock, heard, unsubscribe };
}

test("the state follows the free space, gets worse at once and better only with a margin", async () => {
  const volume = { freeBytes: 5_000 };
  const { guard, heard } = guardOn(volume);
  const steps: [number, DiskState][] = [
    [5_000, "ok"],
    [1_001, "ok"],
    [1_000, "low"],
    [1_050, "low"],
    [1_101, "ok"],
    [100, "full"],
    [105, "full"],
    [111, "low"],
    [0, "full"],
    [5_000, "ok"],
  ];
  for (const [freeBytes, state] of steps) {
    volume.freeBytes = freeBytes;
    expect(await guard.check()).toBe(state);
    expect(guard.freeBytes()).toBe(freeBytes);
  }
  expect(heard).toEqual(["ok", "low", "ok", "full", "low", "full", "ok"]);
});

test("a volume that cannot be measured is no proof of room, from the start and later", async () => {
  const volume: { freeBytes: number | Error } = { freeBytes: new Error("EIO") };
  const { guard, heard } = guardOn(volume);
  expect(await guard.check()).toBe("full");
  volume.freeBytes = 5_000;
  expect(await guard.check()).toBe("ok");
  volume.freeBytes = 10;
  await guard.check();
  volume.freeBytes = new Error("EIO");
  expect(await guard.check()).toBe("full");
  expect(heard).toEqual(["ok", "full"]);
});

test("a volume that is nearly low at the start is not low", async () => {
  expect(await guardOn({ freeBytes: 1_050 }).guard.check()).toBe("ok");
});

test("a started guard checks at once and then at its interval, until it is stopped", async () => {
  const volume = { freeBytes: 5_000 };
  const { guard, clock, heard, unsubscribe } = guardOn(volume);
  await guard.start();
  expect(guard.state()).toBe("ok");
  volume.freeBytes = 50;
  const heardIt = new Promise((resolve) => guard.subscribe(resolve));
  expect(clock.tasks.map(({ delayMs }) => delayMs)).toEqual([50]);
  clock.fire();
  expect(await heardIt).toBe("full");
  unsubscribe();
  volume.freeBytes = 5_000;
  await guard.check();
  expect(heard).toEqual(["ok", "full"]);
  guard.stop();
  expect(clock.tasks).toEqual([]);
});

test("a guard that is stopped during a check schedules no other", async () => {
  const { guard, clock } = guardOn({ freeBytes: 5_000 });
  const started = guard.start();
  guard.stop();
  await started;
  expect(clock.tasks).toEqual([]);
});

test("a real volume can be measured", async () => {
  const guard = new DiskGuard({ directory: tmpdir(), clock: new HandClock(), lowBytes: 2, fullBytes: 1 });
  expect(await guard.check()).toBe("ok");
  expect(guard.freeBytes()).toBeGreaterThan(1);
});

test("a full disk is recognised by code and by the words of LevelDB, in the error or its cause, and nothing else is", () => {
  const enospc = Object.assign(new Error("write failed"), { code: "ENOSPC" });
  const words = new Error("IO error: /data/000005.log: No space left on device");
  expect(isDiskFull(enospc)).toBe(true);
  expect(isDiskFull(words)).toBe(true);
  expect(isDiskFull(new Error("commit", { cause: words }))).toBe(true);
  expect(isDiskFull(Object.assign(new Error("x"), { code: "EDQUOT" }))).toBe(true);
  expect(isDiskFull(new Error("IO error: Input/output error"))).toBe(false);
  expect(isDiskFull("ENOSPC")).toBe(false);
});
