/** What a receiver is told of watched addresses through forks, gaps, floods and nodes that leave something out. */
import { describe, expect, test } from "vitest";
import type { Receipt } from "../../src/domain/chain-facts.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { Random } from "../support/random.ts";
import { FakeChain, txIdOf, type FakeTransfer } from "./fake-chain.ts";
import { FollowerHarness, sourceOf } from "./follower-harness.ts";

const [me, shop, stranger, other] = ["11", "22", "33", "44"].map((byte) => privateKeyToAddress(byte.repeat(32))) as [
  string,
  string,
  string,
  string,
];
let nonce = 0;
const pay = (to: string, amount: number, asset: "USDT" | "TRX" = "USDT", from = stranger): FakeTransfer => ({
  asset,
  from,
  to,
  amount: `${amount}`,
  nonce: `${(nonce += 1)}`,
});

async function following(options: { solidLag?: number; blocks?: number } = {}, nodes: FollowerHarness["others"] = []) {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50, ...options }), {}, nodes);
  harness.watchAddresses([me, shop]);
  await harness.follower.step();
  return harness;
}

test("money to a watched address is seen when its block is read, and final when that is solidified", async () => {
  const { chain, follower, book } = await following();
  const transfer = pay(me, 5_000_000);
  const block = chain.mineWith([transfer, pay(other, 7)]);
  await follower.step();
  const seen = {
    txId: txIdOf(transfer),
    source: "log",
    index: 0,
    asset: "USDT",
    from: stranger,
    to: me,
    amount: "5000000",
  };
  const place = { blockNumber: block.number, blockId: block.id, blockTimestamp: block.timestamp };
  expect(book.facts).toEqual([{ type: "transferSeen", transfer: { ...seen, ...place } }]);
  chain.mine(2);
  await follower.step();
  expect(book.words).toEqual(["seen"]);
  chain.mine(1);
  await follower.step();
  expect(book.facts.slice(1)).toEqual([
    {
      type: "transferSolidified",
      transfer: { ...seen, ...place },
      evidence: { solidNumber: 51, solidId: block.id, solidTimestamp: block.timestamp, nodes: ["fake"] },
    },
  ]);
});

test("TRX and USDT, in and out, are told apart by what the chain says and named by contract or log", async () => {
  const { chain, follower, book } = await following({ solidLag: 0 });
  chain.mineWith([pay(me, 1, "TRX"), pay(me, 2), pay(other, 3, "TRX", me), pay(other, 4, "USDT", shop), pay(me, 0)]);
  await follower.step();
  const told = [...book.credited.values()].map(({ asset, source, index, amount }) => [asset, source, index, amount]);
  expect(told).toEqual([
    ["TRX", "contract", 0, "1"],
    ["USDT", "log", 0, "2"],
    ["TRX", "contract", 0, "3"],
    ["USDT", "log", 0, "4"],
  ]);
  expect(book.facts.filter(({ type }) => type === "transferIgnored")).toMatchObject([
    { transfer: { because: "no_amount", to: me } },
  ]);
});

test("nobody's address costs nothing: not one question more, and none again once the last one left", async () => {
  const harness = new FollowerHarness(new FakeChain({ blocks: 50 }));
  const { chain, follower, transfers, book } = harness;
  await follower.step();
  chain.mineWith([pay(me, 5)]);
  chain.mine(4);
  await follower.step();
  expect(chain.calls["receipts"]).toBeUndefined();
  transfers.watchAddress(me);
  chain.mineWith([pay(me, 6)]);
  await follower.step();
  expect(chain.calls["receipts"]).toBe(1);
  transfers.unwatchAddress(me);
  chain.mine(10);
  await follower.step();
  expect(chain.calls["receipts"]).toBe(1);
  expect(book.words).toEqual(["seen"]);
});

