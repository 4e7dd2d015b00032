/** The follower where two nodes have to agree: what they both say is told, what they do not waits and says for what. */
import { expect, test } from "vitest";
import type { BlockSource } from "../../src/chain/block-source.ts";
import { units } from "../../src/domain/money.ts";
import { FakeChain } from "./fake-chain.ts";
import { FollowerHarness, sourceOf } from "./follower-harness.ts";

/** The second node sees the same chain until the test bends what it says. */
async function withTwo(): Promise<{ harness: FollowerHarness; chain: FakeChain; other: BlockSource }> {
  const chain = new FakeChain({ blocks: 50 });
  const other = sourceOf(chain, "other");
  const harness = new FollowerHarness(chain, {}, [other]);
  await harness.follower.step();
  return { harness, chain, other };
}

test("a transaction is solidified by the word of both, and the message names them", async () => {
  const { harness, chain } = await withTwo();
  harness.watch("a");
  chain.mineWith(["a"]);
  chain.mine(3);
  await harness.follower.step();
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.last("a")).toMatchObject({
    evidence: { solidNumber: 51, solidId: chain.at(51).id, nodes: ["fake", "other"] },
  });
  expect(harness.cursors.at(-1)).toMatchObject({ number: 51, nodes: ["fake", "other"] });
});

test("while they disagree nothing is solidified, expired or signed, and those who wait for the block are told why", async () => {
  const { harness, chain, other } = await withTwo();
  harness.watch("in");
  harness.watch("due", { expiration: chain.timeOf(50) });
  harness.watch("later");
  const lie = { ...chain.at(46), number: 53, id: "00".repeat(7) + "35" + "bb".repeat(24) };
  const { solidBlock, solidHeader } = other;
  Object.assign(other, { solidBlock: async () => lie, solidHeader: async () => lie });
  chain.mineWith(["in"]);
  chain.mine(6);
  await harness.steps(3);
  expect(harness.typesFor("in")).toEqual(["included", "disputed"]);
  expect(harness.typesFor("due")).toEqual(["disputed"]);
  expect(harness.typesFor("later")).toEqual([]);
  expect(harness.last("in").detail).toBe("waiting for the nodes to agree about block 53");
  expect(harness.cursors.at(-1)).toMatchObject({ number: 47 });
  expect(harness.follower.reference()).toBeUndefined();
  expect(harness.follower.obstacle()).toMatchObject({ code: "nodes_disagree" });
  Object.assign(other, { solidBlock, solidHeader });
  chain.mine();
  await harness.follower.step();
  expect(harness.typesFor("in")).toEqual(["included", "disputed", "solidified"]);
  expect(harness.typesFor("due")).toEqual(["disputed", "expired"]);
  expect(harness.last("due").proof).toMatchObject({ solidNumber: 55, nodes: ["fake", "other"] });
  expect(harness.follower.obstacle()).toBeUndefined();
});

test("a second node that is silent stops finality, not signing, and is told after half a minute", async () => {
  const { harness, chain, other } = await withTwo();
  harness.watch("a");
  Object.assign(other, { solidBlock: () => Promise.reject(new Error("silent")) });
  chain.mineWith(["a"]);
  chain.mine(5);
  await harness.steps(2);
  expect(harness.typesFor("a")).toEqual(["included"]);
  expect(harness.follower.reference()).toMatchObject({ number: 47 });
  await harness.clock.advance(30_000);
  await harness.steps(2);
  expect(harness.typesFor("a")).toEqual(["included", "disputed"]);
});

test("the cursor stops below a block about whose receipts they disagree, and goes on when they agree", async () => {
  const { harness, chain, other } = await withTwo();
  harness.watch("a");
  harness.watch("b");
  chain.mineWith(["a"]);
  chain.mineWith(["b"]);
  const { receipts } = other;
  const cheaper = async (number: number, signal: AbortSignal) =>
    (await receipts(number, signal)).map((receipt) => ({ ...receipt, feeSun: units(number === 52 ? 1n : 345_000n) }));
  Object.assign(other, { receipts: cheaper });
  chain.mine(5);
  await harness.steps(3);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("b")).toEqual(["included", "disputed"]);
  expect(harness.cursors.at(-1)).toMatchObject({ number: 51 });
  Object.assign(other, { receipts });
  await harness.steps(1);
  expect(harness.typesFor("b")).toEqual(["included", "disputed", "solidified"]);
  expect(harness.cursors.at(-1)).toMatchObject({ number: 54 });
});

