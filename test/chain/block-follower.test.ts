import { expect, test } from "vitest";
import { Fault } from "../../src/domain/errors.ts";
import { drain } from "../support/manual-clock.ts";
import { FakeChain, txIdOf } from "./fake-chain.ts";
import { FollowerHarness } from "./follower-harness.ts";

async function following(options: { solidLag?: number; blocks?: number } = {}): Promise<FollowerHarness> {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50, ...options }));
  await harness.follower.step();
  return harness;
}

test("the first start begins at the solidified block and reads nothing below it", async () => {
  const harness = await following();
  expect(harness.cursors).toEqual([
    { number: 47, id: harness.chain.at(47).id, timestamp: harness.chain.timeOf(47), scannedFrom: 48, nodes: ["fake"] },
  ]);
  expect(harness.follower.reference()).toEqual({
    number: 47,
    id: harness.chain.at(47).id,
    headTimestamp: harness.chain.timeOf(50),
  });
  expect(harness.chain.calls["blocks"]).toBe(1);
});

test("a transaction is included when its block is read and solidified when the solidified head passes it", async () => {
  const harness = await following();
  harness.watch("a");
  const block = harness.chain.mineWith(["a"]);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included"]);
  expect(harness.last("a").inclusion).toEqual({
    blockNumber: block.number,
    blockId: block.id,
    blockTimestamp: block.timestamp,
    result: "SUCCESS",
    feeSun: "345000",
    energyUsed: 0,
  });
  harness.chain.mine(2);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included"]);
  harness.chain.mine(1);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.follower.status()).toMatchObject({ watched: 0, solid: block.number, lagBlocks: 0 });
});

test("following the head costs two requests per block, and the same with a thousand transactions watched", async () => {
  const harness = await following();
  for (let i = 0; i < 1_000; i += 1) harness.watch(`idle-${i}`);
  await harness.follower.step();
  const before = { ...harness.chain.calls };
  for (let i = 0; i < 20; i += 1) {
    harness.chain.mine();
    await harness.follower.step();
  }
  const total = (calls: Record<string, number>) => Object.values(calls).reduce((sum, count) => sum + count, 0);
  expect(total(harness.chain.calls) - total(before)).toBe(40);
});

test("a fork takes an inclusion back, and the new branch brings it in another block", async () => {
  const harness = await following();
  harness.watch("a");
  const first = harness.chain.mineWith(["a"]);
  harness.chain.mine();
  await harness.follower.step();
  harness.chain.cut(2);
  harness.chain.mine(2);
  const second = harness.chain.mineWith(["a"]);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "orphaned", "included"]);
  expect(harness.told[1]).toMatchObject({ blockNumber: first.number, blockId: first.id });
  expect(harness.last("a").inclusion?.blockId).toBe(second.id);
  expect(harness.follower.status().forks).toBe(1);
});

test("a branch that is not longer is not followed until the solidified head is on it", async () => {
  const harness = await following({ solidLag: 5 });
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  harness.chain.mine();
  await harness.follower.step();
  harness.chain.cut(2);
  harness.chain.mine(2);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included"]);
  harness.chain.solidLag = 0;
  await harness.steps(2);
  expect(harness.typesFor("a")).toEqual(["included", "orphaned"]);
  expect(harness.follower.reference()?.id).toBe(harness.chain.at(52).id);
});

test("an absent transaction expires when a solidified block reaches its expiration, not when the head does", async () => {
  const harness = await following();
  const expiration = harness.chain.timeOf(50) + 6_000;
  harness.watch("a", { expiration });
  harness.chain.mine(4);
  await harness.follower.step();
  expect(harness.follower.headTimestamp()).toBeGreaterThan(expiration);
  expect(harness.typesFor("a")).toEqual([]);
  harness.chain.mine();
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["expired"]);
  expect(harness.last("a").proof).toEqual({
    solidNumber: 52,
    solidId: harness.chain.at(52).id,
    solidTimestamp: expiration,
    scannedFrom: 48,
    scannedTo: 52,
    nodes: ["fake"],
  });
});

