/** Blocks and receipts are read from bytes to what the general parser and the schema would make of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddressSet } from "../../src/chain/address-set.ts";
import { isPlain, parseBlock, parseBlocks } from "../../src/chain/block-json.ts";
import { receiptFact } from "../../src/chain/facts.ts";
import { parseLossless } from "../../src/chain/json.ts";
import { isPlain as isPlainReceipts, parseReceipts } from "../../src/chain/receipt-json.ts";
import { readBlocks, readInfos } from "../../src/chain/wire.ts";
import { sealedBlock, wireTransaction } from "../support/wire-block.ts";

const transactions = [
  {
    ...wireTransaction("0a02d3c4"),
    raw_data: { contract: [{ parameter: { value: { data: '"}]{\\' } } }], n: 2 ** 60 },
  },
  { ...wireTransaction("0a02d3c5", "REVERT"), visible: false },
  { ...wireTransaction("0a02d3c6"), signature: [], ret: [{ fee: 5, contractRet: "SUCCESS" }] },
];
const parts = { number: 100, parentHash: "0000000000000063".padEnd(64, "5"), timestamp: 1_777_447_479_000 };
const block = sealedBlock({ ...parts, transactions });
const text = JSON.stringify(block);
const bare = {
  ...block,
  transactions: transactions.map(({ raw_data: _, ...rest }) => ("visible" in rest ? withoutVisible(rest) : rest)),
};

describe("blocks", () => {
  test("are what the general parser makes of them, but for what nobody reads", () => {
    expect(parseBlock(Buffer.from(text))).toEqual(bare);
    const spaced = JSON.stringify(block, undefined, 2);
    expect(parseBlock(Buffer.from(` ${spaced}\n`))).toEqual(bare);
    expect(read(`{"block":[${text} , ${spaced}]}`)).toEqual([bare, bare]);
    expect(read("{}")).toEqual([]);
    expect(read('{"block":[]}')).toEqual([]);
    expect(parseBlock(Buffer.from("{}"))).toEqual({});
  });

  test("whose strings are not plain hex are not called plain, and the schema sees them", () => {
    const [first, ...rest] = transactions;
    for (const strange of [
      { ...first, txID: first?.txID.toUpperCase() },
      { ...first, raw_data_hex: "0A02d3c4" },
      { ...first, raw_data_hex: "0a0" },
      { ...first, raw_data_hex: 7 },
      { ...first, txID: "ab" },
      { ...first, signature: ["xy"] },
    ]) {
      const answer = JSON.stringify({ ...block, transactions: [strange, ...rest] });
      const value = parseBlock(Buffer.from(answer)) as { transactions: unknown };
      expect(value).toEqual(parseLossless(answer));
      expect(isPlain(value.transactions)).toBe(false);
      expect(() => read(`{"block":[${answer}]}`)).toThrow("cannot be trusted");
    }
  });

  test("with a result that is none are refused although their hex is plain", () => {
    const answer = JSON.stringify({ ...block, transactions: [{ ...transactions[0], ret: "SUCCESS" }] });
    expect(() => read(`{"block":[${answer}]}`)).toThrow("cannot be trusted");
  });

  test("with a field of a newer version keep it, because it is part of the hash", () => {
    const answer = JSON.stringify({ ...block, transactions: [{ ...transactions[0], newer: 1 }] });
    expect(parseBlock(Buffer.from(answer))).toEqual(parseLossless(answer));
  });

  test("one strange block among others does not make the others strange", () => {
    const strange = JSON.stringify({ ...block, transactions: [{ ...transactions[0], newer: 1 }] });
    expect(read(`{"block":[${strange},${text}]}`)).toEqual([parseLossless(strange), bare]);
  });

  test.each(["", "{", text.slice(0, -1), `${text}x`, `${text}${text}`, '{"block":[{]}', '{"block":[{"a":1,}]}', "[]]"])(
    "text that is no JSON is an error: %#",
    (wrong) => {
      expect(() => read(wrong)).toThrow(SyntaxError);
    },
  );
});

describe("receipts", () => {
  const party = "ab".repeat(20);
  const log = (topics: string[], data = "00".repeat(32)) => ({ address: "cd".repeat(20), topics, data });
  const word = (address: string) => address.padStart(64, "0");
  const info = {
    id: "11".repeat(32),
    fee: 27_255_900,
    blockNumber: 100,
    contractResult: [""],
    blockTimeStamp: 1_777_447_479_000,
    contract_address: "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    receipt: { energy_usage_total: 130_285, net_usage: 345, energy_penalty_total: 3, result: "SUCCESS" },
    log: [log(["dd".repeat(32), word("ef".repeat(20)), word(party)]), log([])],
    internal_transactions: [{ note: "]}" }],
  };

  test("are the same facts as by way of the general parser", () => {
    const failed = { ...info, result: "FAILED", resMessage: "ab", receipt: { result: "OUT_OF_ENERGY" } };
    const answer = JSON.stringify([info, { ...failed, log: undefined }, { ...info, contract_address: undefined }]);
    const quick = parseReceipts(Buffer.from(answer));
    expect(isPlainReceipts(quick)).toBe(true);
    const plainly = (value: unknown) =>
      readInfos(value)
        .map(receiptFact)
        .map((fact) => ({ ...fact, logs: [...(fact.logs ?? [])] }));
    expect(plainly(quick)).toEqual(plainly(parseLossless(answer)));
    expect(plainly(quick)[0]?.logs).toEqual(info.log);
  });

  test("know who is in a transfer's topics without being taken apart", () => {
    const [fact] = readInfos(parseReceipts(Buffer.from(JSON.stringify([info])))).map(receiptFact);
    const asked: string[] = [];
    const logs = fact?.logs as unknown as { mention: (isWanted: (hex: Buffer, at: number) => boolean) => boolean };
    logs.mention((hex, at) => asked.push(hex.toString("latin1", at, at + 40)) === 0);
    expect(asked).toEqual(["ef".repeat(20), party]);
    const watched = new AddressSet();
    expect(logs.mention((hex, at) => watched.hasAt(hex, at))).toBe(false);
    watched.add(party);
    expect(logs.mention((hex, at) => watched.hasAt(hex, at))).toBe(true);
  });

  test.each([
    ["an amount beyond 2^53", { fee: 9_223_372_036_854_775_807n }],
    ["an amount below zero", { fee: -1 }],
    ["a fraction", { fee: 1.5 }],
    ["an upper-case topic", { log: [log(["AB".repeat(32)])] }],
    ["half a topic", { log: [log(["ab"])] }],
    ["a log without address", { log: [{ topics: [] }] }],
    ["an escaped word", { receipt: { result: "SU\u00e9CCESS" } }],
    ["no number", { blockNumber: undefined }],
  ])("with %s go to the general parser and the schema", (_, changes) => {
    const answer = JSON.stringify([{ ...info, ...changes }], (_key, value: unknown) =>
      typeof value === "bigint" ? `BIG${value}` : value,
    ).replace(/"BIG(\d+)"/, "$1");
    const outcome = (parse: () => unknown) => {
      try {
        return parse();
      } catch (error) {
        return (error as Error).name;
      }
    };
    const quick = outcome(() => parseReceipts(Buffer.from(answer)));
    expect(isPlainReceipts(quick)).toBe(false);
    expect(quick).toEqual(outcome(() => parseLossless(answer)));
  });
});

test("whatever is written, a block is read as the general parser reads it or not at all", () => {
  const list = fc.array(fc.constantFrom(...transactions), { maxLength: 3 });
  const noise = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }).filter(isExact), { maxKeys: 3 });
  fc.assert(
    fc.property(list, noise, fc.nat(3), (some, fields, space) => {
      const answer = JSON.stringify({ ...fields, transactions: some }, undefined, space);
      const expected = parseLossless(answer) as { transactions: Record<string, unknown>[] };
      for (const each of expected.transactions) {
        delete each["raw_data"];
        delete each["visible"];
      }
      expect(parseBlock(Buffer.from(answer))).toEqual(expected);
    }),
  );
  expect.hasAssertions();
});

function read(answer: string): unknown[] {
  return Array.from(readBlocks(parseBlocks(Buffer.from(answer))));
}

function withoutVisible({ visible: _, ...rest }: Record<string, unknown>) {
  return rest;
}

/** Nodes write integers only, and none beyond int64. */
function isExact(value: unknown): boolean {
  return !/[0-9][.eE]|[0-9]{19}/.test(JSON.stringify(value));
}
