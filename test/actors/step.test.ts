import { setup, spawnChild, assign, fromPromise } from "xstate";
import { describe, expect, test } from "vitest";
import { begin, forgo, revive, sourceOf, stateText, step, upgrade } from "../../src/actors/step.ts";
import type { ActorRecord, Message } from "../../src/domain/records.ts";
import { apply, STAMP } from "../support/kernel.ts";
import { toyEntry } from "../support/toys.ts";

const entry = toyEntry();
const ACTOR = { kind: "toy", id: "t1" };
const born = (input: object = {}) => begin(entry, { actor: ACTOR, input }, STAMP);
const after = (...messages: Message[]) =>
  messages.reduce((live, message) => apply(entry, live, message, STAMP), born());

describe("a step", () => {
  test("of a birth makes revision 1, with a tag, its indexes and its time", () => {
    expect(born().record).toEqual({
      kind: "toy",
      id: "t1",
      version: "1",
      revision: 1,
      state: "idle",
      context: { seen: [] },
      status: "active",
      tag: "idle",
      effects: {},
      timers: {},
      indexes: ["all", "status:idle"],
      createdAt: STAMP.at,
      updatedAt: STAMP.at,
    });
    expect(born().from).toBe("");
  });

  test("that throws at birth leaves nothing", () => {
    expect(() => born({ bad: true })).toThrow("a bad birth");
  });

  test("that throws leaves record and snapshot as they were", () => {
    const live = after({ type: "toy.work" });
    const before = JSON.stringify(live.record);
    expect(() => step(entry, live, { type: "toy.poison" }, STAMP)).toThrow("poison");
    expect(JSON.stringify(live.record)).toBe(before);
    expect(apply(entry, live, { type: "toy.add", name: "x" }, STAMP).record.revision).toBe(3);
  });

  test("with a message that means nothing here changes nothing", () => {
    const live = born();
    const ignored = step(entry, live, { type: "toy.back" }, STAMP);
    expect(ignored.changed).toBe(false);
    expect(ignored.record).toBe(live.record);
  });

  test("starts an effect under the revision that asked for it, and stops it by the same key", () => {
    const working = after({ type: "toy.work", input: { n: 1 } });
    expect(working.started).toEqual([
      { key: "2.work", actor: ACTOR, invokeId: "work", source: "work", input: { n: 1 } },
    ]);
    expect(working.record.effects).toEqual({ work: "2.work" });
    const again = apply(entry, working, { type: "toy.work" }, STAMP);
    expect(again.stopped).toEqual([{ source: "work", key: "2.work" }]);
    expect(again.started.map(({ key }) => key)).toEqual(["3.work"]);
    const stopped = apply(entry, again, { type: "toy.back" }, STAMP);
    expect(stopped.stopped).toEqual([{ source: "work", key: "3.work" }]);
    expect(stopped.record.effects).toEqual({});
  });

  test("an effect and a timer that start and end in one step never existed", () => {
    const passed = after({ type: "toy.passThrough" });
    expect(passed.record.state).toBe("idle");
    expect([passed.started, passed.stopped, passed.timersSet, passed.timersCleared]).toEqual([[], [], [], []]);
  });

  test("sets a timer relative to the stamp, and clears it when the state is left", () => {
    const waiting = after({ type: "toy.wait" });
    const [timer] = waiting.timersSet;
    expect(timer?.due).toBe(STAMP.at + 1_000);
    const later = { at: STAMP.at + 10, blockTime: 1 };
    const again = apply(entry, waiting, { type: "toy.wait" }, later);
    expect(again.timersCleared).toEqual([timer]);
    expect(again.timersSet).toEqual([{ timerId: timer?.timerId, due: STAMP.at + 1_010 }]);
    expect(apply(entry, again, { type: "toy.back" }, later).timersCleared).toHaveLength(1);
  });

  test("a raised event is part of the step", () => {
    expect(after({ type: "toy.raise" }).record.context).toEqual({ seen: ["raised"] });
  });

  test("a delayed event without a name is refused: its timer could never be cleared", () => {
    expect(() => after({ type: "toy.nameless" })).toThrow("needs an id");
  });

  test("an answer that leads to no other state ends its effect all the same", () => {
    const working = after({ type: "toy.deafWork" });
    const heard = apply(entry, working, { type: "xstate.done.actor.deaf", output: 1, actorId: "deaf" }, STAMP);
    const gated = { record: { ...working.record, effects: {} }, snapshot: working.snapshot };
    expect(heard.record.effects).toEqual({});
    expect(step(entry, gated, { type: "toy.add", name: "a" }, STAMP).record).toMatchObject({
      effects: {},
      context: { seen: ["a"] },
    });
  });

  test("of an end stops all effects and timers and needs nothing any more", () => {
    const over = after({ type: "toy.work" }, { type: "toy.end" });
    expect([over.record.status, over.record.effects, over.stopped.length]).toEqual(["done", {}, 1]);
    const overWaiting = after({ type: "toy.wait" }, { type: "toy.end" });
    expect([overWaiting.record.timers, overWaiting.timersCleared.length]).toEqual([{}, 1]);
    const overLater = after({ type: "toy.later" }, { type: "toy.end" });
    expect([overLater.record.timers, overLater.timersCleared]).toEqual([{}, [{ timerId: "later", due: STAMP.at + 5 }]]);
  });

  test("replies and events are data", () => {
    expect(after({ type: "toy.add", name: "a" }).reply).toEqual({ ok: true, value: 1 });
    expect(after({ type: "toy.shout" }).emitted).toEqual([{ type: "toy.shouted" }]);
  });

  test("tells may be one, many or none", () => {
    const tell = { to: ACTOR, message: { type: "x" } };
    expect(after({ type: "toy.tell", tells: [tell, tell] }).tells).toEqual([tell, tell]);
    expect(after({ type: "toy.tell", tells: tell }).tells).toEqual([tell]);
    expect(after({ type: "toy.tell", tells: undefined }).tells).toEqual([]);
  });

  test("an ignored answer still takes its effect off the record, and the actor lives on", () => {
    const deaf = after({ type: "toy.deafWork" });
    const { deaf: _, ...effects } = deaf.record.effects;
    const gated = { record: { ...deaf.record, effects }, snapshot: deaf.snapshot };
    const ignored = forgo(gated, { at: STAMP.at + 1, blockTime: 0 });
    expect(ignored.record).toMatchObject({ revision: 3, effects: {}, updatedAt: STAMP.at + 1 });
    expect(apply(entry, ignored, { type: "toy.back" }, STAMP).record).toMatchObject({ revision: 4, state: "idle" });
  });

  test("a copy of the snapshot belongs to each step, also when only actions ran", () => {
    const working = after({ type: "toy.work" });
    const told = step(entry, { ...working, record: { ...working.record, effects: {} } }, { type: "toy.shout" }, STAMP);
    expect(told.snapshot).not.toBe(working.snapshot);
    expect(Object.keys(working.snapshot.children)).toEqual(["work"]);
  });
});

