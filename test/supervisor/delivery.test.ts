import { describe, expect, test } from "vitest";
import { CASCADE_STEPS_MAX, ENGINE_QUEUE_MAX } from "../../src/domain/limits.ts";
import { Fault } from "../../src/domain/errors.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { memoryStore } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, fact, recordOf, seenBy, toy, toyEntry, toyRig, type Work } from "../support/toys.ts";

/** Work that ends when the test says so. */
function gate(): { work: Work; finish: (output?: unknown) => Promise<void>; runs: AbortSignal[] } {
  const ends: ((output: unknown) => void)[] = [];
  const runs: AbortSignal[] = [];
  const work: Work = (_, { signal }) => {
    runs.push(signal);
    return new Promise((resolve) => ends.push(resolve));
  };
  const finish = async (output: unknown = "worked") => {
    ends.shift()?.(output);
    await drain();
  };
  return { work, finish, runs };
}

describe("requests", () => {
  test("are answered with what the step said, after it is on disk", async () => {
    const rig = await toyRig();
    expect(await create(rig, "t1")).toEqual({ status: 200, body: { tag: "idle", value: null }, replayed: false });
    expect(await ask(rig, "t1", { type: "toy.add", name: "a" })).toMatchObject({ body: { value: 1 } });
    expect(seenBy(rig, "t1")).toEqual(["a"]);
  });

  test("to nobody, in the wrong state, and refused ones say so and leave nothing", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    expect(await ask(rig, "t2", { type: "toy.add" })).toMatchObject({ refusal: { code: "not_found" } });
    expect(await ask(rig, "t1", { type: "toy.back" })).toMatchObject({
      refusal: { code: "state_conflict", evidence: { state: "idle", status: "idle" } },
    });
    expect(await ask(rig, "t1", { type: "toy.refuse" })).toMatchObject({ refusal: { code: "conflict" } });
    await ask(rig, "t1", { type: "toy.end" });
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "state_conflict" } });
    expect(recordOf(rig, "t1")?.revision).toBe(2);
  });

  test("for an actor that exists already are answered from it", async () => {
    const rig = await toyRig();
    await create(rig, "t1", { seen: ["first"] });
    expect(await create(rig, "t1", { seen: ["second"] })).toMatchObject({ status: 200 });
    expect([recordOf(rig, "t1")?.revision, seenBy(rig, "t1")]).toEqual([1, ["first"]]);
  });

  test("that are discarded leave the store byte for byte as it was", async () => {
    const disk = new MemoryKeyValue();
    const rig = await toyRig({ store: memoryStore(disk) });
    await create(rig, "t1");
    await create(rig, "t2");
    await drain();
    const before = JSON.stringify(disk.dump());
    const tells = [
      { to: toy("t2"), message: { type: "toy.work" } },
      { to: toy("t3"), create: {} },
      { to: toy("t2"), message: { type: "toy.shout" } },
    ];
    const answer = await ask(
      rig,
      "t1",
      { type: "toy.tell", tells },
      { respond: () => ({ discard: { code: "conflict", detail: "no" } }) },
    );
    expect(answer).toEqual({ refusal: { code: "conflict", detail: "no" } });
    await drain();
    expect(JSON.stringify(disk.dump())).toBe(before);
    expect(await ask(rig, "t1", { type: "toy.add", name: "a" })).toMatchObject({ body: { value: 1 } });
  });

  test("that throw are answered with internal, and the actor goes on", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    expect(await ask(rig, "t1", { type: "toy.poison" })).toMatchObject({ refusal: { code: "internal" } });
    expect(await create(rig, "bad", { bad: true })).toMatchObject({ refusal: { code: "internal" } });
    expect(await ask(rig, "t1", { type: "toy.add", name: "a" })).toMatchObject({ status: 200 });
    expect((await rig.engine.deadLetters({ limit: 10 })).map(({ event }) => event.type).toSorted()).toEqual([
      "toy.poison",
      "xstate.init",
    ]);
  });

  test("whose answer cannot be made are answered with internal, whatever was thrown", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    for (const thrown of [new Error("no answer"), "just words" as unknown as Error]) {
      const respond = () => {
        throw thrown;
      };
      expect(await ask(rig, "t1", { type: "toy.add", name: "x" }, { respond })).toMatchObject({
        refusal: { code: "internal" },
      });
    }
    await drain(1);
    expect((await rig.engine.deadLetters({ limit: 9 })).map(({ error }) => error).toSorted()).toEqual([
      "just words",
      "no answer",
    ]);
    expect(seenBy(rig, "t1")).toEqual([]);
  });

  test("may look at any other actor as it will be", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    const answer = await ask(
      rig,
      "t1",
      { type: "toy.tell", tells: [{ to: toy("t2"), message: { type: "toy.add", name: "told" } }] },
      {
        respond: (outcome) => ({
          keep: { status: 200, body: { t2: outcome.read(toy("t2"))?.context, t3: outcome.read(toy("t3")) ?? null } },
        }),
      },
    );
    expect(answer).toMatchObject({ body: { t2: { seen: ["told"] }, t3: null } });
  });

  test("beyond the depth of a mailbox are refused; others are not", async () => {
    const rig = await toyRig({ mailboxDepthMax: 3 });
    await create(rig, "t1");
    await create(rig, "t2");
    const burst = Array.from({ length: 5 }, (_, i) => ask(rig, "t1", { type: "toy.add", name: `${i}` }));
    const other = ask(rig, "t2", { type: "toy.add", name: "x" });
    const answers = await Promise.all(burst);
    expect(answers.map((answer) => ("refusal" in answer ? answer.refusal.code : "ok"))).toEqual([
      "ok",
      "ok",
      "ok",
      "mailbox_full",
      "mailbox_full",
    ]);
    expect(await other).toMatchObject({ status: 200 });
    expect(seenBy(rig, "t1")).toEqual(["0", "1", "2"]);
  });

  test("beyond what the engine can hold are refused with engine_busy, facts never", async () => {
    const rig = await toyRig({ mailboxDepthMax: ENGINE_QUEUE_MAX * 2 });
    await create(rig, "t1");
    const facts = rig.engine.deliver(
      Array.from({ length: ENGINE_QUEUE_MAX }, () => ({ actor: toy("t1"), message: { type: "nothing" } })),
    );
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ refusal: { code: "engine_busy" } });
    expect(rig.engine.status().messagesWaiting).toBe(ENGINE_QUEUE_MAX);
    await facts;
    expect(await ask(rig, "t1", { type: "toy.add", name: "x" })).toMatchObject({ status: 200 });
  });

  test("without an engine that runs are refused, and read-only says why", async () => {
    const rig = await toyRig({ start: false });
    expect(await create(rig, "t1")).toMatchObject({ refusal: { code: "not_ready" } });
    expect(await rig.engine.restart("payout-router", "me")).toMatchObject({ code: "not_ready" });
    await rig.engine.start();
    rig.engine.readOnly = true;
    expect(await create(rig, "t1")).toMatchObject({ refusal: { code: "read_only" } });
    rig.engine.readOnly = false;
    expect(await create(rig, "t1")).toMatchObject({ status: 200 });
    await rig.engine.drain();
    await rig.engine.drain();
    expect(await create(rig, "t2")).toMatchObject({ refusal: { code: "not_ready" } });
    expect(rig.engine.status().phase).toBe("stopped");
  });
});

