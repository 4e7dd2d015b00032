import { describe, expect, test } from "vitest";
import type { Store, Write } from "../../src/ports/store.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { memoryStore } from "../support/engine.ts";
import { interpose } from "../support/interposed-store.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, recordOf, seenBy, toy, toyRig } from "../support/toys.ts";

/** A disk whose writes wait until the test lets them through, or makes them fail. */
function slowStore(): {
  store: Store;
  hold: () => void;
  next: (failure?: Error) => Promise<void>;
  commits: (readonly Write[])[];
} {
  const store = memoryStore();
  let held = false;
  const waiting: ((failure: Error | undefined) => void)[] = [];
  const commits: (readonly Write[])[] = [];
  interpose(store, async (writes, land) => {
    if (held) {
      const failure = await new Promise<Error | undefined>((resolve) => waiting.push(resolve));
      if (failure !== undefined) throw failure;
    }
    commits.push(writes);
    await land();
  });
  const next = async (failure?: Error) => {
    waiting.shift()?.(failure);
    await drain();
  };
  return { store, hold: () => (held = true), next, commits };
}

describe("a commit", () => {
  test("comes before the reply, before the effects, and before any view", async () => {
    const { store, hold, next } = slowStore();
    const seen: string[] = [];
    const rig = await toyRig({ store, work: async () => (seen.push("effect"), "worked") });
    await create(rig, "t1");
    rig.engine.subscribe(({ event }) => seen.push(`view of ${event}`));
    hold();
    void ask(rig, "t1", { type: "toy.work" }).then(() => seen.push("reply"));
    await drain();
    expect(seen).toEqual([]);
    expect(recordOf(rig, "t1")?.tag).toBe("idle");
    expect(rig.engine.peek(toy("t1"))?.tag).toBe("working");
    await next();
    expect(seen.toSorted()).toEqual(["effect", "reply", "view of toy.work"]);
  });

  test("holds the time that it stamps, to the second: a start on it begins no earlier, whatever the clock says", async () => {
    const { store, commits } = slowStore();
    const rig = await toyRig({ store });
    await create(rig, "t1");
    for (const ms of [0, 999, 1, 480_000]) {
      await rig.clock.advance(ms);
      await ask(rig, "t1", { type: "toy.add", name: "x" });
      const [stamp = 0, time] = [recordOf(rig, "t1")?.updatedAt, store.meta("engineTime")];
      expect(stamp - Number(time)).toBe(ms === 999 ? 999 : 0);
    }
    const rows = commits
      .flat()
      .filter((write) => "put" in write && write.put === "meta" && write.name === "engineTime");
    expect(rows).toHaveLength(3);
  });

  test("holds everything that moved meanwhile: 100 requests wait for one write, then share one", async () => {
    const { store, hold, next, commits } = slowStore();
    const rig = await toyRig({ store });
    await create(rig, "t1");
    const before = commits.length;
    hold();
    let answered = 0;
    const burst = Array.from(
      { length: 101 },
      () => void ask(rig, "t1", { type: "toy.add", name: "x" }).then(() => (answered += 1)),
    );
    expect(burst).toHaveLength(101);
    void create(rig, "t2");
    await drain();
    void ask(rig, "t1", { type: "toy.add", name: "later" }).then(() => (answered += 1));
    await drain();
    expect(answered).toBe(0);
    await next();
    await next();
    expect([answered, commits.length - before]).toEqual([102, 2]);
    expect(seenBy(rig, "t1")).toHaveLength(102);
  });

  test("that fails ends everything, once: no reply, no effect, no later commit", async () => {
    const { store, hold, next, commits } = slowStore();
    const fatal: unknown[] = [];
    let effects = 0;
    let answers = 0;
    const rig = await toyRig({ store, onFatal: (error) => fatal.push(error), work: async () => (effects += 1) });
    await create(rig, "t1");
    await create(rig, "t2");
    const before = commits.length;
    hold();
    void ask(rig, "t1", { type: "toy.work" }).then(() => (answers += 1));
    await drain();
    void ask(rig, "t2", { type: "toy.add", name: "x" }).then(() => (answers += 1));
    await next(new Error("no space left"));
    expect(fatal.map(String)).toEqual(["Error: no space left"]);
    expect(await ask(rig, "t2", { type: "toy.add", name: "y" })).toMatchObject({ refusal: { code: "not_ready" } });
    void rig.engine.deliver([{ actor: toy("t2"), message: { type: "toy.add", name: "fact" } }]);
    void rig.engine.commit([{ put: "meta", name: "x", value: 1 }]);
    await next();
    await rig.clock.advance(10_000);
    await rig.engine.drain();
    expect([effects, answers, commits.length - before, fatal.length]).toEqual([0, 0, 0, 1]);
    expect([rig.engine.status().phase, seenBy(rig, "t2")]).toEqual(["stopped", []]);
  });

  test("that fails ends the process although nothing can be logged", async () => {
    const { store, hold, next } = slowStore();
    const fatal: unknown[] = [];
    const error = () => {
      throw new Error("no room for the log either");
    };
    const logger = { ...silentLogger, error };
    const rig = await toyRig({ store, logger, onFatal: (cause) => fatal.push(cause) });
    await create(rig, "t1");
    hold();
    void ask(rig, "t1", { type: "toy.add", name: "x" });
    await drain();
    await next(new Error("no space left"));
    expect(fatal.map(String)).toEqual(["Error: no space left"]);
  });

  test("that fails while the engine drains does not keep it from ending", async () => {
    const { store, hold, next } = slowStore();
    const fatal: unknown[] = [];
    const rig = await toyRig({ store, onFatal: (error) => fatal.push(error) });
    await create(rig, "t1");
    hold();
    void ask(rig, "t1", { type: "toy.add", name: "x" });
    await drain();
    const drained = rig.engine.drain();
    await next(new Error("broken"));
    await drained;
    expect(fatal).toHaveLength(1);
  });

  test("gives feed entries dense numbers, and refused requests none", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.shout" });
    await ask(rig, "t1", { type: "toy.shout" }, { respond: () => ({ discard: { code: "conflict", detail: "no" } }) });
    await ask(rig, "t1", { type: "toy.shout" });
    await rig.engine.drain();
    const next = await toyRig({ store: rig.store });
    await ask(next, "t1", { type: "toy.shout" });
    expect((await next.engine.feed({ afterSequence: 0, limit: 9 })).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("of nothing is nothing", async () => {
    const { store, commits } = slowStore();
    const rig = await toyRig({ store });
    const before = commits.length;
    await rig.engine.commit([]);
    expect(commits.length).toBe(before);
  });

  test("passes its edges by name, for tests that end the process there", async () => {
    const names: string[] = [];
    const rig = await toyRig({ failpoint: (name) => names.push(name) });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    expect(new Set(names)).toEqual(
      new Set(["before-commit", "after-commit", "before-effect:work", "after-effect:work"]),
    );
  });
});

describe("draining", () => {
  test("answers every request it accepted, and nothing is written afterwards", async () => {
    const { store, commits } = slowStore();
    const rig = await toyRig({ store });
    await create(rig, "t1");
    const accepted = Array.from({ length: 3_000 }, (_, i) => ask(rig, "t1", { type: "toy.add", name: `${i}` }));
    await rig.engine.drain();
    const written = commits.length;
    expect((await Promise.all(accepted)).every((answer) => "status" in answer)).toBe(true);
    void rig.engine.deliver([{ actor: toy("t1"), message: { type: "toy.add", name: "late" } }]);
    await drain();
    expect(commits.length).toBe(written);
    expect(seenBy(rig, "t1")).toHaveLength(3_000);
  });

  test("leaves what runs in the outbox", async () => {
    let finish: (output: string) => void = () => {};
    const rig = await toyRig({ work: () => new Promise((resolve) => (finish = resolve)) });
    await create(rig, "t1");
    await ask(rig, "t1", { type: "toy.work" });
    await rig.engine.drain();
    finish("late");
    await drain();
    expect([seenBy(rig, "t1"), await rig.store.outboxSources()]).toEqual([[], ["work"]]);
  });
});