describe("B16: a fork below what is final", () => {
  test.each(Array.from({ length: 18 }, (_, at) => at + 1))(
    "of %i blocks takes money back without a word of payment, and brings it in another block",
    async (depth) => {
      const { chain, follower, book } = await following({ solidLag: 18 });
      const [lost, moved] = [pay(me, 1), pay(me, 2)];
      const first = chain.mineWith([lost, moved]);
      chain.mine(depth - 1);
      await follower.step();
      expect(book.words).toEqual(["seen", "seen"]);
      chain.cut(depth);
      chain.mine(depth);
      const second = chain.mineWith([moved]);
      await follower.step();
      expect(book.words).toEqual(["seen", "seen", "unseen", "unseen", "seen"]);
      expect(book.facts.at(-1)).toMatchObject({ transfer: { blockId: second.id, txId: txIdOf(moved) } });
      expect(book.facts[2]).toMatchObject({ transfer: { blockId: first.id } });
      chain.mine(18);
      await follower.step();
      expect([...book.credited.values()].map(({ txId }) => txId)).toEqual([txIdOf(moved)]);
      expect(book.open.size).toBe(0);
    },
  );

  test("while the engine was down ends what was seen before", async () => {
    const harness = await following({ solidLag: 18 });
    const { chain, book } = harness;
    chain.mineWith([pay(me, 1)]);
    await harness.follower.step();
    chain.cut(1);
    chain.mine(1);
    harness.restart();
    await harness.steps(1);
    expect(book.words).toEqual(["seen"]);
    chain.mine(18);
    await harness.steps(1);
    expect(book.words).toEqual(["seen", "unseen"]);
  });

  test("far behind ends what was seen before too", async () => {
    const harness = await following({ solidLag: 18 });
    harness.chain.mineWith([pay(me, 1)]);
    await harness.follower.step();
    harness.chain.cut(1);
    harness.chain.mine(200);
    await harness.steps(8);
    expect(harness.book.words).toEqual(["seen", "unseen"]);
    expect(harness.follower.status()).toMatchObject({ phase: "following" });
  });
});

test("B17: 5,000 transfers of dust between two polls push nothing out", async () => {
  const { chain, follower, book } = await following();
  const real = pay(me, 25_000_000);
  for (let block = 0; block < 20; block += 1) {
    const dust = Array.from({ length: 250 }, () =>
      pay(block % 2 === 0 ? me : shop, 1, block % 3 === 0 ? "TRX" : "USDT"),
    );
    chain.mineWith(block === 11 ? [...dust.slice(0, 125), real, ...dust.slice(125)] : dust);
  }
  chain.mine(3);
  await follower.step();
  expect(book.credited.size).toBe(5_001);
  expect(book.credited.get(`${txIdOf(real)}/log/0`)).toMatchObject({ amount: "25000000", to: me });
  expect(book.open.size).toBe(0);
});

describe("B20: after a gap the sums are the chain's", () => {
  test.each([0, 1, 2, 17, 60, 61, 75, 400, 1_100])("of %i blocks", async (gap) => {
    const random = new Random(gap + 1);
    const harness = await following({ solidLag: 18 });
    const { chain, book } = harness;
    const mineSome = (count: number) => {
      for (let block = 0; block < count; block += 1) {
        const count_ = random.chance(0.3) ? random.below(4) : 0;
        chain.mineWith(
          Array.from({ length: count_ }, () =>
            pay(random.pick([me, shop, other]), 1 + random.below(1_000), random.pick(["USDT", "TRX"] as const)),
          ),
        );
      }
    };
    mineSome(25);
    await harness.follower.step();
    // Some of the newest blocks are replaced while nobody looks.
    mineSome(3);
    chain.cut(5);
    mineSome(gap);
    harness.restart();
    await harness.steps(2);
    mineSome(30);
    await harness.steps(Math.ceil(gap / 40) + 6);
    const truth = { TRX: 0n, USDT: 0n };
    for (let number = 51; number <= chain.solid; number += 1) {
      for (const { asset, to, amount } of chain.at(number).transfers.values())
        if (to === me) truth[asset] += BigInt(amount);
    }
    expect(book.sumTo(me)).toEqual(truth);
    expect(truth.USDT).toBeGreaterThan(0n);
    expect(harness.cursors.at(-1)?.number).toBe(chain.solid);
  });

  test("a receiver that fails is told again, in order, and the cursor waits for it", async () => {
    const harness = await following();
    const { chain, book } = harness;
    chain.mineWith([pay(me, 1)]);
    chain.mine(3);
    let failures = 3;
    book.onAccept = () => {
      if ((failures -= 1) >= 0) throw new Error("the disk is busy");
    };
    for (let turn = 0; turn < 3; turn += 1) await expect(harness.follower.step()).rejects.toThrow("busy");
    expect(harness.cursors.at(-1)?.number).toBe(47);
    await harness.steps(2);
    expect(book.words).toEqual(["seen", "solidified"]);
    expect(harness.cursors.at(-1)?.number).toBe(51);
  });

  test("killed before the cursor was saved, the same is told again under the same name", async () => {
    const harness = await following();
    const { chain, book } = harness;
    chain.mineWith([pay(me, 1)]);
    chain.mine(3);
    await harness.follower.step();
    const cursor = harness.cursors.splice(1);
    expect(cursor).toHaveLength(1);
    harness.restart();
    await harness.steps(1);
    expect(book.words).toEqual(["seen", "solidified", "seen", "solidified"]);
    expect(book.sumTo(me)).toEqual({ TRX: 0n, USDT: 1n });
  });
});

