/** Which money a block moves: by hand for what attackers send, and at random against the devnet's ledger. */
import { describe, expect, test } from "vitest";
import { AddressSet } from "../../src/chain/address-set.ts";
import { indexOf } from "../../src/chain/block-reader.ts";
import { coinsOf, matchTransfers } from "../../src/chain/transfer-match.ts";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { AddressTransfer, Block, ContractLog, Receipt } from "../../src/domain/chain-facts.ts";
import { units } from "../../src/domain/money.ts";
import { fromHex41, privateKeyToAddress, toHex41 } from "../../src/tron/address.ts";
import { TOPICS } from "../../src/tron/trc20.ts";
import { Random } from "../support/random.ts";
import { FAKE_USDT } from "./fake-chain.ts";
import { HastyClock, openGateway, signTransfer } from "./support.ts";

const ME = "ab".repeat(20);
const OTHER = "cd".repeat(20);
const TX = "11".repeat(32);
const word = (hex: string) => hex.padStart(64, "0");
const log = (changes: Partial<ContractLog> = {}): ContractLog => ({
  address: toHex41(FAKE_USDT).slice(2),
  topics: [TOPICS["Transfer(address,address,uint256)"], word(OTHER), word(ME)],
  data: word((5_000_000).toString(16)),
  ...changes,
});
const watched = new AddressSet();
watched.add(ME);
const PLACE = { blockNumber: 9, blockTimestamp: 27_000 };
const receiptOf = (changes: Partial<Receipt>): Receipt => ({
  txId: TX,
  ...PLACE,
  result: "SUCCESS",
  feeSun: units(0n),
  energyUsed: 0,
  bandwidthUsed: 0,
  transfers: [],
  ...changes,
});

function matchBlock(
  { number, timestamp, transactions }: Block,
  receipts: readonly Receipt[],
  addresses = watched,
  usdt = FAKE_USDT,
) {
  const results = transactions.map(({ txId, result }) => [txId, result] as const);
  const block = { number, timestamp, results, coins: coinsOf(transactions, addresses), receipts: indexOf(receipts) };
  return matchTransfers(block, { watched: addresses, usdt });
}

function matchAll(receipts: readonly Receipt[], result = "SUCCESS") {
  const header = { number: PLACE.blockNumber, id: "", parentId: "", timestamp: PLACE.blockTimestamp };
  return matchBlock({ ...header, transactions: [{ txId: TX, result }] }, receipts);
}

const match = (logs: readonly ContractLog[]) => matchAll([receiptOf({ logs })])?.transfers ?? [];

describe("a token transfer", () => {
  test("to a watched address is found with the index of its log, also when several are in one transaction", () => {
    const strange = log({ address: "ee".repeat(20) });
    expect(match([strange, log(), log({ data: word("1") })]).map(({ index, amount }) => [index, amount])).toEqual([
      [1, "5000000"],
      [2, "1"],
    ]);
  });

  test("from a watched address is found, whoever called: a multi-send or transferFrom", () => {
    const sent = log({ topics: [TOPICS["Transfer(address,address,uint256)"], word(ME), word(OTHER)] });
    expect(match([sent])).toMatchObject([{ from: fromHex41(`41${ME}`), to: fromHex41(`41${OTHER}`) }]);
  });

  test.each([
    ["of another contract with the same symbol", log({ address: "ee".repeat(20) })],
    ["of nothing", log({ data: word("0") })],
    ["with an amount that no token has", log({ data: "f".repeat(64) })],
    ["with data that is not one word", log({ data: `${word("5")}${word("5")}` })],
    ["with two topics", log({ topics: log().topics.slice(0, 2) })],
    ["with four topics", log({ topics: [...log().topics, word("1")] })],
    ["that is another event", log({ topics: [TOPICS["Approval(address,address,uint256)"], word(OTHER), word(ME)] })],
    ["between strangers", log({ topics: [TOPICS["Transfer(address,address,uint256)"], word(OTHER), word(OTHER)] })],
  ])("%s is not found", (_, strange) => {
    expect(match([strange])).toEqual([]);
  });

  test("that is none, of another contract or of nothing, is said to be none", () => {
    const logs = [log({ address: "ee".repeat(20) }), log({ data: word("0") }), log({ topics: [] })];
    expect(matchAll([receiptOf({ logs })])).toMatchObject({
      transfers: [],
      ignored: [
        { index: 0, because: "other_contract", contract: fromHex41(`41${"ee".repeat(20)}`) },
        { index: 1, because: "no_amount", contract: FAKE_USDT },
      ],
    });
  });

  test("of a transaction that failed is not found, whatever its receipt shows", () => {
    for (const result of ["REVERT", "SUCCESS"]) {
      expect(matchAll([receiptOf({ result, logs: [log()] })], "REVERT")).toEqual({ transfers: [], ignored: [] });
    }
  });

  test.each<[string, readonly Receipt[]]>([
    ["is missing", []],
    ["is that of another block", [receiptOf({ blockNumber: 8 })]],
    ["is that of another block of the same height", [receiptOf({ blockTimestamp: 26_999 })]],
    ["denies a success", [receiptOf({ result: "OUT_OF_ENERGY" })]],
  ])("cannot be told while a receipt %s", (_, receipts) => {
    expect(matchAll(receipts)).toBeUndefined();
  });
});

