import { describe, expect, test } from "vitest";
import { EFFECT_QUEUE_MAX, OUTBOX_PAGE } from "../../src/domain/limits.ts";
import type { OutboxEntry } from "../../src/domain/records.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import type { Store } from "../../src/ports/store.ts";
import { memoryStore } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, recordOf, seenBy, toy, toyEntry, toyMachine, toyRig, type Work } from "../support/toys.ts";

const never: Work = () => new Promise(() => {});

async function putToWork(count: number, disk: MemoryKeyValue): Promise<void> {
  const rig = await toyRig({ store: memoryStore(disk), work: never, mailboxDepthMax: 100_000 });
  for (let i = 0; i < count; i += 1) void create(rig, `t${i}`);
  await drain(60);
  for (let i = 0; i < count; i += 1) void ask(rig, `t${i}`, { type: "toy.work", input: { i } });
  await drain(60);
  await rig.engine.drain();
  expect((await rig.store.outbox({ source: "work", limit: count + 1 })).length).toBe(count);
}

describe("a new engine on an old store", () => {
  test("runs what was running, under the same key, with the same input, and fires what was waiting", async () => {
    const disk = new MemoryKeyValue();
    const runs: unknown[] = [];
    const first = await toyRig({
      store: memoryStore(disk),
      work: (input, { key }) => (runs.push([key, input]), new Promise(() => {})),
    });
    await create(first, "t1");
    await create(first, "t2");
    await ask(first, "t1", { type: "toy.work", input: { n: 1 } });
    await ask(first, "t1", { type: "toy.add", name: "busy" });
    await ask(first, "t2", { type: "toy.wait" });
    const second = await toyRig({
      store: memoryStore(disk),
      clock: first.clock,
      work: async (input, { key }) => (runs.push([key, input]), "worked"),
    });
    await drain();
    const run = ["toy!t1#2.work", { n: 1 }];
    expect([runs, seenBy(second, "t1")]).toEqual([
      [run, run],
      ["busy", "worked"],
    ]);
    await second.clock.advance(1_000);
    expect(seenBy(second, "t2")).toEqual(["timer"]);
  });

  test("watches again before anything else runs", async () => {
    const disk = new MemoryKeyValue();
    const first = await toyRig({ store: memoryStore(disk), work: never });
    await create(first, "listener");
    await create(first, "worker");
    await ask(first, "listener", { type: "toy.listen" });
    await ask(first, "worker", { type: "toy.work" });
    const order: string[] = [];
    const slowly: Store = memoryStore(disk);
    const outbox = slowly.outbox.bind(slowly);
    slowly.outbox = async (request) => {
      await drain(3);
      return outbox(request);
    };
    const second = await toyRig({
      store: slowly,
      table: {
        listen: { start: (_, actor) => void order.push(`watch ${actor.id}`), stop: () => {} },
        work: { concurrency: 1, perform: async () => (order.push("work"), "worked") },
      },
    });
    await drain(20);
    expect(order).toEqual(["watch listener", "work"]);
    expect(recordOf(second, "worker")?.tag).toBe("idle");
  });

  test("pages in more than memory holds, and runs each exactly once", async () => {
    const disk = new MemoryKeyValue();
    const count = EFFECT_QUEUE_MAX + OUTBOX_PAGE + 500;
    await putToWork(count, disk);
    const runs = new Map<unknown, number>();
    let queued = 0;
    const rig = await toyRig({
      store: memoryStore(disk),
      concurrency: 8,
      work: async (input) => {
        const { i } = input as { i: number };
        runs.set(i, (runs.get(i) ?? 0) + 1);
        queued = Math.max(queued, rig?.engine.status().effectsQueued["work"] ?? 0);
        await new Promise((resolve) => setImmediate(resolve));
        return "worked";
      },
    });
    for (let i = 0; i < 5_000 && (await rig.store.outboxSources()).length > 0; i += 1) await drain(10);
    expect(await rig.store.outboxSources()).toEqual([]);
    expect(runs.size).toBe(count);
    expect(queued).toBeLessThanOrEqual(EFFECT_QUEUE_MAX + OUTBOX_PAGE);
    expect(seenBy(rig, `t${count - 1}`)).toEqual(["worked"]);
  });

  test("lets effects beyond the queue wait on disk and comes back for them", async () => {
    const ends: (() => void)[] = [];
    let started = 0;
    const rig = await toyRig({
      concurrency: 1,
      mailboxDepthMax: 100_000,
      work: () => ((started += 1), new Promise((resolve) => ends.push(() => resolve("worked")))),
    });
    const count = EFFECT_QUEUE_MAX + 100;
    for (let i = 0; i < count; i += 1) void create(rig, `t${i}`);
    await drain(60);
    for (let i = 0; i < count; i += 1) void ask(rig, `t${i}`, { type: "toy.work" });
    await drain(60);
    expect(rig.engine.status().effectsQueued["work"]).toBe(EFFECT_QUEUE_MAX);
    for (let i = 0; i < count; i += 1) {
      ends.shift()?.();
      await drain(1);
    }
    await drain(60);
    for (let i = 0; i < 40 && ends.length > 0; i += 1) {
      ends.shift()?.();
      await drain(2);
    }
    expect([started >= count, await rig.store.outboxSources()]).toEqual([true, []]);
  });

  test("remembers nothing of an actor that nobody needs, and wakes it by a message", async () => {
    const rig = await toyRig({ cacheMax: 2 });
    for (let i = 0; i < 200; i += 1) await create(rig, `t${i}`, { seen: [`born ${i}`] });
    expect(rig.engine.status().actorsInMemory).toBeLessThanOrEqual(2);
    await ask(rig, "t0", { type: "toy.add", name: "awake" });
    expect(seenBy(rig, "t0")).toEqual(["born 0", "awake"]);
    await Promise.all(Array.from({ length: 200 }, (_, i) => ask(rig, `t${i}`, { type: "toy.add", name: "all" })));
    for (let i = 1; i < 200; i += 1) expect(seenBy(rig, `t${i}`)).toEqual([`born ${i}`, "all"]);
    expect(rig.engine.status().actorsInMemory).toBeLessThanOrEqual(200);
    await ask(rig, "t5", { type: "toy.end" });
    expect(rig.engine.status().actorsInMemory).toBeLessThanOrEqual(200);
  });
});