describe("messages between actors", () => {
  test("are one unit: one that fails undoes all", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    await create(rig, "t3");
    const tells = [
      { to: toy("t2"), message: { type: "toy.add", name: "a" } },
      { to: toy("t4"), create: {} },
      { to: toy("t3"), message: { type: "toy.poison" } },
    ];
    expect(await ask(rig, "t1", { type: "toy.tell", tells })).toMatchObject({ refusal: { code: "internal" } });
    expect([seenBy(rig, "t2"), recordOf(rig, "t4"), recordOf(rig, "t1")?.revision]).toEqual([[], undefined, 1]);
    await drain(1);
    const [letter] = await rig.engine.deadLetters({ limit: 1 });
    expect(letter).toMatchObject({
      actor: toy("t3"),
      revision: 1,
      error: expect.stringContaining("poison"),
      event: { type: "toy.poison" },
    });
  });

  test("to one that has ended are dropped, to one that ignores them do nothing", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    await create(rig, "t3");
    await ask(rig, "t2", { type: "toy.end" });
    const tells = [
      { to: toy("t2"), message: { type: "toy.add", name: "late" } },
      { to: toy("t3"), message: { type: "toy.back" } },
    ];
    expect(await ask(rig, "t1", { type: "toy.tell", tells })).toMatchObject({ status: 200 });
    expect([seenBy(rig, "t2"), recordOf(rig, "t3")?.revision]).toEqual([[], 1]);
  });

  test("to one that does not exist, and the birth of one that does, undo the step", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    expect(
      await ask(rig, "t1", { type: "toy.tell", tells: [{ to: toy("ghost"), message: { type: "x" } }] }),
    ).toMatchObject({ refusal: { code: "internal" } });
    expect(await ask(rig, "t1", { type: "toy.tell", tells: [{ to: toy("t2"), create: {} }] })).toMatchObject({
      refusal: { code: "internal" },
    });
    expect(
      await ask(rig, "t1", { type: "toy.tell", tells: [{ to: { kind: "ghost", id: "1" }, create: {} }] }),
    ).toMatchObject({ refusal: { code: "internal" } });
    await drain(1);
    const letters = await rig.engine.deadLetters({ limit: 10 });
    expect(letters.map(({ actor, error }) => [actor.id, error])).toEqual(
      expect.arrayContaining([
        ["ghost", "a message to an actor that does not exist"],
        ["t1", "toy!t2 exists already"],
        ["t1", "no machine for kind ghost"],
      ]),
    );
  });

  test("that never end are stopped and undone", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    const self = { to: toy("t1"), message: { type: "toy.shout" } };
    const tells = Array.from({ length: CASCADE_STEPS_MAX + 1 }, () => self);
    expect(await ask(rig, "t1", { type: "toy.tell", tells })).toMatchObject({ refusal: { code: "internal" } });
    expect([recordOf(rig, "t1")?.revision, await rig.engine.feed({ afterSequence: 0, limit: 9 })]).toEqual([1, []]);
  });
});

