/** Values that no schema allows, made by a bug: whoever made them stops, everybody else in the same commit goes on. */
import { Type } from "typebox";
import { ENGINE_TIME } from "../../src/actors/time-row.ts";
import { describe, expect, test } from "vitest";
import type { Message } from "../../src/domain/records.ts";
import { Codec } from "../../src/persistence/codec.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { RecordStore } from "../../src/persistence/record-store.ts";
import { Fault } from "../../src/domain/errors.ts";
import { Unstorable, type Store } from "../../src/ports/store.ts";
import { ledgerOf, openWallet, pay, startRig, tagOf } from "../support/engine.ts";
import { interpose } from "../support/interposed-store.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, fact, recordOf, seenBy, toy, toyRig, type ToyRig, type ToyRigOptions } from "../support/toys.ts";

const INTENSITY = { restartsMax: 2, windowMs: 60_000, firstDelayMs: 100, delayMaxMs: 1_000 };
const Names = Type.Object({ seen: Type.Array(Type.String({ maxLength: 9 })) });
const TOO_LONG = "a name that does not fit the schema";
const add = (name: unknown): Message => ({ type: "toy.add", name });
const shout: Message = { type: "toy.shout" };

/** A store that knows what a toy may remember, and counts what is written to it. */
function strictStore(): { store: Store; commits: () => number } {
  const store = new RecordStore(new MemoryKeyValue(), new Codec({ toy: { version: "1", schema: Names } }));
  let commits = 0;
  interpose(store, async (_writes, land) => {
    await land();
    commits += 1;
  });
  return { store, commits: () => commits };
}

async function rigOf(options: ToyRigOptions = {}): Promise<{ rig: ToyRig; fatal: unknown[]; commits: () => number }> {
  const fatal: unknown[] = [];
  const { store, commits } = strictStore();
  const rig = await toyRig({ store, intensity: INTENSITY, onFatal: (error) => fatal.push(error), ...options });
  for (const id of ["t1", "t2", "t3"]) await create(rig, id);
  return { rig, fatal, commits };
}

const seen = (rig: ToyRig) => ["t1", "t2", "t3"].map((id) => seenBy(rig, id));

describe("a step that leaves something that no schema allows", () => {
  test("leaves nothing, and everybody else in its commit goes on", async () => {
    const { rig, fatal, commits } = await rigOf();
    const before = commits();
    const answers = [
      ask(rig, "t2", add("before")),
      ask(rig, "t1", add("fine")),
      ask(rig, "t1", add(TOO_LONG)),
      ask(rig, "t1", add("also fine")),
      ask(rig, "t3", add("after")),
    ];
    expect(await Promise.all(answers)).toMatchObject([
      { status: 200, body: { value: 1 } },
      { status: 200, body: { value: 1 } },
      { refusal: { code: "internal" } },
      { status: 200, body: { value: 2 } },
      { status: 200, body: { value: 1 } },
    ]);
    expect(seen(rig)).toEqual([["fine", "also fine"], ["before"], ["after"]]);
    expect([fatal, commits() - before]).toEqual([[], 1]);
    const [letter, ...others] = await rig.engine.deadLetters({ limit: 9 });
    expect([others, letter]).toMatchObject([
      [],
      { actor: toy("t1"), revision: 2, event: { name: TOO_LONG }, error: expect.stringContaining("refused to store") },
    ]);
    expect(rig.engine.status()).toMatchObject({ phase: "running", poisoned: 1, steps: 7 });
  });

  test("takes the time that its commit held with it, and what is left of the commit writes it again", async () => {
    const { rig } = await rigOf();
    await rig.clock.advance(480_000);
    await Promise.all([ask(rig, "t1", add(TOO_LONG)), ask(rig, "t2", add("fine"))]);
    const stamp = recordOf(rig, "t2")?.updatedAt;
    expect([stamp, rig.store.meta(ENGINE_TIME)]).toEqual([rig.clock.now(), stamp]);
  });

  test("again and again quarantines its actor, and only that one", async () => {
    const { rig, fatal } = await rigOf();
    void fact(rig, "t1", add(TOO_LONG));
    await fact(rig, "t2", add("x"));
    for (let i = 0; i < 4; i += 1) {
      void fact(rig, "t3", add(`${i}`));
      await rig.clock.advance(1_000);
    }
    expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t1"]);
    expect((await rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 9 })).map(({ message }) => message)).toEqual([
      add(TOO_LONG),
    ]);
    expect([seen(rig), fatal]).toEqual([[[], ["x"], ["0", "1", "2", "3"]], []]);
  });

  test("undoes the whole cascade, and the one who made the value is blamed", async () => {
    const { rig } = await rigOf();
    const tells = [
      { to: toy("t2"), message: add("told") },
      { to: toy("t3"), message: add(TOO_LONG) },
    ];
    void fact(rig, "t1", { type: "toy.tell", tells });
    await drain();
    expect(recordOf(rig, "t1")?.revision).toBe(1);
    expect(seen(rig)).toEqual([[], [], []]);
    await rig.clock.advance(1_000);
    // What t3 cannot remember is parked for it, and the others go on.
    expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t3"]);
    expect([recordOf(rig, "t1")?.revision, seenBy(rig, "t2")]).toEqual([2, ["told"]]);
  });

  test.each([
    ["told", { to: toy("t2") }],
    ["born", { to: toy("new"), create: true }],
  ])("because of what another was %s with is blamed on the teller", async (_, odd) => {
    const { rig, fatal } = await rigOf();
    void fact(rig, "t3", { type: "toy.tell", tells: [{ to: toy("t1"), message: { type: "toy.tellOdd", ...odd } }] });
    await drain();
    await rig.clock.advance(1_000);
    expect([fatal, recordOf(rig, "new"), recordOf(rig, "t2")?.revision]).toEqual([[], undefined, 1]);
    expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t1"]);
    expect(recordOf(rig, "t3")?.revision).toBe(2);
  });

  test("because of an effect's answer quarantines its actor; the effect runs again after the release", async () => {
    let output = TOO_LONG;
    const { rig, fatal } = await rigOf({ work: async () => output });
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    await rig.clock.advance(1_000);
    expect([fatal, rig.engine.quarantine(toy("t1"))?.failures]).toEqual([[], 3]);
    output = "worked";
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    await drain();
    expect([seenBy(rig, "t1"), await rig.store.outboxSources()]).toEqual([["worked"], []]);
  });

  test("keeps the numbers of the feed dense", async () => {
    const { rig } = await rigOf();
    const loud = {
      type: "toy.tell",
      tells: [
        { to: toy("t1"), message: shout },
        { to: toy("t1"), message: add(TOO_LONG) },
      ],
    };
    await Promise.all([ask(rig, "t2", shout), ask(rig, "t3", loud), ask(rig, "t2", shout)]);
    await ask(rig, "t2", shout);
    const feed = await rig.engine.feed({ afterSequence: 0, limit: 9 });
    expect(feed.map(({ sequence, actor }) => [sequence, actor.id])).toEqual([
      [1, "t2"],
      [2, "t2"],
      [3, "t2"],
    ]);
  });
});