test("a watch whose actor believes in a block is not called expired before the proof reaches that block", async () => {
  const harness = await following();
  const expiration = harness.chain.timeOf(50) + 6_000;
  // Its block 54 was replaced while the process was down; the actor refuses a proof that ends below it.
  harness.watch("a", { expiration, seenIn: 54 });
  harness.chain.mine(6);
  await harness.follower.step();
  expect(harness.chain.solid).toBe(53);
  expect(harness.typesFor("a")).toEqual([]);
  harness.chain.mine();
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["expired"]);
  expect(harness.last("a").proof).toMatchObject({ solidNumber: 54, scannedTo: 54 });
});

test("a transaction included after its expiration, because slots were missed, is never called expired", async () => {
  const harness = await following();
  const expiration = harness.chain.timeOf(50) + 3_000;
  harness.watch("a", { expiration });
  const parent = harness.chain.at(50);
  harness.chain.mine(0);
  const block = harness.chain.mineWith(["a"], 10);
  expect(block.timestamp).toBeGreaterThan(expiration);
  expect(parent.timestamp).toBeLessThan(expiration);
  harness.chain.mine(10);
  await harness.steps(3);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
});

test("a transaction that is in a block is not called expired, even if that block breaks the rule", async () => {
  const harness = await following();
  harness.watch("a", { expiration: harness.chain.timeOf(50) });
  harness.chain.mine(2);
  harness.chain.mineWith(["a"]);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included"]);
  harness.chain.mine(3);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
});

test("a watch that refers to a block above the cursor does not expire before the cursor has passed it", async () => {
  const harness = await following();
  harness.watch("a", { reference: 55, expiration: harness.chain.timeOf(50) });
  harness.chain.mine(8);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual([]);
  harness.chain.mine();
  await harness.follower.step();
  expect(harness.last("a").proof).toMatchObject({ scannedFrom: 56, scannedTo: 56 });
});

test("a block whose receipts are missing is read again, and nothing after it is read first", async () => {
  const harness = await following();
  harness.watch("a");
  harness.watch("b");
  const block = harness.chain.mineWith(["a"]);
  harness.chain.mineWith(["b"]);
  harness.chain.withoutReceipts.add(block.number);
  await harness.steps(3);
  expect(harness.told).toEqual([]);
  expect(harness.follower.status().lagBlocks).toBe(2);
  harness.chain.withoutReceipts.clear();
  await harness.follower.step();
  expect(harness.told.map((told) => told.id)).toEqual(["a", "b"]);
});

test("a receipt of another block at the same height is not taken for the one that was asked for", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  // Between block and receipts the pool member goes over to a branch that has the transaction at the same height, later.
  harness.chain.onCall = (method) => {
    if (method !== "receipts") return;
    harness.chain.onCall = () => {};
    harness.chain.cut(1);
    harness.chain.mineWith(["a"], 2);
  };
  await harness.follower.step();
  expect(harness.told).toEqual([]);
  harness.chain.mine();
  await harness.follower.step();
  expect(harness.last("a").inclusion?.blockId).toBe(harness.chain.at(51).id);
});

test("a watch that comes after its block, while the block is in memory, is told by the next step", async () => {
  const harness = await following();
  const reference = harness.chain.solid;
  harness.chain.mineWith(["a"]);
  harness.chain.mineWith(["b"]);
  harness.chain.mine(4);
  harness.chain.mineWith(["c"]);
  await harness.follower.step();
  for (const name of ["a", "b", "c"]) harness.watch(name, { reference });
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("b")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("c")).toEqual(["included"]);
});

test("a watch that comes long after its block is not called expired: the blocks are read again first", async () => {
  const harness = await following({ blocks: 50 });
  const reference = harness.chain.solid;
  const expiration = harness.chain.timeOf(50) + 30_000;
  harness.chain.mineWith(["a"]);
  for (let i = 0; i < 200; i += 1) {
    harness.chain.mine();
    await harness.follower.step();
  }
  harness.watch("a", { reference, expiration });
  harness.watch("b", { reference, expiration });
  await harness.steps(4);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("b")).toEqual(["expired"]);
  expect(harness.last("b").proof).toMatchObject({ scannedFrom: reference + 1 });
});

