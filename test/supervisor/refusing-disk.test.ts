/** A disk that refuses to be read for a moment: too many open files, an I/O error. Nothing was written, nobody is to blame. */
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import type { Message } from "../../src/domain/records.ts";
import { memoryStore } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, fact, recordOf, seenBy, toy, toyRig, type ToyRig, type ToyRigOptions } from "../support/toys.ts";

const add = (name: string): Message => ({ type: "toy.add", name });
const ALL_KINDS = ["payout-router", "trx-staking"] as const;

/** An engine whose actors are not in memory, over a disk that refuses while `disk.refuses` holds. */
async function rigOf(options: ToyRigOptions = {}) {
  const store = memoryStore();
  const disk = { refuses: false, reads: 0 };
  const look = <A extends unknown[], R>(work: (...args: A) => R) => {
    return (...args: A): R => {
      disk.reads += 1;
      if (disk.refuses) throw new Fault("store_unavailable", "IO error: 000123.ldb: Too many open files");
      return work(...args);
    };
  };
  store.record = look(store.record.bind(store));
  store.meta = look(store.meta.bind(store));
  const outbox = look(store.outbox.bind(store));
  store.outbox = async (request) => outbox(request);
  const fatal: unknown[] = [];
  const rig = await toyRig({ store, onFatal: (error) => fatal.push(error), ...options });
  for (const id of ["t1", "t2", "teller"]) await create(rig, id);
  return { rig, disk, fatal };
}

/** Nobody is in memory any more. */
async function forgotten(rig: ToyRig): Promise<void> {
  for (const service of ALL_KINDS) await rig.engine.restart(service, "me");
}

describe("a disk that refuses to be read for a while", () => {
  test("quarantines nobody: what came waits, in its order, and is done when the disk answers", async () => {
    const { rig, disk, fatal } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    const done = Promise.all([fact(rig, "t1", add("a")), fact(rig, "t1", add("b"))]);
    await drain();
    await rig.clock.advance(10_000);
    const later = fact(rig, "t1", add("c"));
    await drain();
    disk.refuses = false;
    await drain();
    const last = fact(rig, "t1", add("d"));
    await rig.clock.advance(4_000);
    await Promise.all([done, later, last]);
    expect(seenBy(rig, "t1")).toEqual(["a", "b", "c", "d"]);
    expect([await rig.engine.quarantines(9), fatal, rig.engine.status().poisoned]).toEqual([[], [], 0]);
    expect(await rig.engine.deadLetters({ limit: 9 })).toEqual([]);
  });

  test("refuses requests with a code that says to come again, also those behind what waits", async () => {
    const { rig, disk } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    expect(await ask(rig, "t1", add("x"))).toMatchObject({ refusal: { code: "store_unavailable" } });
    void fact(rig, "t1", add("a"));
    await drain();
    disk.refuses = false;
    expect(await ask(rig, "t1", add("y"))).toMatchObject({ refusal: { code: "store_unavailable" } });
    await rig.clock.advance(250);
    expect(await ask(rig, "t1", add("z"))).toMatchObject({ status: 200 });
    expect(seenBy(rig, "t1")).toEqual(["a", "z"]);
  });

  test("does not make anybody exist, nor vanish", async () => {
    const { rig, disk } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    for (const id of ["t1", "nobody"]) expect(() => rig.engine.has(toy(id))).toThrow("Too many open files");
    disk.refuses = false;
    expect([rig.engine.has(toy("t1")), rig.engine.has(toy("nobody"))]).toEqual([true, false]);
  });

  test("does not hold up those who are in memory, and holds up who tells one that is not", async () => {
    const { rig, disk } = await rigOf();
    await forgotten(rig);
    for (const id of ["t2", "teller"]) await ask(rig, id, { type: "toy.shout" });
    disk.refuses = true;
    const told = fact(rig, "teller", { type: "toy.tell", tells: [{ to: toy("t1"), message: add("told") }] });
    expect(await ask(rig, "t2", add("x"))).toMatchObject({ status: 200 });
    disk.refuses = false;
    await rig.clock.advance(250);
    await told;
    expect([seenBy(rig, "t1"), seenBy(rig, "t2")]).toEqual([["told"], ["x"]]);
  });

  test("loses no timer that falls due meanwhile", async () => {
    const { rig, disk } = await rigOf();
    await ask(rig, "t1", { type: "toy.wait" });
    await forgotten(rig);
    disk.refuses = true;
    await rig.clock.advance(1_500);
    disk.refuses = false;
    await rig.clock.advance(4_000);
    expect([seenBy(rig, "t1"), recordOf(rig, "t1")?.state]).toEqual([["timer"], "idle"]);
  });

  test("for a minute without a break has failed, and the process ends", async () => {
    const { rig, disk, fatal } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    void fact(rig, "t1", add("a"));
    await drain();
    await rig.clock.advance(59_000);
    expect([fatal, rig.engine.status().phase]).toEqual([[], "running"]);
    await rig.clock.advance(5_000);
    expect(fatal).toMatchObject([{ code: "store_unavailable" }]);
    expect([rig.engine.status().phase, await rig.engine.quarantines(9)]).toEqual(["stopped", []]);
  });

  test("and takes its time to refuse has failed as well", async () => {
    const { rig, disk, fatal } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    void fact(rig, "t1", add("a"));
    await drain();
    // Each refusal blocks the process: what was due a moment ago comes late.
    for (let i = 0; i < 70 && fatal.length === 0; i += 1) await rig.clock.stall(1_000);
    expect(fatal).toMatchObject([{ code: "store_unavailable" }]);
  });

  test("for one actor alone quarantines it after a while, and everybody else goes on", async () => {
    const { rig, fatal } = await rigOf();
    await forgotten(rig);
    const read = rig.store.record.bind(rig.store);
    let isBad = true;
    rig.store.record = (actor) => {
      if (isBad && actor.id === "t1") throw new Fault("store_unavailable", "IO error: 000123.ldb: Input/output error");
      return read(actor);
    };
    const own = fact(rig, "t1", add("a"));
    await drain();
    for (let i = 0; i < 20; i += 1) {
      await fact(rig, "t2", add(`${i}`));
      await rig.clock.advance(5_000);
    }
    await own;
    expect([fatal, rig.engine.status().phase, seenBy(rig, "t2").length]).toEqual([[], "running", 20]);
    expect(await rig.engine.quarantines(9)).toMatchObject([{ actor: toy("t1") }]);
    isBad = false;
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    expect(seenBy(rig, "t1")).toEqual(["a"]);
  });

  test("and again later is another trouble, not a longer one", async () => {
    const { rig, disk, fatal } = await rigOf();
    for (let i = 0; i < 4; i += 1) {
      await forgotten(rig);
      disk.refuses = true;
      void fact(rig, "t1", add(`${i}`));
      await drain();
      await rig.clock.advance(30_000);
      disk.refuses = false;
      await rig.clock.advance(10_000);
    }
    expect([seenBy(rig, "t1"), fatal]).toEqual([["0", "1", "2", "3"], []]);
  });

  test("does not keep the engine from stopping, and what waited is not done afterwards", async () => {
    const { rig, disk } = await rigOf();
    await forgotten(rig);
    disk.refuses = true;
    void fact(rig, "t1", add("a"));
    await drain();
    await rig.engine.drain();
    disk.refuses = false;
    await rig.clock.advance(10_000);
    expect([seenBy(rig, "t1"), rig.engine.status().messagesWaiting]).toEqual([[], 0]);
  });
});

