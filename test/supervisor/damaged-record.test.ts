import { expect, test } from "vitest";
import type { Message } from "../../src/domain/records.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { memoryStore } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";
import { ask, create, fact, seenBy, toy, toyRig, type ToyRig } from "../support/toys.ts";

const add = (name: string): Message => ({ type: "toy.add", name });
const tell = (rig: ToyRig, to: string, message: Message) =>
  ask(rig, "teller", { type: "toy.tell", tells: [{ to: toy(to), message }] });

/** The record of t1 was damaged while the engine was down. */
async function damaged(): Promise<{ rig: ToyRig; mend: () => void }> {
  const disk = new MemoryKeyValue();
  const before = await toyRig({ store: memoryStore(disk) });
  for (const id of ["t1", "teller"]) await create(before, id);
  await before.engine.drain();
  const key = "s!toy!t1";
  const whole = disk.getSync(key) ?? "";
  const rotten = whole.replace('"seen"', '"sean"');
  expect(rotten).not.toBe(whole);
  disk.writeNow([{ key, value: rotten }]);
  const rig = await toyRig({ store: memoryStore(disk) });
  return { rig, mend: () => disk.writeNow([{ key, value: whole }]) };
}

const reasonOf = ({ engine }: ToyRig) => engine.quarantine(toy("t1"))?.reason;
const PARKED = (rig: ToyRig) => rig.engine.inbox(toy("t1"), { afterSequence: 0, limit: 9 });

test("a request to an actor with a damaged record is refused at once, and the actor is in quarantine", async () => {
  const { rig, mend } = await damaged();
  expect(await ask(rig, "t1", add("x"))).toMatchObject({ refusal: { code: "quarantined" } });
  expect(await create(rig, "t1")).toMatchObject({ refusal: { code: "quarantined" } });
  await drain();
  expect(reasonOf(rig)).toContain("checksum does not match");
  expect([await rig.engine.deadLetters({ limit: 9 }), rig.engine.status().poisoned]).toEqual([[], 0]);
  mend();
  expect(await rig.engine.release(toy("t1"), "me")).toBeUndefined();
  await ask(rig, "t1", add("y"));
  expect(seenBy(rig, "t1")).toEqual(["y"]);
});

test("facts for it are parked at once and digested when it is put back and released", async () => {
  const { rig, mend } = await damaged();
  await Promise.all([fact(rig, "t1", add("a")), fact(rig, "t1", add("b"))]);
  expect((await PARKED(rig)).map(({ message }) => message["name"])).toEqual(["a", "b"]);
  mend();
  await rig.engine.release(toy("t1"), "me");
  expect(seenBy(rig, "t1")).toEqual(["a", "b"]);
});

test("whoever only tells it something is refused once, then goes on, and what it told is parked", async () => {
  const { rig } = await damaged();
  expect(await tell(rig, "t1", add("a"))).toMatchObject({
    refusal: { code: "quarantined", evidence: { kind: "toy", id: "t1" } },
  });
  expect(await PARKED(rig)).toEqual([]);
  expect(await tell(rig, "t1", add("a"))).toMatchObject({ status: 200 });
  expect((await PARKED(rig)).map(({ message }) => message["name"])).toEqual(["a"]);
  expect(rig.engine.quarantine(toy("teller"))).toBeUndefined();
});

test("a release before it is put back keeps what is parked", async () => {
  const { rig } = await damaged();
  await fact(rig, "t1", add("a"));
  const released = rig.engine.release(toy("t1"), "me");
  await drain();
  expect(await released).toMatchObject({ code: "quarantined" });
  expect([reasonOf(rig), (await PARKED(rig)).length]).toEqual([expect.stringContaining("checksum"), 1]);
});

test("whoever wants to bring it to life once more is the one who stops in the end", async () => {
  const { rig } = await damaged();
  const wish: Message = { type: "toy.tell", tells: [{ to: toy("t1"), create: {} }] };
  void fact(rig, "teller", wish);
  await drain();
  expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t1"]);
  await rig.clock.advance(600_000);
  expect((await rig.engine.quarantines(9)).map(({ actor }) => actor.id)).toEqual(["t1", "teller"]);
  expect((await rig.engine.inbox(toy("teller"), { afterSequence: 0, limit: 9 })).map(({ message }) => message)).toEqual(
    [wish],
  );
});

test("a fact that makes somebody tell it something is not lost, and neither is what it is told", async () => {
  const { rig } = await damaged();
  await fact(rig, "teller", { type: "toy.tell", tells: [{ to: toy("t1"), message: add("a") }] });
  expect((await PARKED(rig)).map(({ message }) => message["name"])).toEqual(["a"]);
  expect(rig.engine.quarantine(toy("teller"))).toBeUndefined();
});
