import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/domain/errors.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import * as tron from "../../src/tron/transaction.ts";
import { data, transactions, vectors } from "./support.ts";

const ONE_SIGNATURE = ["ab".repeat(65)];

describe("the vectors", () => {
  test.each(transactions)("%s is decoded and encoded to the same bytes and txID", (_, { raw_data_hex, txID }) => {
    expect(tron.encodeRawTransaction(tron.decodeRawTransaction(raw_data_hex))).toBe(raw_data_hex);
    expect(tron.txIdOf(raw_data_hex)).toBe(txID);
  });

  test.each(Object.entries(vectors.txs))("%s has its type, its values and its bandwidth", (_, vector) => {
    const [contract] = tron.decodeRawTransaction(vector.raw_data_hex).contracts;
    expect(contract?.type).toBe(vector.type);
    expect(contract?.value).toMatchObject({ owner_address: vector.value["owner_address"] });
    expect(tron.bandwidthOf({ rawHex: vector.raw_data_hex, signatures: ONE_SIGNATURE })).toBe(vector.bandwidth);
  });

  test("a TRX transfer says who pays whom how much", () => {
    expect(tron.decodeRawTransaction(vectors.transferVector.raw_data_hex)).toEqual({
      refBlockBytes: "2927",
      refBlockHash: "39ece39d08a7abe4",
      expiration: 1_777_447_527_000n,
      timestamp: 1_777_447_467_000n,
      feeLimit: 0n,
      data: "",
      contracts: [
        {
          type: "TransferContract",
          permissionId: 0,
          value: { owner_address: vectors.pkA.hex, to_address: vectors.pkB.hex, amount: 1_000_000n },
        },
      ],
    });
  });

  test("the memo of a transfer is part of what is signed", () => {
    expect(tron.decodeRawTransaction(vectors.memo.raw_data_hex).data).toBe(vectors.memo.data);
  });

  test("a signed transaction has the bytes that a node takes", () => {
    const { raw_data_hex, signature, broadcasthex, serialized_bytes, bandwidth, txID } = vectors.transferVector;
    expect(tron.encodeSigned(raw_data_hex, signature)).toBe(broadcasthex);
    const signed = tron.decodeSigned(broadcasthex);
    expect(signed).toEqual({ rawHex: raw_data_hex, signatures: [signature[0]?.toLowerCase()], txId: txID });
    expect(tron.sizeOf(signed)).toBe(serialized_bytes);
    expect(tron.bandwidthOf(signed)).toBe(bandwidth);
  });

  test.each(vectors.usdtSizes)("a USDT transfer with fee limit $default_fee_limit costs $bandwidth bytes", (size) => {
    const raw = tron.decodeRawTransaction(vectors.usdtVector.raw_data_hex);
    const rawHex = tron.encodeRawTransaction({ ...raw, feeLimit: BigInt(size.default_fee_limit) });
    expect(rawHex.length / 2).toBe(size.raw);
    expect(tron.sizeOf({ rawHex, signatures: ONE_SIGNATURE })).toBe(size.serialized);
    expect(tron.bandwidthOf({ rawHex, signatures: ONE_SIGNATURE })).toBe(size.bandwidth);
  });

  test("the sizes of the two payments are the published ones", () => {
    const { trxTransfer, usdtTransfer } = data.resourceNumbers.bandwidthBytes;
    const sizes = [vectors.transferVector, vectors.usdtVector].map(({ raw_data_hex, signature }) =>
      tron.bandwidthOf({ rawHex: raw_data_hex, signatures: signature }),
    );
    expect(sizes).toEqual([trxTransfer, usdtTransfer]);
  });

  test("each further signature costs 67 bytes", () => {
    const rawHex = vectors.transferVector.raw_data_hex;
    const [one, two] = [1, 2].map((count) =>
      tron.bandwidthOf({ rawHex, signatures: Array<string>(count).fill("00".repeat(65)) }),
    );
    expect((two ?? 0) - (one ?? 0)).toBe(67);
  });

  test("the reference to a block is the end of its number and the middle of its id", () => {
    expect(tron.refBlockOf(49_359_143, `0000000002f12927${"39ece39d08a7abe4"}${"0".repeat(32)}`)).toEqual({
      refBlockBytes: "2927",
      refBlockHash: "39ece39d08a7abe4",
    });
    expect(tron.refBlockOf(65_536 * 3 + 5, "0".repeat(64)).refBlockBytes).toBe("0005");
  });
});