describe("effects", () => {
  test("run once committed, and their answer is applied once", async () => {
    const { work, finish } = gate();
    const rig = await toyRig({ work });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    expect(await rig.store.outbox({ source: "work", limit: 9 })).toHaveLength(1);
    expect(rig.engine.status().effectsRunning).toMatchObject({ work: 1 });
    await finish("done");
    expect(seenBy(rig, "t1")).toEqual(["done"]);
    expect(await rig.store.outboxSources()).toEqual([]);
  });

  test("that were stopped are aborted and their answer is dropped", async () => {
    const { work, finish, runs } = gate();
    const rig = await toyRig({ work });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await ask(rig, "t1", { type: "toy.back" });
    expect(runs[0]?.aborted).toBe(true);
    await finish("late");
    expect(seenBy(rig, "t1")).toEqual([]);
    expect(await rig.store.outboxSources()).toEqual([]);
  });

  test("of an earlier visit do not answer for the later one", async () => {
    const { work, finish } = gate();
    const rig = await toyRig({ work });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await ask(rig, "t1", { type: "toy.work" });
    await finish("first");
    expect(seenBy(rig, "t1")).toEqual([]);
    await finish("second");
    expect(seenBy(rig, "t1")).toEqual(["second"]);
  });

  test("that are answered and stopped in the same turn: whatever comes first counts, and only that", async () => {
    let answerNow: (output: string) => void = () => {};
    const rig = await toyRig({ work: () => new Promise((resolve) => (answerNow = resolve)) });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    const stopped = ask(rig, "t1", { type: "toy.back" });
    answerNow("too late");
    expect(await stopped).toMatchObject({ status: 200 });
    await drain();
    expect(seenBy(rig, "t1")).toEqual([]);
    expect(await rig.store.outboxSources()).toEqual([]);
  });

  test("whose state was left before their commit came through never start", async () => {
    let runs = 0;
    const rig = await toyRig({ work: async () => (runs += 1) });
    await create(rig, "t1");
    await Promise.all([ask(rig, "t1", { type: "toy.work" }), ask(rig, "t1", { type: "toy.back" })]);
    await drain();
    expect(runs).toBe(0);
  });

  test("that nobody cares for end silently, as a revision of their own", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.deafWork" });
    await drain();
    expect(recordOf(rig, "t1")).toMatchObject({ revision: 3, effects: {}, tag: "deaf" });
    expect(
      (await rig.engine.journal(toy("t1"), { afterRevision: 0, limit: 9 })).map(({ revision }) => revision),
    ).toEqual([1, 2, 3]);
    expect(await ask(rig, "t1", { type: "toy.back" })).toMatchObject({ status: 200 });
  });

  test("nobody performs are an error in the log, and the row stays for a release that can", async () => {
    const errors: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_: unknown, message: string) => void errors.push(message),
    };
    const rig = await toyRig({ logger });
    const lame = await toyRig({ logger, store: rig.store, effects: () => ({}) });
    await create(lame, "t1");
    await ask(lame, "t1", { type: "toy.work" });
    expect(errors).toEqual(["no performer for effect"]);
    expect(await lame.store.outboxSources()).toEqual(["work"]);
    await ask(lame, "t1", { type: "toy.back" });
    expect(await lame.store.outboxSources()).toEqual([]);
  });

  test("get a key that is the same for every run, and nothing but JSON back", async () => {
    const keys: string[] = [];
    const rig = await toyRig({ work: async (_, { key }) => (keys.push(key), new Date(0)) });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    expect([keys, seenBy(rig, "t1")]).toEqual([["toy!t1#2.work"], ["1970-01-01T00:00:00.000Z"]]);
  });

  test("that end without a value answer with none", async () => {
    const rig = await toyRig({ work: async () => undefined });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    expect(seenBy(rig, "t1")).toEqual(["undefined"]);
  });

  test("that throw are errors with a code; a bug is internal and in the log", async () => {
    const errors: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void errors.push(fields) };
    const rig = await toyRig({
      logger,
      work: async (input) => {
        throw (input as { bug?: boolean }).bug === true ? new TypeError("oops") : new Fault("chain_timeout");
      },
    });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work", input: {} });
    await drain();
    await ask(rig, "t1", { type: "toy.work", input: { bug: true } });
    await drain();
    expect(seenBy(rig, "t1")).toEqual(["chain_timeout", "internal"]);
    expect(errors).toEqual([{ source: "work", actor: "toy!t1", error: "TypeError: oops" }]);
  });

  test("never run more at once than their performer allows, and all run", async () => {
    const { work, finish, runs } = gate();
    const rig = await toyRig({ work, concurrency: 2 });
    for (const id of ["a", "b", "c", "d"]) {
      await create(rig, id);
      await ask(rig, id, { type: "toy.work" });
    }
    expect([runs.length, rig.engine.status().effectsQueued["work"]]).toEqual([2, 2]);
    await ask(rig, "c", { type: "toy.back" });
    await finish();
    await finish();
    await finish();
    expect(runs).toHaveLength(3);
    expect([seenBy(rig, "c"), seenBy(rig, "d")]).toEqual([[], ["worked"]]);
  });

  test("of the watching kind start after their commit and stop with their state", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.listen" });
    await ask(rig, "t1", { type: "toy.back" });
    expect(rig.heard).toEqual(["start t1", "stop t1"]);
  });
});