test("reading again that does not arrive at the known solidified block proves nothing", async () => {
  const harness = await following();
  const reference = harness.chain.solid;
  for (let i = 0; i < 100; i += 1) {
    harness.chain.mine();
    await harness.follower.step();
  }
  harness.watch("a", { reference, expiration: harness.chain.timeOf(60) });
  const real = harness.chain.blocks.bind(harness.chain);
  // A stuck member of the pool serves a branch of its own below our memory.
  harness.chain.blocks = async (from, to) =>
    (await real(from, to)).map((block) => ({
      ...block,
      id: block.id.slice(0, 16) + "f".repeat(48),
      parentId: block.parentId.slice(0, 16) + "f".repeat(48),
    }));
  await harness.steps(5);
  expect(harness.told).toEqual([]);
  harness.chain.blocks = real;
  await harness.steps(5);
  expect(harness.typesFor("a")).toEqual(["expired"]);
});

test("a restart goes on from the cursor and tells again what its actor may have missed", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  await harness.follower.step();
  harness.restart();
  harness.watch("a", { reference: 47 });
  harness.chain.mine(5);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "included", "solidified"]);
});

test("what happened while the process was down is found, however long it was", async () => {
  const harness = await following();
  harness.watch("paid", { expiration: harness.chain.timeOf(50) + 60_000 });
  harness.watch("lost", { expiration: harness.chain.timeOf(50) + 60_000 });
  const block = harness.chain.mineWith(["paid"]);
  harness.chain.mine(1_000);
  harness.restart();
  harness.watch("paid", { reference: 47, expiration: harness.chain.timeOf(50) + 60_000 });
  harness.watch("lost", { reference: 47, expiration: harness.chain.timeOf(50) + 60_000 });
  await harness.follower.step();
  expect(harness.follower.status().phase).toBe("catchingUp");
  expect(harness.follower.reference()).toBeUndefined();
  expect(harness.told).toEqual([]);
  await harness.steps(20);
  expect(harness.typesFor("paid")).toEqual(["included", "solidified"]);
  expect(harness.last("paid").inclusion?.blockId).toBe(block.id);
  expect(harness.typesFor("lost")).toEqual(["expired"]);
  expect(harness.follower.status()).toMatchObject({ phase: "following", lagBlocks: 0, watched: 0 });
  expect(harness.follower.reference()?.number).toBe(harness.chain.solid);
});

test("an inclusion on a branch that died while the process slept is taken back", async () => {
  const harness = await following();
  harness.watch("a", { expiration: harness.chain.timeOf(50) + 60_000 });
  harness.chain.mineWith(["a"]);
  await harness.follower.step();
  harness.chain.cut(1);
  harness.chain.mine(500);
  await harness.steps(10);
  expect(harness.typesFor("a")).toEqual(["included", "orphaned", "expired"]);
});

test("blocks that do not chain while catching up count for nothing; it starts again at the cursor", async () => {
  const harness = await following();
  harness.watch("a", { expiration: harness.chain.timeOf(50) + 60_000 });
  harness.watch("b", { expiration: harness.chain.timeOf(50) + 60_000 });
  harness.chain.mineWith(["a"]);
  harness.chain.mine(100);
  const real = harness.chain.blocks.bind(harness.chain);
  // A stuck member of the pool has another block at the height of the transaction's, without it.
  harness.chain.blocks = async (from) => {
    harness.chain.blocks = real;
    const page = await real(from, 51);
    return page.map((block) => (block.number < 51 ? block : { ...block, id: "e".repeat(64), transactions: [] }));
  };
  await harness.follower.step();
  expect(harness.told).toEqual([]);
  await harness.steps(5);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("b")).toEqual(["expired"]);
});

