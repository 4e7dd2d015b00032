import { assign, fromPromise, not, setup, spawnChild } from "xstate";
import { describe, expect, test } from "vitest";
import { begin, forgo, inputOf, revive, sourceOf, stateText, step, upgrade } from "../../src/actors/step.ts";
import type { ActorRecord, Message } from "../../src/domain/records.ts";
import { transactionInput } from "../support/facts.ts";
import { apply, Driven, entryOf, STAMP } from "../support/kernel.ts";
import { toyEntry } from "../support/toys.ts";

const entry = toyEntry();
const ACTOR = { kind: "toy", id: "t1" };
const born = (input: object = {}) => begin(entry, { actor: ACTOR, input }, STAMP);
const after = (...messages: Message[]) =>
  messages.reduce((made, message) => apply(entry, made.record, message, STAMP), born());

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

  test("that throws leaves the record as it was", () => {
    const { record } = after({ type: "toy.work" });
    const before = JSON.stringify(record);
    expect(() => step(entry, record, { type: "toy.poison" }, STAMP)).toThrow("poison");
    expect(JSON.stringify(record)).toBe(before);
    expect(apply(entry, record, { type: "toy.add", name: "x" }, STAMP).record.revision).toBe(3);
  });

  test("with a message that means nothing here changes nothing", () => {
    const { record } = born();
    const ignored = step(entry, record, { type: "toy.back" }, STAMP);
    expect([ignored.changed, ignored.reason]).toEqual([false, undefined]);
    expect(ignored.record).toBe(record);
  });

  test("says why, in the words of every transition it took", () => {
    expect(after({ type: "toy.work" }).reason).toBe("work");
    expect(after({ type: "toy.passThrough" }).reason).toBe("through; on");
    expect(born().reason).toBeUndefined();
  });

  test("of an actor that has ended does nothing, whatever the machine would do everywhere", () => {
    const { record } = after({ type: "toy.end" });
    expect(step(entry, record, { type: "toy.add", name: "x" }, STAMP).record).toBe(record);
  });

  test("starts an effect under the revision that asked for it, and stops it by the same key", () => {
    const working = after({ type: "toy.work", input: { n: 1 } });
    expect(working.started).toEqual([
      { key: "2.work", actor: ACTOR, invokeId: "work", source: "work", input: { n: 1 } },
    ]);
    expect(working.record.effects).toEqual({ work: "2.work" });
    const again = apply(entry, working.record, { type: "toy.work" }, STAMP);
    expect(again.stopped).toEqual([{ source: "work", key: "2.work" }]);
    expect(again.started.map(({ key }) => key)).toEqual(["3.work"]);
    const stopped = apply(entry, again.record, { type: "toy.back" }, STAMP);
    expect(stopped.stopped).toEqual([{ source: "work", key: "3.work" }]);
    expect(stopped.record.effects).toEqual({});
  });

  test("what an effect takes is made again from the stored record alone", () => {
    const working = after({ type: "toy.work", input: { n: 1 } });
    const stored = JSON.parse(JSON.stringify(working.record)) as ActorRecord;
    expect(inputOf(entry, revive(entry, stored), "work")).toEqual({ n: 1 });
    expect(() => inputOf(entry, stored, "gone")).toThrow("machine toy has no invoke gone");
  });

  test("an effect that takes something of the message cannot start: the message is not there after a restart", () => {
    const machine = setup({ actors: { work: fromPromise(() => Promise.resolve(1)) } }).createMachine({
      id: "m",
      options: { maxIterations: 10 },
      initial: "a",
      states: {
        a: { on: { go: "b" } },
        b: { invoke: { src: "work", id: "work", input: ({ event }) => event.type } },
      },
    });
    const { record } = begin(toyEntry({ machine }), { actor: ACTOR, input: {} }, STAMP);
    expect(() => step(toyEntry({ machine }), record, { type: "go" }, STAMP)).toThrow("from the context alone");
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
    const again = apply(entry, waiting.record, { type: "toy.wait" }, later);
    expect(again.timersCleared).toEqual([timer]);
    expect(again.timersSet).toEqual([{ timerId: timer?.timerId, due: STAMP.at + 1_010 }]);
    expect(apply(entry, again.record, { type: "toy.back" }, later).timersCleared).toHaveLength(1);
  });

  test("a raised event is part of the step", () => {
    expect(after({ type: "toy.raise" }).record.context).toEqual({ seen: ["raised"] });
  });

  test("a delayed event without a name is refused: its timer could never be cleared", () => {
    expect(() => after({ type: "toy.nameless" })).toThrow("needs an id");
  });

  test("an answer that leads to no other state ends its effect all the same", () => {
    const working = after({ type: "toy.deafWork" });
    const heard = apply(entry, working.record, { type: "xstate.done.actor.deaf", output: 1, actorId: "deaf" }, STAMP);
    const gated = { ...working.record, effects: {} };
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
    const ignored = forgo({ ...deaf.record, effects }, { at: STAMP.at + 1, blockTime: 0 });
    expect(ignored.record).toMatchObject({ revision: 3, effects: {}, updatedAt: STAMP.at + 1 });
    expect(apply(entry, ignored.record, { type: "toy.back" }, STAMP).record).toMatchObject({
      revision: 4,
      state: "idle",
    });
  });
});