test("every subscription comes back, more than a page of them", async () => {
  const disk = new MemoryKeyValue();
  const first = await toyRig({ store: memoryStore(disk), mailboxDepthMax: 100_000 });
  const count = OUTBOX_PAGE + 10;
  for (let i = 0; i < count; i += 1) void create(first, `t${i}`);
  await drain(60);
  for (let i = 0; i < count; i += 1) void ask(first, `t${i}`, { type: "toy.listen" });
  await drain(60);
  await first.engine.drain();
  const second = await toyRig({ store: memoryStore(disk) });
  expect(second.heard).toHaveLength(count);
});

test("the effects of a quarantined actor stay on disk while those of others run", async () => {
  const disk = new MemoryKeyValue();
  await putToWork(2, disk);
  await memoryStore(disk).commit([{ put: "quarantine", entry: { actor: toy("t0"), at: 1, reason: "r", failures: 4 } }]);
  const rig = await toyRig({ store: memoryStore(disk) });
  await drain();
  expect([seenBy(rig, "t0"), seenBy(rig, "t1")]).toEqual([[], ["worked"]]);
  await rig.engine.release(toy("t0"), "me");
  await drain();
  expect(seenBy(rig, "t0")).toEqual(["worked"]);
});

test("a list that names a record that is gone shows the others", async () => {
  const rig = await toyRig();
  await create(rig, "t1");
  await rig.engine.commit([{ put: "index", kind: "toy", index: "all", createdAt: 1, id: "ghost" }]);
  expect((await rig.engine.records("toy", "all", { limit: 10 })).records.map(({ id }) => id)).toEqual(["t1"]);
});

