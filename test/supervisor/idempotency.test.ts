import { describe, expect, test } from "vitest";
import { memoryStore } from "../support/engine.ts";
import { ask, create, recordOf, seenBy, toyRig } from "../support/toys.ts";

const KEY = { key: "token-a POST /x key-1", fingerprint: "body-1" };
const add = { type: "toy.add", name: "x" };

describe("one idempotency key", () => {
  test("100 times at once is one step and 100 times the same answer", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(rig, "t1", add, { idempotency: KEY })));
    expect(answers.filter((answer) => "replayed" in answer && !answer.replayed)).toHaveLength(1);
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: { value: 1 } });
    expect([seenBy(rig, "t1"), recordOf(rig, "t1")?.revision]).toEqual([["x"], 2]);
  });

  test("with another body is refused, while the first runs and afterwards", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    const first = ask(rig, "t1", add, { idempotency: KEY });
    const other = { idempotency: { ...KEY, fingerprint: "body-2" } };
    expect(await ask(rig, "t1", add, other)).toMatchObject({ refusal: { code: "idempotency_mismatch" } });
    await first;
    expect(await ask(rig, "t1", add, other)).toMatchObject({ refusal: { code: "idempotency_mismatch" } });
  });

  test("has the same answer after the actor moved on, and after a restart", async () => {
    const store = memoryStore();
    const rig = await toyRig({ store });
    await create(rig, "t1");
    const first = await ask(rig, "t1", add, { idempotency: KEY });
    await ask(rig, "t1", { type: "toy.end" });
    expect(await ask(rig, "t1", add, { idempotency: KEY })).toEqual({ ...first, replayed: true });
    await rig.engine.drain();
    const next = await toyRig({ store });
    expect(await ask(next, "t1", add, { idempotency: KEY })).toEqual({ ...first, replayed: true });
    expect(seenBy(next, "t1")).toEqual(["x"]);
  });

  test("of a request that was refused is free again, for all who asked at once", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    const refuse = () => ask(rig, "t1", { type: "toy.refuse" }, { idempotency: KEY });
    expect(await Promise.all([refuse(), refuse()])).toMatchObject([
      { refusal: { code: "conflict" } },
      { refusal: { code: "conflict" } },
    ]);
    expect(await ask(rig, "nobody", add, { idempotency: KEY })).toMatchObject({ refusal: { code: "not_found" } });
    expect(await ask(rig, "t1", add, { idempotency: KEY })).toMatchObject({ status: 200, replayed: false });
  });

  test("makes one actor, however often its creation is asked for", async () => {
    const rig = await toyRig();
    const order = (seen: string) =>
      rig.engine.request({
        to: { kind: "toy", id: "t1" },
        create: { seen: [seen] },
        idempotency: KEY,
        respond: ({ record }) => ({ keep: { status: 202, body: record.context } }),
      });
    expect(await order("a")).toMatchObject({ body: { seen: ["a"] }, replayed: false });
    expect(await order("b")).toMatchObject({ body: { seen: ["a"] }, replayed: true });
  });

  test("that names an actor is looked up only when the actor is there, also after a restart", async () => {
    const store = memoryStore();
    const lookedUp: string[] = [];
    const reply = store.reply.bind(store);
    store.reply = (key) => {
      lookedUp.push(key);
      return reply(key);
    };
    const order = (rig: Awaited<ReturnType<typeof toyRig>>, fingerprint: string) =>
      rig.engine.request({
        to: { kind: "toy", id: "t1" },
        create: { seen: [fingerprint] },
        idempotency: { ...KEY, fingerprint },
        isNamedByKey: true,
        respond: ({ record }) => ({ keep: { status: 202, body: record.context } }),
      });
    const rig = await toyRig({ store });
    const first = await order(rig, "a");
    expect([first, lookedUp]).toMatchObject([{ body: { seen: ["a"] }, replayed: false }, []]);
    await rig.engine.drain();
    const next = await toyRig({ store });
    expect(await order(next, "a")).toEqual({ ...first, replayed: true });
    expect(await order(next, "b")).toMatchObject({ refusal: { code: "idempotency_mismatch" } });
    expect(lookedUp).toEqual([KEY.key, KEY.key]);
  });
});
