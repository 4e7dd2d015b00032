import { describe, expect, test } from "vitest";
import { DEFAULT_INTENSITY, onFailure, type Failures } from "../../src/supervisor/restart-intensity.ts";
import type { Message } from "../../src/domain/records.ts";
import { memoryStore } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, fact, recordOf, seenBy, toy, toyRig, type ToyRig, type ToyRigOptions } from "../support/toys.ts";

const INTENSITY = { restartsMax: 2, windowMs: 60_000, firstDelayMs: 100, delayMaxMs: 1_000 };
const poison = (name: string): Message => ({ type: "toy.poison", name });
const tell = (rig: ToyRig, to: string, message: Message) =>
  ask(rig, "teller", { type: "toy.tell", tells: [{ to: toy(to), message }] });

/** An engine with an actor that throws as long as `sick.now` holds. */
async function sickRig(options: ToyRigOptions = {}): Promise<{ rig: ToyRig; sick: { now: boolean } }> {
  const sick = { now: true };
  const rig = await toyRig({ intensity: INTENSITY, isPoisonous: () => sick.now, ...options });
  for (const id of ["t1", "t2", "teller"]) await create(rig, id);
  return { rig, sick };
}

async function quarantined(options: ToyRigOptions = {}): Promise<{ rig: ToyRig; sick: { now: boolean } }> {
  const { rig, sick } = await sickRig(options);
  void fact(rig, "t1", poison("first"));
  await drain();
  await rig.clock.advance(1_000);
  expect(rig.engine.quarantine(toy("t1"))).toMatchObject({ failures: 3, reason: expect.stringContaining("poison") });
  return { rig, sick };
}

describe("an actor that cannot digest a message", () => {
  test("stands where it stood, and the message is kept with its reason", async () => {
    const { rig } = await sickRig();
    void fact(rig, "t1", poison("x"));
    await drain();
    expect(recordOf(rig, "t1")?.revision).toBe(1);
    expect(await rig.engine.deadLetters({ actor: toy("t1"), limit: 9 })).toMatchObject([
      { event: poison("x"), revision: 1, error: expect.stringContaining("poison") },
    ]);
    expect(rig.engine.status().poisoned).toBe(1);
  });

  test("is tried again with a growing pause, and goes on when it is well", async () => {
    const { rig, sick } = await sickRig();
    let delivered = false;
    void fact(rig, "t1", poison("x")).then(() => (delivered = true));
    await drain();
    await rig.clock.advance(99);
    expect(rig.engine.status().poisoned).toBe(1);
    await rig.clock.advance(1);
    expect(rig.engine.status().poisoned).toBe(2);
    await rig.clock.advance(199);
    expect([rig.engine.status().poisoned, delivered]).toEqual([2, false]);
    sick.now = false;
    await rig.clock.advance(1);
    expect([seenBy(rig, "t1"), delivered]).toEqual([["x"], true]);
    expect(await rig.engine.quarantines(9)).toEqual([]);
  });

  test("does not hold up others, and not its own other messages", async () => {
    const { rig } = await sickRig();
    void fact(rig, "t1", poison("x"));
    await fact(rig, "t2", { type: "toy.add", name: "a" });
    await fact(rig, "t1", { type: "toy.add", name: "b" });
    expect([seenBy(rig, "t2"), seenBy(rig, "t1")]).toEqual([["a"], ["b"]]);
  });

  test("too often is quarantined; what comes for it is parked, refused or waits", async () => {
    const { rig } = await quarantined();
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "quarantined" } });
    await fact(rig, "t1", { type: "toy.add", name: "fact" });
    expect(await tell(rig, "t1", { type: "toy.add", name: "told" })).toMatchObject({ status: 200 });
    expect(
      (await rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 9 })).map(({ message }) => message["name"]),
    ).toEqual(["first", "fact", "told"]);
    expect(seenBy(rig, "t1")).toEqual([]);
  });

  test("is refused to those who were waiting behind the message", async () => {
    const { rig } = await sickRig({ intensity: { ...INTENSITY, restartsMax: 0 } });
    void fact(rig, "t1", poison("x"));
    const behind = await Promise.all([1, 2, 3].map(() => ask(rig, "t1", { type: "toy.add", name: "x" })));
    expect(behind).toMatchObject([1, 2, 3].map(() => ({ refusal: { code: "quarantined" } })));
  });

  test("told by others blocks them until it is quarantined, and never after", async () => {
    const { rig } = await sickRig();
    let told = false;
    void rig.engine
      .deliver([
        { actor: toy("teller"), message: { type: "toy.tell", tells: [{ to: toy("t1"), message: poison("x") }] } },
      ])
      .then(() => (told = true));
    await drain();
    expect(told).toBe(false);
    await rig.clock.advance(1_000);
    expect(told).toBe(true);
    expect(recordOf(rig, "teller")?.revision).toBe(2);
    expect(rig.engine.quarantine(toy("teller"))).toBeUndefined();
    expect(rig.engine.quarantine(toy("t1"))).toBeDefined();
  });

  test("that was never born is blamed on whoever wanted it", async () => {
    const { rig } = await sickRig();
    void fact(rig, "teller", { type: "toy.tell", tells: [{ to: toy("new"), create: { bad: true } }] });
    await drain();
    await rig.clock.advance(1_000);
    expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["teller"]);
    const { poisoned } = rig.engine.status();
    await rig.clock.advance(60_000);
    expect(rig.engine.status().poisoned).toBe(poisoned);
  });

  test("in quarantine runs no effects and fires no timers until it is released", async () => {
    const runs: string[] = [];
    const sick = { now: true };
    const rig = await toyRig({
      intensity: INTENSITY,
      isPoisonous: () => sick.now,
      work: (_, { signal }) =>
        new Promise((resolve) => {
          runs.push("run");
          signal.addEventListener("abort", () => runs.push("aborted"));
          if (runs.length > 2) resolve("worked");
        }),
    });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    void fact(rig, "t1", poison("x"));
    await drain();
    await rig.clock.advance(1_000);
    expect(runs).toEqual(["run", "aborted"]);
    expect(await rig.store.outboxSources()).toEqual(["work"]);
    sick.now = false;
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    await drain();
    expect(runs).toEqual(["run", "aborted", "run"]);
    expect(seenBy(rig, "t1")).toEqual(["x", "worked"]);
  });

  test("whose timer falls due meanwhile gets it after the release", async () => {
    const { rig, sick } = await sickRig();
    await ask(rig, "t1", { type: "toy.wait" });
    void fact(rig, "t1", poison("x"));
    await drain();
    await rig.clock.advance(400);
    expect(rig.engine.quarantine(toy("t1"))).toBeDefined();
    await rig.clock.advance(5_000);
    expect(await rig.store.nextTimer()).toBeUndefined();
    sick.now = false;
    await rig.engine.release(toy("t1"), "me");
    await rig.clock.advance(1);
    expect(seenBy(rig, "t1")).toEqual(["x", "timer"]);
  });

  test("whose answer comes while it is quarantined gets a new one after the release", async () => {
    let finish: (output: string) => void = () => {};
    const sick = { now: true };
    const rig = await toyRig({
      intensity: { ...INTENSITY, restartsMax: 0 },
      isPoisonous: () => sick.now,
      work: () => new Promise((resolve) => (finish = resolve)),
    });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    const early = finish;
    void fact(rig, "t1", poison("x"));
    early("early");
    await drain();
    expect(rig.engine.quarantine(toy("t1"))).toBeDefined();
    sick.now = false;
    await rig.engine.release(toy("t1"), "me");
    await drain();
    if (finish !== early) finish("late");
    await drain();
    expect([seenBy(rig, "t1").length, await rig.store.outboxSources()]).toEqual([2, []]);
  });
});