test("a set of addresses holds what was put in and nothing else, and a million of them stay small", () => {
  const addresses = new AddressSet();
  const before = process.memoryUsage().arrayBuffers;
  const hexOf = (number: number) => (number * 2_654_435_761).toString(16).padStart(40, "7");
  for (let number = 0; number < 1_000_000; number += 1) addresses.add(hexOf(number));
  addresses.add(hexOf(5));
  expect(addresses.size).toBe(1_000_000);
  for (let number = 0; number < 1_000_000; number += 997) {
    expect(addresses.has(hexOf(number))).toBe(true);
    expect(addresses.has(hexOf(number + 1_000_000))).toBe(false);
  }
  expect(addresses.has("41")).toBe(false);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120 * 1024 * 1024);
});

test("addresses leave a set as if they had never been in it", () => {
  const random = new Random(7);
  const addresses = new AddressSet();
  const truth = new Set<string>();
  // Few homes: most stand where another one belongs.
  const some = Array.from(
    { length: 3_000 },
    (_, at) => `${`${at}`.padStart(32, "0")}${(at % 97).toString(16).padStart(8, "0")}`,
  );
  for (let turn = 0; turn < 30_000; turn += 1) {
    const address = random.pick(some);
    if (random.chance(0.5)) {
      addresses.add(address);
      truth.add(address);
    } else {
      addresses.delete(address);
      truth.delete(address);
    }
  }
  expect(addresses.size).toBe(truth.size);
  expect(some.filter((address) => addresses.has(address))).toEqual(some.filter((address) => truth.has(address)));
  expect(addresses.has("zz".repeat(20))).toBe(false);
});

test.each([1, 2, 3])("what is found in solidified blocks is what the devnet's ledger holds (seed %i)", async (seed) => {
  const random = new Random(seed);
  const devnet = await startDevnet({ port: 0, slotMs: "manual", solidLag: 3, seed: `match ${seed}` });
  const http = { timeoutMs: 5_000, connectTimeoutMs: 4_000, maxBodyBytes: 1 << 26, connections: 4, userAgent: "test" };
  const nodes = [{ url: devnet.url, perSecond: 1_000 }];
  const gateway = openGateway([], { nodes, http, usdtContract: devnet.usdtContract }, { clock: new HastyClock(5_000) });
  try {
    const keys = Array.from({ length: 4 }, (_, at) => `${at + 1}`.repeat(64));
    const people = keys.map(privateKeyToAddress);
    for (const address of people) await devnet.faucet({ address, trxSun: 5_000_000_000n, usdt: 500_000_000n });
    await devnet.mine(1);
    const mine = new AddressSet();
    const own = people.slice(0, 2);
    for (const address of own) mine.add(toHex41(address).slice(2));
    for (let block = 0; block < 8; block += 1) {
      const { number, id, timestamp } = await gateway.headBlock();
      for (let sent = random.below(6); sent > 0; sent -= 1) {
        const from = random.below(4);
        // More than anybody has: some fail in the block.
        const amount = units(BigInt(1 + random.below(700_000_000)));
        const order = {
          asset: random.pick(["TRX", "USDT"] as const),
          from: people[from] ?? "",
          to: random.pick(people),
          amount,
        };
        const now = timestamp + block * 10 + sent;
        const terms = { usdtContract: devnet.usdtContract, reference: { number, id }, now, feeLimit: 100_000_000n };
        await gateway.broadcast(signTransfer(order, { ...terms, privateKey: keys[from] ?? "" }).signedHex);
      }
      await devnet.mine(1);
      if (random.chance(0.3)) await devnet.fork({ depth: 1 + random.below(2), move: random.chance(0.5) });
    }
    await devnet.mine(4);
    const found: AddressTransfer[] = [];
    for (let number = 1; number <= devnet.ledger.solidNumber(); number += 1) {
      const block = await gateway.block(number);
      if (block === undefined) throw new Error("the devnet lost a block");
      const matched = matchBlock(block, await gateway.receipts(number), mine, devnet.usdtContract);
      found.push(...(matched?.transfers ?? expect.unreachable("receipts are missing")));
    }
    const truth = devnet.ledger
      .payments()
      .filter(({ result, solid, from, to, amount }) => {
        return result === "SUCCESS" && solid && amount > 0n && (own.includes(from) || own.includes(to));
      })
      .map(({ txId, asset, from, to, amount }) => ({ txId, asset, from, to, amount: `${amount}` }));
    expect(found.map(({ source: _, index: __, ...transfer }) => transfer)).toEqual(truth);
    expect(truth.length).toBeGreaterThan(3);
  } finally {
    await gateway.close();
    await devnet.close();
  }
});
