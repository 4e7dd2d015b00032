/** A long way behind, gone in legs: what is found is told leg by leg, and a restart loses one leg at most. */
import { expect, test } from "vitest";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { FakeChain } from "./fake-chain.ts";
import { FollowerHarness, sourceOf } from "./follower-harness.ts";

const LEG = 100;
const me = privateKeyToAddress("11".repeat(32));
const payment = (nonce: number) => ({
  asset: "USDT" as const,
  from: privateKeyToAddress("22".repeat(32)),
  to: me,
  amount: "5000000",
  nonce: `${nonce}`,
});

/** Two nodes have to agree; the cursor is at block 47, and 450 blocks with a payment each came since. */
async function farBehind() {
  const chain = new FakeChain({ blocks: 50 });
  const other = sourceOf(chain, "other");
  const harness = new FollowerHarness(chain, { catchUpLeg: LEG }, [other]);
  harness.watchAddresses([me]);
  await harness.follower.step();
  for (let at = 0; at < 450; at += 1) chain.mineWith([payment(at)]);
  return { harness, chain, other };
}

test("each leg ends at a block that the nodes agree about, with the cursor saved and its transfers told", async () => {
  const { harness, chain } = await farBehind();
  await harness.steps(20);
  const ends = harness.cursors.map(({ number }) => number);
  expect(ends.slice(0, 6)).toEqual([47, 147, 247, 347, 447, chain.solid]);
  expect(harness.cursors[1]).toMatchObject({ id: chain.at(147).id, nodes: ["fake", "other"] });
  expect(harness.book.credited.size).toBe(chain.solid - 50);
  const [first] = harness.book.facts.filter(({ type }) => type === "transferSolidified");
  expect(first).toMatchObject({ evidence: { solidNumber: 147, solidId: chain.at(147).id, nodes: ["fake", "other"] } });
});

test("what is held in memory is what one leg found", async () => {
  const { harness } = await farBehind();
  const sizes: number[] = [];
  harness.book.onAccept = (facts) => void sizes.push(facts.length);
  await harness.steps(20);
  // Seen and solidified, of each block of a leg.
  expect(Math.max(...sizes)).toBe(2 * LEG);
});

test("a restart on the way goes on from the last leg's end, and nothing is left out", async () => {
  const { harness, chain } = await farBehind();
  await harness.steps(5);
  const reached = harness.cursors.at(-1)?.number ?? 0;
  expect(reached).toBeGreaterThan(147);
  expect(reached).toBeLessThan(chain.solid);
  harness.restart();
  const asked: number[] = [];
  const blocks = chain.blocks.bind(chain);
  chain.blocks = (from, to) => {
    asked.push(from);
    return blocks(from, to);
  };
  await harness.steps(20);
  expect(Math.min(...asked)).toBe(reached + 1);
  expect(harness.book.credited.size).toBe(chain.solid - 50);
});

test("what is in an earlier leg is told while the next one is read; nothing expires on the way", async () => {
  const { harness, chain } = await farBehind();
  harness.watch("lost", { reference: 47, expiration: chain.timeOf(60) });
  harness.follower.watch({
    actor: { kind: "transaction", id: "early" },
    txId: chain.at(60).transactions[0]?.txId ?? "",
    expiration: Number.MAX_SAFE_INTEGER,
    referenceNumber: 47,
    seenIn: undefined,
  });
  await harness.steps(4);
  expect(harness.follower.status().phase).toBe("catchingUp");
  expect(harness.typesFor("early")).toEqual(["included", "solidified"]);
  expect(harness.typesFor("lost")).toEqual([]);
  await harness.steps(20);
  expect(harness.typesFor("lost")).toEqual(["expired"]);
});

test.each([
  ["names another block", "ee".repeat(32)],
  ["does not answer", undefined],
])("where a node %s on the way, the way is gone in one leg and nothing is lost", async (_name, id) => {
  const { harness, chain, other } = await farBehind();
  const { solidHeader } = other;
  Object.assign(other, {
    solidHeader: async (number: number, signal: AbortSignal) => {
      const header = await solidHeader(number, signal);
      if (number !== 147 || header === undefined) return header;
      return id === undefined ? undefined : { ...header, id };
    },
  });
  await harness.steps(20);
  expect(harness.cursors.map(({ number }) => number).slice(0, 2)).toEqual([47, chain.solid]);
  expect(harness.book.credited.size).toBe(chain.solid - 50);
  expect(harness.follower.obstacle()).toBeUndefined();
});