describe("strictness", () => {
  const usdt = vectors.usdtVector.raw_data_hex;

  test.each([
    ["a trailing byte", `${usdt}00`],
    ["an unknown field", `${usdt}a00101`],
    ["a field twice", `${usdt}900180c2d72f`],
    ["a field that is zero yet present", `${vectors.transferVector.raw_data_hex}900100`],
    ["a number with a needless byte", `${vectors.transferVector.raw_data_hex}90018100`],
    ["fields in another order", `${usdt.slice(8)}${usdt.slice(0, 8)}`],
    ["a cut end", usdt.slice(0, -2)],
    ["a number that never ends", "40ffffffffffffffffffffffff"],
    ["a length beyond the end", "0aff01"],
    ["the wrong wire type", "0801"],
    ["odd hex", usdt.slice(1)],
    ["no hex", "zz"],
    ["another contract type than its parameter says", usdt.replace("081f12", "080112")],
    ["an unknown contract type", usdt.replace("081f12", "080912")],
  ])("%s is refused", (_, hex) => {
    let caught: unknown;
    try {
      tron.decodeRawTransaction(hex);
    } catch (error) {
      caught = error;
    }
    expect(isFault(caught) && caught.code).toBe("tx_malformed");
  });

  test("an unknown field inside the contract is refused", () => {
    const raw = tron.decodeRawTransaction(vectors.transferVector.raw_data_hex);
    const [contract] = raw.contracts;
    if (contract?.type !== "TransferContract") throw new Error("the vector is a transfer");
    const longer = vectors.transferVector.raw_data_hex
      .replace("5a67", "5a69")
      .replace("1263", "1265")
      .replace("1232", "1234")
      .replace("18c0843d", "18c0843d2001");
    expect(() => tron.decodeRawTransaction(longer)).toThrow("unknown field 4");
  });

  test("whatever bytes come, they are either refused as malformed or encoded back to themselves", () => {
    const bytes = Buffer.from(usdt, "hex");
    const mutated = fc
      .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }))
      .map(([at, value]) => Buffer.from(bytes).fill(value, at, at + 1));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (some) => {
        const hex = Buffer.from(some).toString("hex");
        try {
          expect(tron.encodeRawTransaction(tron.decodeRawTransaction(hex))).toBe(hex);
        } catch (error) {
          if (!isFault(error)) throw error;
          expect(error.code).toBe("tx_malformed");
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("encoding", () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const hex = (bytes: number) =>
    fc.uint8Array({ minLength: 0, maxLength: bytes }).map((some) => Buffer.from(some).toString("hex"));
  const transfer: fc.Arbitrary<Contract> = fc.record({
    type: fc.constant("TransferContract" as const),
    permissionId: fc.nat(9),
    value: fc.record({ owner_address: hex(21), to_address: hex(21), amount: int64 }),
  });
  const trigger: fc.Arbitrary<Contract> = fc.record({
    type: fc.constant("TriggerSmartContract" as const),
    permissionId: fc.nat(9),
    value: fc.record({
      owner_address: hex(21),
      contract_address: hex(21),
      call_value: int64,
      data: hex(100),
      call_token_value: int64,
      token_id: int64,
    }),
  });

  test("any transaction survives encoding, also with negative numbers and empty fields", () => {
    const raw = fc.record({
      refBlockBytes: hex(2),
      refBlockHash: hex(8),
      expiration: int64,
      timestamp: int64,
      feeLimit: int64,
      data: hex(200),
      contracts: fc.array(fc.oneof(transfer, trigger), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(raw, (some) => {
        expect(tron.decodeRawTransaction(tron.encodeRawTransaction(some))).toEqual(some);
      }),
    );
  });

  test("a result that somebody attached to a signed transaction is dropped", () => {
    const { broadcasthex, txID } = vectors.transferVector;
    expect(tron.decodeSigned(`${broadcasthex}2a021801`)).toEqual({ ...tron.decodeSigned(broadcasthex), txId: txID });
  });

  test("signed bytes with anything behind them are refused", () => {
    expect(() => tron.decodeSigned(`${vectors.transferVector.broadcasthex}3001`)).toThrow("unknown field 6");
  });
});