describe("a message that cannot be stored at all", () => {
  test("is kept as text, also for an actor in quarantine, and hurts nobody when it is released", async () => {
    const { rig, fatal } = await rigOf();
    let taken = false;
    void fact(rig, "t1", add(1n)).then(() => (taken = true));
    await drain();
    await rig.clock.advance(1_000);
    expect([taken, fatal, rig.engine.quarantine(toy("t1"))?.failures]).toEqual([true, [], 3]);
    const [letter] = await rig.engine.deadLetters({ actor: toy("t1"), limit: 1 });
    expect(letter?.event).toEqual({ type: "unstorable:toy.add", text: expect.stringContaining("1n") });
    expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
    await fact(rig, "t1", add("well"));
    expect(seenBy(rig, "t1")).toEqual(["well"]);
  });

  test("as the answer to a repeated creation is a bug of that request only", async () => {
    const { rig, fatal } = await rigOf();
    const again = { to: toy("t1"), create: {}, idempotency: { key: "k", fingerprint: "f" } };
    const respond = () => ({ keep: { status: 200, body: { n: 1n } } });
    expect(await rig.engine.request({ ...again, respond })).toMatchObject({ refusal: { code: "internal" } });
    expect([recordOf(rig, "t1")?.revision, fatal]).toEqual([1, []]);
  });

  test.each([
    ["as the input of an effect", { type: "toy.work", input: { n: 1n } }],
    ["as a public event", { type: "toy.shoutOdd" }],
  ])("%s is the fault of the actor that asked for it", async (_, message) => {
    const { rig, fatal } = await rigOf();
    const [odd, well] = await Promise.all([ask(rig, "t1", message), ask(rig, "t2", add("y"))]);
    expect([odd, well]).toMatchObject([{ refusal: { code: "internal" } }, { status: 200 }]);
    expect([recordOf(rig, "t1")?.revision, fatal]).toEqual([1, []]);
    expect(await rig.engine.deadLetters({ limit: 9 })).toMatchObject([{ actor: toy("t1"), revision: 1 }]);
  });

  test("as the reply to a request is a bug of that request only", async () => {
    const { rig, fatal } = await rigOf();
    const idempotency = { key: "k", fingerprint: "f" };
    const respond = () => ({ keep: { status: 200, body: { n: 1n } } });
    const [odd, well] = await Promise.all([
      ask(rig, "t1", add("x"), { idempotency, respond }),
      ask(rig, "t2", add("y")),
    ]);
    expect([odd, well]).toMatchObject([{ refusal: { code: "internal" } }, { status: 200 }]);
    expect([seen(rig), fatal]).toEqual([[[], ["y"], []], []]);
    expect(await ask(rig, "t1", add("x"), { idempotency })).toMatchObject({ status: 200, replayed: false });
  });
});