describe("a release", () => {
  test("of an actor that is well gives a refusal", async () => {
    const { rig } = await sickRig();
    expect(await rig.engine.release(toy("t1"), "me")).toMatchObject({ code: "state_conflict" });
  });

  test("gives the actor everything it missed, in order, before anything new", async () => {
    const { rig, sick } = await quarantined();
    for (const name of ["a", "b", "c"]) await tell(rig, "t1", { type: "toy.add", name });
    sick.now = false;
    const released = rig.engine.release(toy("t1"), "me");
    expect(await rig.engine.release(toy("t1"), "somebody else")).toMatchObject({ code: "state_conflict" });
    for (let i = 0; i < 5; i += 1) {
      void tell(rig, "t1", { type: "toy.add", name: `during ${i}` });
      await drain(1);
    }
    expect(await released).toBeUndefined();
    await ask(rig, "t1", { type: "toy.add", name: "after" });
    const order = ["first", "a", "b", "c", "during 0", "during 1", "during 2", "during 3", "during 4", "after"];
    expect(seenBy(rig, "t1")).toEqual(order);
    expect(await rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 9 })).toEqual([]);
    expect(rig.engine.quarantine(toy("t1"))).toBeUndefined();
  });

  test("forgets nothing that is parked while it looks whether anything is left", async () => {
    const store = memoryStore();
    const { rig, sick } = await quarantined({ store });
    sick.now = false;
    const inbox = store.inbox.bind(store);
    let looks = 0;
    store.inbox = async (actor, page) => {
      const found = await inbox(actor, page);
      looks += 1;
      if (found.length === 0 && looks < 4) void tell(rig, "t1", { type: "toy.add", name: `look ${looks}` });
      await drain(4);
      return found;
    };
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    expect(seenBy(rig, "t1")).toEqual(["first", "look 2"]);
    expect(await inbox(toy("t1"), { afterSequence: 0, limit: 9 })).toEqual([]);
  });

  test("that comes too early keeps what it could not digest, and all behind it, for the next one", async () => {
    const { rig, sick } = await quarantined();
    await tell(rig, "t1", { type: "toy.add", name: "behind" });
    const early = rig.engine.release(toy("t1"), "me");
    await drain();
    await rig.clock.advance(1_000);
    expect(await early).toMatchObject({ code: "quarantined" });
    expect(seenBy(rig, "t1")).toEqual([]);
    expect(
      (await rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 9 })).map(({ message }) => message["name"]),
    ).toEqual(["first", "behind"]);
    sick.now = false;
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    expect(seenBy(rig, "t1")).toEqual(["first", "behind"]);
  });

  test("whose parked message hurts somebody else goes on without him", async () => {
    const { rig } = await quarantined();
    const [first] = await rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 1 });
    await rig.engine.commit([{ delete: "inbox", actor: toy("t1"), sequence: first?.sequence ?? 0 }]);
    const hurting = { type: "toy.tell", tells: [{ to: toy("t2"), message: poison("chain") }] };
    await tell(rig, "t1", hurting);
    await tell(rig, "t1", { type: "toy.add", name: "after" });
    const released = rig.engine.release(toy("t1"), "me");
    await drain();
    await rig.clock.advance(2_000);
    expect(await released).toBeUndefined();
    expect(seenBy(rig, "t1")).toEqual(["after"]);
    expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t2"]);
  });

  test("of a quarantine from before a restart works, and the sick stay away until then", async () => {
    const store = memoryStore();
    const { rig, sick } = await quarantined({ store });
    await tell(rig, "t1", { type: "toy.add", name: "parked" });
    await rig.engine.drain();
    const next = await toyRig({ store, intensity: INTENSITY, isPoisonous: () => sick.now });
    expect(await ask(next, "t1", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "quarantined" } });
    sick.now = false;
    await next.engine.release(toy("t1"), "me");
    expect(seenBy(next, "t1")).toEqual(["first", "parked"]);
  });

  test("of somebody who never existed empties his inbox", async () => {
    const { rig } = await sickRig();
    void fact(rig, "teller", { type: "toy.tell", tells: [{ to: toy("ghost"), message: { type: "toy.add" } }] });
    await drain();
    await rig.clock.advance(1_000);
    expect((await rig.engine.inbox(toy("ghost"), { afterSequence: 0, limit: 9 })).length).toBe(1);
    expect(await rig.engine.release(toy("ghost"), "me")).toBeUndefined();
    expect(await rig.engine.inbox(toy("ghost"), { afterSequence: 0, limit: 9 })).toEqual([]);
  });
});