test("far behind, what is found counts only when both say the same of its receipts", async () => {
  const { harness, chain, other } = await withTwo();
  harness.watch("a", { reference: 40 });
  chain.mineWith(["a"]);
  chain.mine(200);
  const { receipts } = other;
  Object.assign(other, { receipts: async () => [] });
  await harness.steps(3);
  expect(harness.typesFor("a")).toEqual([]);
  Object.assign(other, { receipts });
  await harness.steps(40);
  expect(harness.typesFor("a")).toEqual(["solidified"].flatMap((type) => ["included", type]));
});

test("a watch that comes after its solidified block is told by the word of both", async () => {
  const { harness, chain, other } = await withTwo();
  chain.mineWith(["a"]);
  chain.mine(6);
  await harness.follower.step();
  const { receipts } = other;
  Object.assign(other, { receipts: async () => [] });
  harness.watch("a", { reference: 47 });
  await harness.steps(2);
  expect(harness.typesFor("a")).toEqual([]);
  Object.assign(other, { receipts });
  await harness.steps(1);
  expect(harness.typesFor("a")).toEqual(["included", "solidified"]);
});

test("one node whose chain lacks the cursor's block stops nothing; when both lack it, intake stops until it is started again", async () => {
  const { harness, chain, other } = await withTwo();
  const kept = chain.at(47);
  const before = { ...other };
  Object.assign(other, { solidBlock: async () => kept, solidHeader: async () => kept });
  chain.rewriteFrom(40);
  await harness.steps(3);
  expect(harness.follower.status().phase).not.toBe("halted");
  Object.assign(other, { solidBlock: before.solidBlock, solidHeader: before.solidHeader });
  await harness.steps(2);
  expect(harness.follower.status()).toMatchObject({ phase: "halted" });
  expect(harness.follower.obstacle()).toMatchObject({ code: "chain_forked" });
});

test("starting again after a halt checks the chain anew and goes on when the nodes have its block", async () => {
  const chain = new FakeChain({ blocks: 50 });
  const wrong = new FakeChain({ blocks: 50 });
  wrong.rewriteFrom(40);
  const harness = new FollowerHarness(chain);
  await harness.follower.step();
  Object.assign(chain, { solidBlock: () => wrong.solidBlock(), block: async (number: number) => wrong.at(number) });
  await harness.steps(2);
  expect(harness.follower.status().phase).toBe("halted");
  Reflect.deleteProperty(chain, "solidBlock");
  Reflect.deleteProperty(chain, "block");
  await harness.follower.start();
  expect(harness.follower.status()).toMatchObject({ phase: "following" });
  expect(harness.follower.obstacle()).toBeUndefined();
  await harness.follower.stop();
});

test("catching up says how far it is, how fast, and how long it will take", async () => {
  const chain = new FakeChain({ blocks: 50 });
  const harness = new FollowerHarness(chain, { pagesPerStep: 1 });
  await harness.follower.step();
  chain.mine(1_000);
  for (let second = 0; second < 10; second += 1) {
    await harness.clock.advance(1_000);
    await harness.follower.step();
  }
  const status = harness.follower.status();
  expect(status).toMatchObject({ phase: "catchingUp", head: 1_050 });
  expect(status.blocksPerSecond).toBeCloseTo(10, 0);
  expect(status.lagBlocks).toBeGreaterThan(800);
  expect(status.etaSeconds).toBeCloseTo(status.lagBlocks / (status.blocksPerSecond - 1 / 3), 0);
});

test("a block that an actor believes in is taken back although the way there was broken off", async () => {
  const { harness, chain, other } = await withTwo();
  harness.watch("a", { expiration: chain.timeOf(50) + 30_000 });
  const believed = chain.mineWith(["a"]);
  await harness.follower.step();
  // The engine is cut off, and another branch wins meanwhile. On the way back one page does not chain.
  chain.cut(1);
  chain.mine(100);
  const read = chain.blocks.bind(chain);
  const strange = async (from: number, to: number) =>
    (await read(from, to)).map((block) => (block.number === 60 ? { ...block, parentId: believed.id } : block));
  Object.assign(chain, { blocks: strange });
  await harness.follower.step();
  Object.assign(chain, { blocks: read });
  const { solidBlock } = other;
  Object.assign(other, { solidBlock: () => Promise.reject(new Error("silent")) });
  await harness.steps(2);
  Object.assign(other, { solidBlock });
  chain.mine(5);
  await harness.steps(3);
  expect(harness.typesFor("a")).toEqual(["included", "orphaned", "expired"]);
  expect(harness.told[1]).toMatchObject({ blockId: believed.id });
});