test("a watch that comes while catching up misses no block", async () => {
  const harness = await following();
  harness.chain.mine(5);
  harness.chain.mineWith(["early"]);
  harness.chain.mine(500);
  harness.chain.mineWith(["late"]);
  harness.chain.mine(100);
  await harness.follower.step();
  expect(harness.follower.status().phase).toBe("catchingUp");
  harness.watch("early", { reference: 50, expiration: harness.chain.timeOf(70) });
  harness.watch("late", { reference: 50, expiration: harness.chain.timeOf(600) });
  harness.watch("never", { reference: 50, expiration: harness.chain.timeOf(70) });
  await harness.steps(25);
  expect(harness.typesFor("early")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("late")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("never")).toEqual(["expired"]);
});

test("a pool member whose solidified head or head lags moves nothing back", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  harness.chain.mine(3);
  await harness.follower.step();
  const cursor = harness.cursors.at(-1);
  harness.chain.headDelay = 20;
  harness.chain.solidDelay = 20;
  await harness.steps(3);
  expect(harness.cursors.at(-1)).toEqual(cursor);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.follower.status().phase).toBe("following");
});

test("a chain without the cursor's block stops the follower: nothing is told any more", async () => {
  const harness = await following();
  harness.watch("a", { expiration: harness.chain.timeOf(50) });
  harness.chain.rewriteFrom(40);
  harness.chain.mine(30);
  await harness.steps(5);
  expect(harness.follower.status()).toMatchObject({ phase: "halted", halted: expect.stringContaining("cursor") });
  expect(harness.told).toEqual([]);
  expect(harness.follower.reference()).toBeUndefined();
  const calls = { ...harness.chain.calls };
  await harness.follower.step();
  expect(harness.chain.calls).toEqual(calls);
});

test("a chain without the cursor's block stops the follower also when it is far behind", async () => {
  const harness = await following();
  harness.chain.rewriteFrom(40);
  harness.chain.mine(300);
  await harness.steps(5);
  expect(harness.follower.status().phase).toBe("halted");
});

test("a solidified header that contradicts ours at the same height stops the follower", async () => {
  const harness = await following();
  harness.chain.mine(10);
  await harness.follower.step();
  harness.chain.rewriteFrom(52);
  harness.chain.solidDelay = 2;
  await harness.follower.step();
  expect(harness.follower.status().phase).toBe("halted");
});

test("a message that was not accepted is offered again before the cursor moves past its block", async () => {
  const harness = await following();
  harness.watch("a");
  harness.watch("b", { expiration: harness.chain.timeOf(50) + 3_000 });
  const block = harness.chain.mineWith(["a"]);
  harness.chain.mine(5);
  harness.onDeliver = (messages) => {
    if (messages.some(({ message }) => message.type === "chain.solidified")) throw new Fault("engine_busy");
  };
  await expect(harness.follower.step()).rejects.toThrow(Fault);
  await expect(harness.follower.step()).rejects.toThrow(Fault);
  expect(harness.cursors.at(-1)?.number).toBeLessThan(block.number);
  expect(harness.typesFor("a")).toEqual([]);
  harness.onDeliver = () => {};
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("b")).toEqual(["expired"]);
  expect(harness.cursors.at(-1)?.number).toBe(harness.chain.solid);
});

test("catching up survives a delivery that fails at its end", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  harness.chain.mine(70);
  let failures = 2;
  harness.onDeliver = () => {
    failures -= 1;
    if (failures >= 0) throw new Fault("engine_busy");
  };
  await expect(harness.follower.step()).rejects.toThrow(Fault);
  await expect(harness.follower.step()).rejects.toThrow(Fault);
  await harness.steps(3);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.cursors.at(-1)?.number).toBe(harness.chain.solid);
});

test("a watch that comes while its block waits for receipts is told with it", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a", "b"]);
  harness.chain.onCall = (method) => {
    if (method !== "receipts") return;
    harness.chain.onCall = () => {};
    harness.watch("b");
  };
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included"]);
  expect(harness.typesFor("b")).toEqual(["included"]);
});