describe("a record on disk", () => {
  test("revives with its effects, and goes on as if it had never been away", () => {
    const working = after({ type: "toy.work" });
    const stored = JSON.parse(JSON.stringify(working.record));
    const revived = apply(entry, revive(entry, stored), { type: "toy.back" }, STAMP);
    expect(revived.record).toEqual(apply(entry, working, { type: "toy.back" }, STAMP).record);
    expect(revived.stopped).toEqual([{ source: "work", key: "2.work" }]);
  });

  test("of an older version walks through every migration", () => {
    const migrate = {
      "1": (record: ActorRecord) => ({ ...record, version: "2", context: { seen: ["from 1"] } }),
      "2": (record: ActorRecord) => ({ ...record, version: "3", state: "idle" }),
    };
    const old = { ...born().record, state: "gone" };
    expect(upgrade(toyEntry({ version: "3", migrate }), old)).toMatchObject({
      version: "3",
      state: "idle",
      context: { seen: ["from 1"] },
    });
  });

  test("of a version without a way, or with a way in circles, is refused", () => {
    const old = born().record;
    expect(() => upgrade(toyEntry({ version: "2" }), old)).toThrow("no migration of toy from version 1 to 2");
    expect(() => upgrade(toyEntry({ version: "2", migrate: { "1": (record) => record } }), old)).toThrow(
      "no migration",
    );
  });
});

describe("what is not durable is refused even without the lint", () => {
  const spoilt = (machine: unknown) => toyEntry({ machine: machine as never });
  const one = (state: object, whole: object = {}) =>
    setup({ actors: { work: fromPromise(() => Promise.resolve(1)) }, actions: { acts: () => {} } }).createMachine({
      initial: "a",
      states: { a: state, b: {} },
      ...whole,
    } as never);

  test("an action that would act", () => {
    expect(() => begin(spoilt(one({ entry: "acts" })), { actor: ACTOR, input: {} }, STAMP)).toThrow(
      "action acts is not data",
    );
  });

  test("a child that no invoke started", () => {
    const spawning = one({
      on: { go: { actions: assign(({ spawn }) => ({ child: spawn("work" as never, { id: "kid" } as never) })) } },
    });
    const live = begin(spoilt(spawning), { actor: ACTOR, input: {} }, STAMP);
    expect(() => step(spoilt(spawning), live, { type: "go" }, STAMP)).toThrow();
  });

  test("an error that nobody handles", () => {
    const machine = one({ invoke: { src: "work", id: "w" } });
    const live = begin(spoilt(machine), { actor: ACTOR, input: {} }, STAMP);
    expect(() =>
      step(spoilt(machine), live, { type: "xstate.error.actor.w", error: new Error("unhandled"), actorId: "w" }, STAMP),
    ).toThrow("unhandled");
  });

  test("a context that cannot be made", () => {
    const machine = one(
      {},
      {
        context: () => {
          throw new Error("no context");
        },
      },
    );
    expect(() => begin(spoilt(machine), { actor: ACTOR, input: {} }, STAMP)).toThrow("no context");
  });

  test("an invoke nobody knows", () => {
    expect(() => sourceOf(entry, "ghost")).toThrow("machine toy has no invoke ghost");
    expect(sourceOf(entry, "deaf")).toBe("work");
  });
  test("a spawned child as an action", () => {
    const machine = one({ entry: spawnChild("work" as never, { id: "kid" }) });
    expect(begin(spoilt(machine), { actor: ACTOR, input: {} }, STAMP).record.effects).toEqual({ kid: "1.kid" });
  });
});

test("a state value reads as text, also of parallel regions", () => {
  expect(stateText("a")).toBe("a");
  expect(stateText({ a: { b: "c" }, d: "e" })).toBe("a.b.c|d.e");
});

test("a state without a tag is known by its name", () => {
  const machine = setup({}).createMachine({ initial: "plain", states: { plain: {} } });
  expect(begin(toyEntry({ machine }), { actor: ACTOR, input: {} }, STAMP).record.tag).toBe("plain");
});