describe("timers", () => {
  test("fire once, when due, and not before", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.wait" });
    await rig.clock.advance(999);
    expect(seenBy(rig, "t1")).toEqual([]);
    await rig.clock.advance(1);
    expect(seenBy(rig, "t1")).toEqual(["timer"]);
    await rig.clock.advance(10_000);
    expect([seenBy(rig, "t1"), await rig.store.nextTimer()]).toEqual([["timer"], undefined]);
  });

  test("that were cleared or set anew do not fire", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    await ask(rig, "t1", { type: "toy.wait" });
    await ask(rig, "t2", { type: "toy.wait" });
    await rig.clock.advance(500);
    await ask(rig, "t1", { type: "toy.back" });
    await ask(rig, "t2", { type: "toy.wait" });
    await rig.clock.advance(600);
    expect([seenBy(rig, "t1"), seenBy(rig, "t2")]).toEqual([[], []]);
    await rig.clock.advance(400);
    expect([seenBy(rig, "t1"), seenBy(rig, "t2")]).toEqual([[], ["timer"]]);
  });

  test("of which only a stale row is left take the row away and nothing else", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    const due = rig.clock.now() + 100;
    await rig.engine.commit([
      { put: "timer", due, actor: toy("t1"), timerId: "ghost" },
      { put: "timer", due, actor: toy("nobody"), timerId: "ghost" },
    ]);
    await ask(rig, "t1", { type: "toy.wait" });
    await rig.clock.advance(1_000);
    expect([await rig.store.nextTimer(), seenBy(rig, "t1")]).toEqual([undefined, ["timer"]]);
  });

  test("fire by the hundred, more than a page of them", async () => {
    const rig = await toyRig();
    for (let i = 0; i < 1_100; i += 1) void create(rig, `t${i}`);
    await drain(40);
    for (let i = 0; i < 1_100; i += 1) void ask(rig, `t${i}`, { type: "toy.wait" });
    await drain(40);
    await rig.clock.advance(1_000);
    await drain(40);
    expect(await rig.store.nextTimer()).toBeUndefined();
    for (let i = 0; i < 1_100; i += 1) expect(seenBy(rig, `t${i}`)).toEqual(["timer"]);
  });
});