describe("an outbox that the disk refuses to read", () => {
  const component = () => {
    const calls: string[] = [];
    return { calls, start: async () => void calls.push("start"), stop: async () => void calls.push("stop") };
  };
  const quarantinedRig = async (options: ToyRigOptions = {}) => {
    let sick = true;
    const intensity = { restartsMax: 0, windowMs: 60_000, firstDelayMs: 100, delayMaxMs: 1_000 };
    const made = await rigOf({ intensity, isPoisonous: () => sick, ...options });
    await ask(made.rig, "t1", { type: "toy.work" });
    void fact(made.rig, "t1", { type: "toy.poison", name: "x" });
    await drain();
    expect(made.rig.engine.quarantine(toy("t1"))).toBeDefined();
    sick = false;
    return made;
  };

  test("is read later by a restart, which starts its component in the end", async () => {
    const router = component();
    const { rig, disk, fatal } = await rigOf({ components: { "payout-router": router } });
    await ask(rig, "t2", { type: "toy.listen" });
    disk.refuses = true;
    const restarted = rig.engine.restart("payout-router", "me");
    await drain();
    await rig.clock.advance(2_000);
    disk.refuses = false;
    await rig.clock.advance(4_000);
    expect([await restarted, router.calls, fatal]).toEqual([undefined, ["start", "stop", "start"], []]);
    expect(rig.heard).toEqual(["start t2", "start t2"]);
    expect(await rig.engine.quarantines(9)).toEqual([]);
  });

  test("is read later by a release, and the effects of the actor run", async () => {
    let runs = 0;
    const { rig, disk } = await quarantinedRig({
      work: () => {
        runs += 1;
        return runs === 1 ? new Promise(() => {}) : Promise.resolve("worked");
      },
    });
    const outbox = rig.store.outbox.bind(rig.store);
    rig.store.outbox = (request) => {
      disk.refuses = runs === 1 && rig.engine.quarantine(toy("t1")) === undefined && rig.clock.now() < until;
      return outbox(request);
    };
    const until = rig.clock.now() + 1_000;
    const released = rig.engine.release(toy("t1"), "me");
    await drain();
    await rig.clock.advance(4_000);
    expect(await released).toBeUndefined();
    await drain();
    expect(seenBy(rig, "t1")).toEqual(["x", "worked"]);
  });

  test("makes a start fail: whoever starts the engine is told, and nobody is quarantined", async () => {
    const { rig, disk } = await rigOf();
    await ask(rig, "t2", { type: "toy.listen" });
    await rig.engine.drain();
    const record = rig.store.record.bind(rig.store);
    rig.store.record = (actor) => {
      disk.refuses = true;
      return record(actor);
    };
    const fatal: unknown[] = [];
    const starting = toyRig({ store: rig.store, onFatal: (error) => fatal.push(error) });
    await expect(starting).rejects.toMatchObject({ code: "store_unavailable" });
    expect([await rig.engine.quarantines(9), fatal]).toEqual([[], []]);
  });

  test("is not waited for by an engine that stops meanwhile, and nothing runs afterwards", async () => {
    const work = component();
    const { rig, disk, fatal } = await rigOf({ work: async () => void work.calls.push("work") });
    disk.refuses = true;
    const restarted = rig.engine.restart("payout-router", "me");
    await drain();
    await rig.engine.drain();
    disk.refuses = false;
    await rig.clock.advance(10_000);
    expect([await restarted, fatal, work.calls]).toMatchObject([{ code: "not_ready" }, [], []]);
  });

  test("ends the process when it is damaged, and a restart does not say that all is well", async () => {
    const { rig, fatal } = await rigOf();
    const damage = new Fault("store_corrupt", "rotten");
    rig.store.outbox = () => Promise.reject(damage);
    await expect(rig.engine.restart("payout-router", "me")).rejects.toBe(damage);
    expect([fatal, rig.engine.status().phase]).toEqual([[damage], "stopped"]);
  });
});