describe("a record on disk", () => {
  test("revives with its effects, and goes on as if it had never been away", () => {
    const working = after({ type: "toy.work" });
    const stored = JSON.parse(JSON.stringify(working.record));
    const revived = apply(entry, revive(entry, stored), { type: "toy.back" }, STAMP);
    expect(revived.record).toEqual(apply(entry, working.record, { type: "toy.back" }, STAMP).record);
    expect(revived.stopped).toEqual([{ source: "work", key: "2.work" }]);
  });

  test("in a state that does not exist any more is refused; one that became a group goes on at its beginning", () => {
    expect(() => revive(entry, { ...born().record, state: "gone" })).toThrow("state gone does not exist in toy");
    const transaction = Driven.born("transaction", transactionInput());
    const grouped = revive(entryOf("transaction"), { ...transaction.record, state: "onWire" });
    expect(step(entryOf("transaction"), grouped, { type: "chain.included" }, STAMP).record.state).toEqual({
      onWire: "included",
    });
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
    spoilt(
      setup({ actors: { work: fromPromise(() => Promise.resolve(1)) }, actions: { acts: () => {} } }).createMachine({
        initial: "a",
        states: { a: state, b: {} },
        ...whole,
      } as never),
    );
  const birth = { actor: ACTOR, input: {} };

  test.each([
    ["an action that would act", { entry: "acts" }, "action acts is not data"],
    ["an action that spawns", { entry: spawnChild("work" as never, { id: "kid" }) }, "action (inline) is not data"],
    ["a guard that looks at more than its arguments", { always: { guard: not(() => true), target: "b" } }, "guard"],
    ["an end inside the machine", { initial: "c", states: { c: { type: "final" } } }, "only the machine as a whole"],
    ["parallel states", { type: "parallel", states: { c: {}, d: {} } }, "parallel states"],
  ])("%s", (_, state, message) => {
    expect(() => begin(one(state), birth, STAMP)).toThrow(message);
  });

  test("a child that no invoke started", () => {
    const spawning = one({ on: { go: { actions: assign(({ spawn }) => ({ child: spawn("work" as never) })) } } });
    const { record } = begin(spawning, birth, STAMP);
    expect(() => step(spawning, record, { type: "go" }, STAMP)).toThrow("spawns nothing");
  });

  test("a look at the living actor", () => {
    const looking = one({
      on: {
        self: { actions: assign(({ self }) => ({ id: self.id })) },
        system: { actions: assign(({ system }) => ({ id: system.getAll() })) },
      },
    });
    const { record } = begin(looking, birth, STAMP);
    for (const type of ["self", "system"])
      expect(() => step(looking, record, { type }, STAMP)).toThrow(`no living ${type}`);
  });

  test("an error that nobody handles", () => {
    const machine = one({ invoke: { src: "work", id: "w" } });
    const { record } = begin(machine, birth, STAMP);
    expect(() =>
      step(machine, record, { type: "xstate.error.actor.w", error: new Error("unhandled"), actorId: "w" }, STAMP),
    ).toThrow("unhandled");
  });

  test("a context that cannot be made", () => {
    const context = () => {
      throw new Error("no context");
    };
    expect(() => begin(one({}, { context }), birth, STAMP)).toThrow("no context");
    expect(begin(one({}, { context: { n: 1 } }), birth, STAMP).record.context).toEqual({ n: 1 });
  });

  test("a machine that does not come to rest", () => {
    const resting = one({ always: { target: "b" } }, { options: { maxIterations: 9 } });
    expect(begin(resting, birth, STAMP).record.state).toBe("b");
    const circling = { a: { always: { target: "b" } }, b: { always: { target: "a" } } };
    expect(() => begin(one({}, { options: { maxIterations: 9 }, states: circling }), birth, STAMP)).toThrow(
      "no rest after 9 transitions",
    );
  });

  test("an invoke nobody knows", () => {
    expect(() => sourceOf(entry, "ghost")).toThrow("machine toy has no invoke ghost");
    expect(sourceOf(entry, "deaf")).toBe("work");
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
