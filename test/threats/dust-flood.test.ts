/** Threats B17 and B18: transfers are found by their blocks, never by pages of a list, and each by its own log. */
import { expect, test } from "vitest";
import { AddressSet } from "../../src/chain/address-set.ts";
import { matchTransfers } from "../../src/chain/transfer-match.ts";
import type { ContractLog } from "../../src/domain/chain-facts.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { TOPICS } from "../../src/tron/trc20.ts";
import { FAKE_USDT } from "../chain/fake-chain.ts";

const ME = "ab".repeat(20);
const STRANGER = "cd".repeat(20);
const DUST = 5_000;
const word = (hex: string) => hex.padStart(64, "0");
const logTo = (to: string, amount: number): ContractLog => ({
  address: toHex41(FAKE_USDT).slice(2),
  topics: [TOPICS["Transfer(address,address,uint256)"], word(STRANGER), word(to)],
  data: word(amount.toString(16)),
});

test("one payment among 5,000 dust transfers to the same address is found, each with the number of its log", () => {
  const watched = new AddressSet();
  watched.add(ME);
  const txOf = (n: number) => n.toString(16).padStart(64, "0");
  // Ten blocks' worth between two looks; in the middle a multi-send pays in its third log.
  const all = Array.from({ length: DUST }, (_, n) => ({ txId: txOf(n), logs: [logTo(ME, 1)] }));
  all.splice(DUST / 2, 0, { txId: txOf(DUST), logs: [logTo(STRANGER, 9), logTo(ME, 1), logTo(ME, 25_000_000)] });
  const place = { blockNumber: 1, blockTimestamp: 3_000, result: "SUCCESS" };
  const block = {
    number: 1,
    timestamp: 3_000,
    results: all.map(({ txId }) => [txId, "SUCCESS"] as const),
    coins: new Map(),
    receipts: new Map(all.map(({ txId, logs }) => [txId, { ...place, logs }])),
  };
  const found = matchTransfers(block, { watched, usdt: FAKE_USDT })?.transfers ?? [];
  expect(found).toHaveLength(DUST + 2);
  expect(new Set(found.map(({ txId, index }) => `${txId} ${index}`)).size).toBe(DUST + 2);
  expect(found.filter(({ amount }) => amount === "25000000")).toMatchObject([{ txId: txOf(DUST), index: 2 }]);
});