describe("what has no actor to blame", () => {
  test("ends the process when the engine itself made it", async () => {
    const { rig, fatal } = await rigOf();
    void rig.engine.commit([{ put: "meta", name: "m", value: 1n }]);
    await drain();
    expect([fatal, rig.engine.status().phase]).toEqual([[expect.any(Unstorable)], "stopped"]);
  });

  test("goes on when it only shared a commit with the guilty one", async () => {
    const { rig, fatal } = await rigOf();
    let proceed = () => {};
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    interpose(rig.store, (_writes, land) => gate.then(land));
    // While the first is on its way to the disk, what follows gathers behind it.
    const first = rig.engine.commit([{ put: "meta", name: "a", value: 1 }]);
    const odd = ask(rig, "t1", add(TOO_LONG));
    await drain();
    const own = rig.engine.commit([{ put: "meta", name: "b", value: 2 }]);
    await drain();
    proceed();
    expect(await odd).toMatchObject({ refusal: { code: "internal" } });
    await Promise.all([first, own]);
    expect([rig.store.meta("a"), rig.store.meta("b"), fatal]).toEqual([1, 2, []]);
  });
});

test("what was encoded before the guilty step is written as it is, and the step is taken back to it", async () => {
  const { rig, fatal, commits } = await rigOf();
  let proceed = () => {};
  const gate = new Promise<void>((resolve) => (proceed = resolve));
  interpose(rig.store, (_writes, land) => gate.then(land));
  const before = commits();
  const own = rig.engine.commit([{ put: "meta", name: "a", value: 1 }]);
  const fine = [ask(rig, "t1", add("fine")), ask(rig, "t2", shout)];
  await drain();
  const odd = ask(rig, "t1", add(TOO_LONG));
  await drain();
  const later = [ask(rig, "t1", add("later")), ask(rig, "t2", shout)];
  await drain();
  expect([commits() - before, recordOf(rig, "t1")?.revision]).toEqual([0, 1]);
  proceed();
  expect(await odd).toMatchObject({ refusal: { code: "internal" } });
  expect(await Promise.all([...fine, ...later])).toMatchObject(Array(4).fill({ status: 200 }));
  await own;
  expect([seenBy(rig, "t1"), fatal]).toEqual([["fine", "later"], []]);
  expect((await rig.engine.feed({ afterSequence: 0, limit: 9 })).map(({ sequence }) => sequence)).toEqual([1, 2]);
});

test("a bug in the gateway stops the transaction that met it; the others are sent, and the money stays held", async () => {
  const rig = await startRig({ intensity: { ...INTENSITY, restartsMax: 0 } });
  await openWallet(rig);
  const estimate = rig.world.onEstimate;
  let asked = 0;
  rig.world.onEstimate = async () => {
    asked += 1;
    return asked === 2 ? { ...(await estimate()), feeLimitSun: Number.NaN as never } : estimate();
  };
  await Promise.all(["po_1", "po_2", "po_3"].map((id) => pay(rig, id)));
  await drain();
  const tags = ["po_1", "po_2", "po_3"].map((id) => tagOf(rig, "payout", id));
  expect(Map.groupBy(tags, (tag) => tag)).toEqual(
    new Map([
      ["broadcast", ["broadcast", "broadcast"]],
      ["pending", ["pending"]],
    ]),
  );
  expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.kind)).toEqual(["transaction"]);
  expect(rig.world.broadcasts).toHaveLength(2);
  expect(ledgerOf(rig).usdt).toMatchObject({ reserved: "25000000", inFlight: "50000000" });
});

test.each([
  ["work", "toy.work", ["worked"], []],
  ["a subscription", "toy.listen", [], ["start t1"]],
])("%s that began while a step that would have stopped it was taken back goes on", async (_, begin, done, heard) => {
  const { rig, fatal } = await rigOf();
  let proceed = () => {};
  const gate = new Promise<void>((resolve) => (proceed = resolve));
  interpose(rig.store, (_writes, land) => gate.then(land));
  const begun = ask(rig, "t1", { type: begin });
  await drain();
  // It leaves the state, and tells itself what does not fit.
  const tells = [{ type: "toy.back" }, add(TOO_LONG)].map((message) => ({ to: toy("t1"), message }));
  const odd = ask(rig, "t1", { type: "toy.tell", tells });
  await drain();
  proceed();
  expect([await begun, await odd]).toMatchObject([{ status: 200 }, { refusal: { code: "internal" } }]);
  await drain();
  expect([seenBy(rig, "t1"), rig.heard, fatal]).toEqual([done, heard, []]);
});

test("a step taken back, whose effects cannot be looked up because the outbox is damaged, ends the process", async () => {
  const { rig, fatal } = await rigOf();
  await ask(rig, "t1", { type: "toy.listen" });
  const damage = new Fault("store_corrupt", "rotten");
  rig.store.outbox = () => Promise.reject(damage);
  const tells = [{ type: "toy.back" }, add(TOO_LONG)].map((message) => ({ to: toy("t1"), message }));
  void ask(rig, "t1", { type: "toy.tell", tells });
  await drain();
  expect([fatal, rig.engine.status().phase]).toEqual([[damage], "stopped"]);
});