describe("how often is too often", () => {
  const fail = (times: number[]) => {
    let failures: Failures = [];
    return times.map((at) => {
      const decision = onFailure(INTENSITY, failures, at);
      failures = decision.failures;
      return decision.decision === "restart" ? decision.delayMs : "quarantine";
    });
  };

  test("is more than the limit within the window, with pauses that double", () => {
    expect(fail([1, 2, 3])).toEqual([100, 200, "quarantine"]);
    expect(fail([0, 60_000, 120_000])).toEqual([100, 100, 100]);
    expect(fail([0, 59_999, 60_000, 60_001])).toEqual([100, 200, 200, "quarantine"]);
  });

  test("a pause has a limit", () => {
    expect(
      onFailure(
        { ...DEFAULT_INTENSITY, restartsMax: 20 },
        Array.from({ length: 12 }, () => 5),
        6,
      ),
    ).toMatchObject({ delayMs: 30_000 });
  });

  test("is remembered for a bounded number of actors", async () => {
    const rig = await toyRig({ intensity: { ...INTENSITY, restartsMax: 1, windowMs: 1e12 } });
    const facts = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ actor: toy(`ghost${from + i}`), message: { type: "x" } }));
    await create(rig, "teller");
    const tells = (n: number) => ({ type: "toy.tell", tells: [{ to: toy(`ghost${n}`), message: { type: "x" } }] });
    void rig.engine.deliver(
      facts(0, 10_001).map((_, n) => ({ actor: toy("teller"), message: tells(n) as unknown as Message })),
    );
    await drain(60);
    void rig.engine.deliver([{ actor: toy("teller"), message: tells(10_000) }]);
    void rig.engine.deliver([{ actor: toy("teller"), message: tells(0) }]);
    await drain(20);
    expect((await rig.engine.quarantines(99)).map(({ actor }) => actor.id)).toEqual(["ghost10000"]);
  });
});

test("however many are quarantined, all of them still are after a start", async () => {
  const store = memoryStore();
  const pages: number[] = [];
  const quarantines = store.quarantines.bind(store);
  store.quarantines = async (limit, after) => {
    const page = await quarantines(limit, after);
    pages.push(page.length);
    return page;
  };
  const entryOf = (id: string) => ({ actor: toy(id), at: 1, reason: "why", failures: 2 });
  const ids = Array.from({ length: 2_000 }, (_, i) => `t${i}`);
  await store.commit(ids.map((id) => ({ put: "quarantine", entry: entryOf(id) })));
  const rig = await toyRig({ store });
  for (const id of ids) expect(await create(rig, id)).toMatchObject({ refusal: { code: "quarantined" } });
  expect(pages).toEqual([1_000, 1_000, 0]);
});