describe("B21: what nodes leave out", () => {
  test("a block without receipts is read again, never skipped, near the head and far behind it", async () => {
    for (const more of [5, 200]) {
      const harness = await following();
      const { chain, book } = harness;
      const block = chain.mineWith([pay(me, 9), pay(other, 1)]);
      chain.mine(more);
      chain.withoutReceipts.add(block.number);
      await harness.steps(4);
      expect(book.facts).toEqual([]);
      expect(harness.cursors.at(-1)?.number).toBe(47);
      chain.withoutReceipts.clear();
      await harness.steps(6);
      expect(book.words).toEqual(["seen", "solidified"]);
    }
  });

  test("the receipt of a stranger that is missing holds the block too: it could be anybody's money", async () => {
    const harness = await following();
    const { chain, book } = harness;
    const [strangers, mine] = [pay(other, 1), pay(me, 9)];
    chain.mineWith([strangers, mine]);
    const receipts = chain.receipts.bind(chain);
    chain.receipts = async (number) => (await receipts(number)).filter(({ txId }) => txId !== txIdOf(strangers));
    await harness.steps(2);
    expect(book.facts).toEqual([]);
    chain.receipts = receipts;
    await harness.steps(1);
    expect(book.words).toEqual(["seen"]);
  });

  test("a height that drops pauses, and nothing is told twice when it is back", async () => {
    const { chain, follower, book } = await following();
    chain.mineWith([pay(me, 1)]);
    await follower.step();
    chain.mine(3);
    Object.assign(chain, { headDelay: 20, solidDelay: 20 });
    await follower.step();
    expect(book.words).toEqual(["seen"]);
    Object.assign(chain, { headDelay: 0, solidDelay: 0 });
    await follower.step();
    expect(book.words).toEqual(["seen", "solidified"]);
  });
});

describe("where two nodes have to agree", () => {
  async function withTwo(bend: (receipts: Receipt[]) => Receipt[], blocks: number) {
    const chain = new FakeChain({ blocks: 50 });
    const second = sourceOf(chain, "other");
    const { receipts } = second;
    let bent = true;
    Object.assign(second, {
      receipts: async (number: number, signal: AbortSignal) => {
        const said = [...(await receipts(number, signal))];
        return bent ? bend(said) : said;
      },
    });
    const harness = new FollowerHarness(chain, {}, [second]);
    harness.watchAddresses([me]);
    await harness.follower.step();
    chain.mineWith([pay(me, 9)]);
    chain.mine(blocks);
    await harness.steps(4);
    return { harness, heal: () => (bent = false) };
  }

  const silent = (receipts: Receipt[]) => receipts.map((receipt) => ({ ...receipt, logs: [] }));
  const generous = (receipts: Receipt[]) =>
    receipts.map((receipt) => ({ ...receipt, logs: [...(receipt.logs ?? []), ...(receipt.logs ?? [])] }));

  test.each([
    ["hides money", silent, 5],
    ["invents money", generous, 5],
    ["hides money far behind", silent, 200],
  ])("one that %s decides nothing: it waits for their agreement", async (_, bend, blocks) => {
    const { harness, heal } = await withTwo(bend, blocks);
    expect(harness.book.credited.size).toBe(0);
    expect(harness.cursors.at(-1)?.number).toBe(blocks === 200 ? 47 : 50);
    expect(harness.follower.obstacle()).toMatchObject({ code: "nodes_disagree" });
    heal();
    await harness.steps(8);
    expect(harness.book.sumTo(me)).toEqual({ TRX: 0n, USDT: 9n });
    expect(harness.follower.obstacle()).toBeUndefined();
  });

  test("what only the first one saw is unseen, whatever it was", async () => {
    const { harness } = await withTwo((receipts) => receipts, 0);
    const { chain, book } = harness;
    const honest = chain.receipts.bind(chain);
    expect(book.words).toEqual(["seen"]);
    chain.receipts = async (number) => silent(await honest(number));
    chain.mine(4);
    await harness.steps(1);
    expect(book.words).toEqual(["seen", "unseen"]);
    expect(harness.cursors.at(-1)?.number).toBe(chain.solid);
  });

  test("an address that comes while they are asked is in what they are asked", async () => {
    const { harness } = await withTwo((receipts) => receipts, 0);
    const { chain, book, transfers } = harness;
    chain.mineWith([pay(other, 4)]);
    chain.mine(200);
    let turns = 0;
    chain.onCall = (method) => {
      if (method === "receipts" && (turns += 1) === 4) transfers.watchAddress(other);
    };
    await harness.steps(8);
    expect(turns).toBeGreaterThan(4);
    expect(book.sumTo(other)).toEqual({ TRX: 0n, USDT: 4n });
  });
});