test("two actors that wait for one transaction both hear of it, and one that left does not", async () => {
  const harness = await following();
  const request = { txId: txIdOf("a"), expiration: Number.MAX_SAFE_INTEGER, referenceNumber: harness.chain.solid };
  harness.follower.watch({ ...request, actor: { kind: "transaction", id: "one" } });
  harness.follower.watch({ ...request, actor: { kind: "transaction", id: "two" } });
  harness.follower.watch({ ...request, actor: { kind: "transaction", id: "three" } });
  harness.follower.unwatch({ kind: "transaction", id: "two" });
  harness.chain.mineWith(["a"]);
  await harness.follower.step();
  expect(harness.told.map((told) => told.id).toSorted()).toEqual(["one", "three"]);
});

test("an actor that went over to another transaction hears nothing more of the first one", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  harness.onDeliver = () => {
    throw new Fault("engine_busy");
  };
  await expect(harness.follower.step()).rejects.toThrow(Fault);
  harness.onDeliver = () => {};
  const terms = { expiration: Number.MAX_SAFE_INTEGER, referenceNumber: harness.chain.solid };
  harness.follower.watch({ actor: { kind: "transaction", id: "a" }, txId: txIdOf("b"), ...terms });
  harness.chain.mine(5);
  await harness.steps(2);
  expect(harness.told).toEqual([]);
});

test("watching again tells everything again", async () => {
  const harness = await following();
  harness.watch("a");
  harness.chain.mineWith(["a"]);
  await harness.follower.step();
  harness.watch("a", { reference: 47 });
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "included"]);
  expect(harness.follower.status().watched).toBe(1);
});

test("a page that is too large for the node is asked for in halves", async () => {
  const harness = await following();
  harness.chain.mine(40);
  const real = harness.chain.blocks.bind(harness.chain);
  const asked: number[] = [];
  harness.chain.blocks = async (from, to) => {
    asked.push(to - from + 1);
    if (to - from + 1 > 3) throw new Fault("chain_error", "the answer is larger than allowed");
    return real(from, to);
  };
  for (let i = 0; i < 20; i += 1) await harness.follower.step().catch(() => {});
  expect(asked.slice(0, 3)).toEqual([10, 5, 2]);
  expect(harness.follower.reference()).toMatchObject({ number: 87, headTimestamp: harness.chain.timeOf(90) });
});

test.each(["chain_busy", "chain_unavailable"] as const)(
  "a page that nobody was asked for is not made smaller: %s",
  async (code) => {
    const harness = await following();
    harness.chain.mine(40);
    const real = harness.chain.blocks.bind(harness.chain);
    const asked: number[] = [];
    harness.chain.blocks = async (from, to) => {
      asked.push(to - from + 1);
      if (asked.length <= 2) throw new Fault(code);
      return real(from, to);
    };
    for (let i = 0; i < 3; i += 1) await harness.follower.step().catch(() => {});
    expect(asked.slice(0, 3)).toEqual([10, 10, 10]);
  },
);

test("a chain that does not solidify makes the follower wait with bounded memory", async () => {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50 }), { unsolidifiedMax: 30 });
  await harness.follower.step();
  harness.chain.solidLag = 3 + 100;
  harness.chain.mine(100);
  await harness.steps(20);
  expect(harness.follower.status()).toMatchObject({ solid: 47, lagBlocks: 150 - 77 });
  harness.chain.solidLag = 3;
  await harness.steps(20);
  expect(harness.follower.status()).toMatchObject({ solid: 147, lagBlocks: 0 });
});