describe("a store that cannot be read", () => {
  test("while timers are looked for is asked again, and no timer is lost", async () => {
    const warnings: string[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_: unknown, message: string) => void warnings.push(message),
    };
    const store = memoryStore();
    const timers = store.timers.bind(store);
    let failures = 3;
    const rig = await toyRig({ store, logger });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.wait" });
    store.timers = async (request) => {
      failures -= 1;
      if (failures >= 0) throw new Error("I/O error");
      return timers(request);
    };
    await rig.clock.advance(1_000);
    expect([warnings.length > 0, seenBy(rig, "t1")]).toEqual([true, []]);
    await rig.clock.advance(3_000);
    expect(seenBy(rig, "t1")).toEqual(["timer"]);
  });

  test("while waiting effects are looked for ends the process, rather than forget them", async () => {
    const disk = new MemoryKeyValue();
    await putToWork(3, disk);
    const before = await toyRig({ store: memoryStore(disk), work: never, elsewhere: never });
    await create(before, "elsewhere");
    await ask(before, "elsewhere", { type: "toy.workElsewhere" });
    const fatal: unknown[] = [];
    const store = memoryStore(disk);
    store.outbox = () => Promise.reject(new Error("I/O error"));
    const rig = await toyRig({ store, onFatal: (error) => fatal.push(error) });
    await drain();
    expect([fatal.map(String), rig.engine.status().phase]).toEqual([["Error: I/O error"], "stopped"]);
  });

  test("about one actor hurts only that one: it is quarantined, and its timer holds up nobody", async () => {
    const store = memoryStore();
    const record = store.record.bind(store);
    let broken = "";
    store.record = (actor) => {
      if (actor.id === broken) throw new Error("the checksum does not match");
      return record(actor);
    };
    const rig = await toyRig({
      store,
      cacheMax: 1,
      intensity: { restartsMax: 1, windowMs: 60_000, firstDelayMs: 100, delayMaxMs: 100 },
    });
    for (const id of ["t1", "t2", "t3"]) await create(rig, id);
    for (const id of ["t1", "t2"]) await ask(rig, id, { type: "toy.wait" });
    await ask(rig, "t3", { type: "toy.add", name: "x" });
    await ask(rig, "t2", { type: "toy.add", name: "x" });
    broken = "t1";
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "internal" } });
    await rig.clock.advance(2_000);
    expect(rig.engine.quarantine(toy("t1"))).toMatchObject({ reason: expect.stringContaining("checksum") });
    expect(seenBy(rig, "t2")).toEqual(["x", "timer"]);
    broken = "";
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    await rig.clock.advance(10);
    expect(seenBy(rig, "t1")).toEqual(["timer"]);
  });
});

test("a record that cannot be read keeps nobody from starting: its actor is quarantined, and listens again when it is released", async () => {
  const disk = new MemoryKeyValue();
  const before = await toyRig({ store: memoryStore(disk) });
  for (const id of ["t1", "t2"]) {
    await create(before, id);
    await ask(before, id, { type: "toy.listen" });
  }
  await before.engine.drain();
  const store = memoryStore(disk);
  const record = store.record.bind(store);
  let broken = "t1";
  store.record = (actor) => {
    if (actor.id === broken) throw new Error("the checksum does not match");
    return record(actor);
  };
  const rig = await toyRig({ store });
  await drain();
  expect(rig.heard).toEqual(["start t2"]);
  expect(rig.engine.quarantine(toy("t1"))).toMatchObject({ reason: expect.stringContaining("checksum") });
  broken = "";
  expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
  expect(rig.heard).toContain("start t1");
});

describe("machine versions", () => {
  const older = { toy: toyEntry() };
  const newer = {
    toy: toyEntry({
      version: "2",
      machine: toyMachine(),
      migrate: {
        "1": (record) => ({
          ...record,
          version: "2",
          context: { seen: [...(record.context as { seen: string[] }).seen, "migrated"] },
        }),
      },
    }),
  };

  test("of which there is a way to the current one are migrated when they are needed, and shown migrated", async () => {
    const store = memoryStore();
    const first = await toyRig({ store, catalog: older });
    await create(first, "t1", { seen: ["old"] });
    await ask(first, "t1", { type: "toy.wait" });
    await first.engine.drain();
    const second = await toyRig({ store, catalog: newer, clock: first.clock });
    expect(recordOf(second, "t1")).toMatchObject({ version: "2", revision: 2, context: { seen: ["old", "migrated"] } });
    expect(store.record(toy("t1"))?.version).toBe("1");
    await second.clock.advance(1_000);
    expect(store.record(toy("t1"))).toMatchObject({
      version: "2",
      revision: 3,
      context: { seen: ["old", "migrated", "timer"] },
    });
    expect(store.meta("machineVersions")).toEqual({ toy: ["1", "2"] });
  });

  test("without a way are refused at start, before anything runs", async () => {
    const store = memoryStore();
    const first = await toyRig({ store, catalog: older });
    await create(first, "t1");
    await first.engine.drain();
    await expect(toyRig({ store, catalog: { toy: toyEntry({ version: "2" }) } })).rejects.toThrow(
      "machine version 1, which this release cannot read",
    );
    await expect(toyRig({ store, catalog: { other: toyEntry({ kind: "other" }) } })).rejects.toThrow("toy records");
  });

  test("that a record carries against all knowledge stop that actor only", async () => {
    const store = memoryStore();
    const rig = await toyRig({ store });
    await create(rig, "t1");
    const odd: OutboxEntry["actor"] = toy("odd");
    const record = store.record(toy("t1"));
    if (record === undefined) throw new Error("no record");
    await store.commit([{ put: "record", record: { ...record, ...odd, version: "0" } }]);
    expect(await ask(rig, "odd", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "internal" } });
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ status: 200 });
    expect(await rig.engine.deadLetters({ actor: odd, limit: 1 })).toMatchObject([
      { error: "no migration of toy from version 0 to 1" },
    ]);
  });
});