describe("facts", () => {
  test("are delivered in order and resolve when committed; for nobody they are dropped", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await rig.engine.deliver(["a", "b", "c"].map((name) => ({ actor: toy("t1"), message: { type: "toy.add", name } })));
    expect(seenBy(rig, "t1")).toEqual(["a", "b", "c"]);
    await fact(rig, "nobody", { type: "toy.add", name: "x" });
    expect(recordOf(rig, "nobody")).toBeUndefined();
  });
});

describe("views", () => {
  test("hear every committed step until they stop listening; one that throws hears no more and hurts nobody", async () => {
    const committed: unknown[] = [];
    const rig = await toyRig({ observer: { committed: (result) => void committed.push(result) } });
    const heard: string[] = [];
    rig.engine.subscribe(() => {
      throw new Error("a broken view");
    });
    const stop = rig.engine.subscribe(({ actor, event, from, to, tag, revision }) =>
      heard.push(`${actor.id} ${revision} ${event} ${from}->${to} ${tag}`),
    );
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    stop();
    await ask(rig, "t1", { type: "toy.add", name: "x" });
    expect(heard).toEqual(["t1 1 xstate.init ->idle idle", "t1 2 toy.work idle->working working"]);
    expect(committed.length).toBeGreaterThanOrEqual(3);
  });

  test("read lists, journal, feed, and the newest state of an actor", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await create(rig, "t2");
    await ask(rig, "t1", { type: "toy.shout" });
    await ask(rig, "t2", { type: "toy.wait" });
    expect((await rig.engine.records("toy", "status:waiting", { limit: 10 })).records.map(({ id }) => id)).toEqual([
      "t2",
    ]);
    expect((await rig.engine.index("toy", "all", { limit: 10 })).ids).toHaveLength(2);
    expect(
      (await rig.engine.journal(toy("t1"), { afterRevision: 1, limit: 9 })).map(({ event }) => event.type),
    ).toEqual(["toy.shout"]);
    expect(await rig.engine.feed({ afterSequence: 0, limit: 9 })).toMatchObject([
      { sequence: 1, actor: toy("t1"), event: { type: "toy.shouted" } },
    ]);
    expect([rig.engine.peek(toy("t2"))?.tag, rig.engine.peek(toy("t9"))]).toEqual(["waiting", undefined]);
    expect(rig.engine.record({ kind: "unknown", id: "1" })).toBeUndefined();
  });
});

test("a request that leads to no verdict is a bug that says so", async () => {
  const rig = await toyRig();
  const answer = await rig.engine.request({ to: toy("t1"), create: {}, respond: undefined as never });
  expect(answer).toMatchObject({ refusal: { code: "internal" } });
});

test("an engine refuses to start with machines that are not durable", async () => {
  const broken = toyEntry();
  broken.machine.options.maxIterations = Infinity;
  await expect(toyRig({ catalog: { toy: broken } })).rejects.toThrow("not durable");
});
