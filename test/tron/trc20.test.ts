import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex41 } from "../../src/tron/address.ts";
import { keccakOfText } from "../../src/tron/hashes.ts";
import { decodeRawTransaction } from "../../src/tron/transaction.ts";
import {
  decodeTransferCall,
  decodeTransferLog,
  encodeTransferCall,
  encodeUint,
  SELECTORS,
  TOPICS,
} from "../../src/tron/trc20.ts";
import { data, vectors } from "./support.ts";

const word = (hex: string) => hex.padStart(64, "0");

describe("selectors and topics", () => {
  test.each(Object.entries(SELECTORS))("%s is %s", (signature, selector) => {
    expect(keccakOfText(signature).slice(0, 8)).toBe(selector);
    expect(data.selectors[signature]).toBe(selector);
  });

  test.each(Object.entries(TOPICS))("%s is %s", (signature, topic) => {
    expect(keccakOfText(signature)).toBe(topic);
    expect(data.eventTopics[signature]).toBe(topic);
  });
});

describe("transfer calls", () => {
  const [contract] = decodeRawTransaction(vectors.usdtVector.raw_data_hex).contracts;
  const vector = contract?.type === "TriggerSmartContract" ? contract.value.data : "";

  test("the call of the vector says who gets how much, and is encoded back", () => {
    expect(decodeTransferCall(vector)).toEqual({ to: vectors.pkB.address, amount: 1_000_000n });
    expect(encodeTransferCall(vectors.pkB.address, 1_000_000n)).toBe(vector);
  });

  test("the 41 that some clients leave in the address word is ignored", () => {
    const dirty = vector.replace(word(vectors.pkB.hex.slice(2)), word(vectors.pkB.hex));
    expect(decodeTransferCall(dirty)).toEqual({ to: vectors.pkB.address, amount: 1_000_000n });
  });

  test.each([
    ["one byte longer", `${vector}00`],
    ["one byte shorter", vector.slice(0, -2)],
    ["of another function", `23b872dd${vector.slice(8)}`],
    ["empty", ""],
  ])("data that is %s is no transfer", (_, some) => {
    expect(decodeTransferCall(some)).toBeUndefined();
  });

  test("any transfer survives encoding", () => {
    const to = fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .map((some) => fromHex41(`41${Buffer.from(some).toString("hex")}`));
    fc.assert(
      fc.property(to, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (payee, amount) => {
        expect(decodeTransferCall(encodeTransferCall(payee, amount))).toEqual({ to: payee, amount });
      }),
    );
  });

  test("a number that is no uint256 is refused", () => {
    expect(() => encodeUint(-1n)).toThrow("not a uint256");
    expect(() => encodeUint(2n ** 256n)).toThrow("not a uint256");
  });
});

describe("transfer events", () => {
  const log = {
    address: "a614f803b6fd780986a42c78ec9c7f77e6ded13c",
    topics: [
      TOPICS["Transfer(address,address,uint256)"],
      word(vectors.pkA.hex.slice(2)),
      word(vectors.pkB.hex.slice(2)),
    ],
    data: encodeUint(5n),
  };

  test("say who paid whom how much", () => {
    expect(decodeTransferLog(log)).toEqual({ from: vectors.pkA.address, to: vectors.pkB.address, amount: 5n });
  });

  test.each([
    ["another event", { ...log, topics: [TOPICS["Approval(address,address,uint256)"], ...log.topics.slice(1)] }],
    ["a topic too few", { ...log, topics: log.topics.slice(0, 2) }],
    ["a topic too many", { ...log, topics: [...log.topics, word("1")] }],
    ["more data than a word", { ...log, data: `${log.data}00` }],
    ["no data", { ...log, data: "" }],
  ])("%s is not one", (_, other) => {
    expect(decodeTransferLog(other)).toBeUndefined();
  });
});