test("the loop polls at its interval, survives a failing node, and is silent after stop", async () => {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50 }));
  await harness.follower.start();
  expect(harness.follower.reference()?.number).toBe(47);
  harness.chain.mine();
  harness.chain.nextFault = new Fault("chain_unavailable");
  // The first look found new blocks: the next one is when the next block is due.
  await harness.clock.advance(5_700);
  expect(harness.chain.nextFault).toBeUndefined();
  expect(harness.follower.reference()?.number).toBe(47);
  await harness.clock.advance(3_000);
  expect(harness.follower.reference()?.number).toBe(48);
  await harness.follower.stop();
  const calls = { ...harness.chain.calls };
  await harness.clock.advance(30_000);
  expect(harness.chain.calls).toEqual(calls);
});

test("while there is more to read the loop does not wait for its interval", async () => {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50 }));
  await harness.follower.start();
  harness.chain.mine(1_000);
  await harness.clock.advance(5_700);
  await drain(50);
  await harness.clock.advance(0);
  expect(harness.follower.status()).toMatchObject({ phase: "following", lagBlocks: 0, head: 1_050 });
  await harness.follower.stop();
});

test("a gap that grows while it is read is not called read", async () => {
  const harness = await following({ blocks: 300 });
  for (let block = 0; block < 60; block += 1) {
    harness.chain.mine();
    await harness.follower.step();
  }
  const block = harness.chain.mineWith(["a"]);
  harness.chain.mine(5);
  await harness.follower.step();
  // Nobody was there when its block was read, and now the block has no receipts: it waits in memory to be told.
  harness.chain.withoutReceipts.add(block.number);
  harness.watch("a", { reference: block.number - 240, expiration: harness.chain.timeOf(block.number + 1) });
  await harness.follower.step();
  // The block leaves memory while the blocks below are still being read.
  harness.chain.mine(50);
  await harness.steps(6);
  expect(harness.typesFor("a")).toEqual([]);
  harness.chain.withoutReceipts.clear();
  await harness.steps(6);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
});

test("a newest block from the future moves no time and lets nothing be signed before it is solidified", async () => {
  const harness = await following();
  const { follower, chain } = harness;
  const before = follower.headTimestamp();
  const monthOfSlots = 30 * 24 * 1_200;
  chain.mineWith([], monthOfSlots);
  await follower.step();
  expect(follower.reference()).toBeUndefined();
  expect(follower.obstacle()).toMatchObject({ code: "not_ready" });
  expect(follower.headTimestamp()).toBeLessThanOrEqual(before + 963_000);
  // It was one node's invention.
  chain.cut(1);
  chain.mine(2);
  await follower.step();
  expect(follower.reference()).toMatchObject({ headTimestamp: chain.timeOf(chain.head) });
});

test("the first blocks after the chain stood still count when they are solidified", async () => {
  const { follower, chain } = await following();
  chain.mineWith([], 24 * 1_200);
  await follower.step();
  expect(follower.obstacle()).toMatchObject({ code: "not_ready" });
  chain.mine(3);
  await follower.step();
  expect(follower.reference()).toMatchObject({ headTimestamp: chain.timeOf(chain.head) });
});

test("a newest block that is older than its parent does not set the time back", async () => {
  const { follower, chain } = await following();
  const before = follower.headTimestamp();
  chain.mineWith([], -25 * 1_200);
  await follower.step();
  expect(follower.headTimestamp()).toBe(before);
  expect(follower.reference()).toMatchObject({ headTimestamp: before });
  chain.cut(1);
  chain.mine(2);
  await follower.step();
  expect(follower.reference()).toMatchObject({ headTimestamp: chain.timeOf(chain.head) });
});

test("while the newest blocks are still to be read there is no time for limits", async () => {
  const harness = await following();
  expect(harness.follower.ledgerTime()).toBe(harness.chain.timeOf(50));
  harness.chain.mine(25 * 1_200);
  harness.restart();
  expect(harness.follower.ledgerTime()).toBe(0);
  await harness.follower.step();
  expect(harness.follower.obstacle()).toMatchObject({ code: "not_ready" });
  expect(harness.follower.ledgerTime()).toBe(0);
  while (harness.follower.obstacle() !== undefined) await harness.follower.step();
  expect(harness.follower.ledgerTime()).toBe(harness.chain.timeOf(harness.chain.head));
});
