import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SigningOrder } from "../../src/ports/world.ts";
import { differences } from "../../src/security/order-check.ts";
import { createTransactionBuilder } from "../../src/security/transaction-builder.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { decodeRawTransaction, encodeRawTransaction, txIdOf } from "../../src/tron/transaction.ts";
import type { RawTransaction } from "../../src/tron/transaction.ts";
import { encodeTransferCall } from "../../src/tron/trc20.ts";
import { corpus } from "./malicious-bytes.ts";
import { thrownBy, units, USDT, vectorOrder, vectors } from "./support.ts";

const build = createTransactionBuilder(USDT);
const trxOrder = vectorOrder({ asset: "TRX", feeLimitSun: units(0) });

function fieldsOf(order: SigningOrder, rawHex: string, txId = txIdOf(rawHex)): string[] {
  const found = differences({ order, built: { rawHex, txId }, signer: vectors.pkA.address, usdtContract: USDT });
  return found.map((each) => each.field);
}

describe("bytes that say what was ordered", () => {
  test("the published transfers pass", () => {
    expect(fieldsOf(trxOrder, vectors.transferVector.raw_data_hex, vectors.transferVector.txID)).toEqual([]);
    expect(fieldsOf(vectorOrder(), vectors.usdtVector.raw_data_hex, vectors.usdtVector.txID)).toEqual([]);
  });
});

describe("bytes that say something else", () => {
  test.each(corpus(vectorOrder(), vectors.usdtVector.raw_data_hex))("USDT: $name is refused", ({ rawHex, field }) => {
    expect(fieldsOf(vectorOrder(), rawHex)).toContain(field);
  });

  test.each(corpus(trxOrder, vectors.transferVector.raw_data_hex))("TRX: $name is refused", ({ rawHex, field }) => {
    expect(fieldsOf(trxOrder, rawHex)).toContain(field);
  });

  test("any flipped bit is refused, with the txID of the changed bytes or of the old ones", () => {
    for (const [order, vector] of [
      [vectorOrder(), vectors.usdtVector],
      [trxOrder, vectors.transferVector],
    ] as const) {
      const bytes = Buffer.from(vector.raw_data_hex, "hex");
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(fieldsOf(order, changed.toString("hex"))).not.toEqual([]);
        expect(fieldsOf(order, changed.toString("hex"), vector.txID)).not.toEqual([]);
      }
    }
  });

  test("bytes with anything put in, cut out or repeated are refused", () => {
    const raw = vectors.usdtVector.raw_data_hex;
    fc.assert(
      fc.property(fc.nat(raw.length / 2), fc.nat(20), fc.uint8Array({ maxLength: 20 }), (at, cut, insert) => {
        const changed = raw.slice(0, at * 2) + Buffer.from(insert).toString("hex") + raw.slice((at + cut) * 2);
        fc.pre(changed !== raw);
        expect(fieldsOf(vectorOrder(), changed)).not.toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("only the bytes of the order itself pass, whatever fields an attacker chooses", () => {
    const order = vectorOrder();
    const right = decodeRawTransaction(vectors.usdtVector.raw_data_hex);
    const hex20 = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const often = <T>(value: T, other: fc.Arbitrary<T>) => fc.oneof(fc.constant(value), other);
    const int = fc.bigInt(0n, 2n ** 63n - 1n);
    const chosen = fc.record({
      expiration: often(right.expiration, int),
      timestamp: often(right.timestamp, int),
      feeLimit: often(right.feeLimit, int),
      data: often("", fc.constant("00")),
      amount: often(BigInt(order.amount), int),
      token: often(
        toHex41(USDT),
        hex20.map((each) => `41${each}`),
      ),
      owner: often(
        toHex41(order.from),
        hex20.map((each) => `41${each}`),
      ),
      permissionId: often(0, fc.nat(8)),
    });
    fc.assert(
      fc.property(chosen, (c) => {
        const value = {
          owner_address: c.owner,
          contract_address: c.token,
          call_value: 0n,
          data: encodeTransferCall(order.to, c.amount),
          call_token_value: 0n,
          token_id: 0n,
        };
        const raw: RawTransaction = {
          ...right,
          expiration: c.expiration,
          timestamp: c.timestamp,
          feeLimit: c.feeLimit,
          data: c.data,
          contracts: [{ type: "TriggerSmartContract", permissionId: c.permissionId, value }],
        };
        const rawHex = encodeRawTransaction(raw);
        expect(fieldsOf(order, rawHex).length === 0).toBe(rawHex === vectors.usdtVector.raw_data_hex);
      }),
      { numRuns: 500 },
    );
  });

  test("another txID, upper case, an empty text and non-hex are refused", () => {
    const raw = vectors.usdtVector.raw_data_hex;
    expect(fieldsOf(vectorOrder(), raw, "00".repeat(32))).toEqual(["txId"]);
    expect(fieldsOf(vectorOrder(), raw, vectors.usdtVector.txID.toUpperCase())).toEqual(["txId"]);
    for (const text of ["", "0", "xyz", raw.toUpperCase(), `${raw} `, `0x${raw}`]) {
      expect(fieldsOf(vectorOrder(), text, vectors.usdtVector.txID)).toEqual(["encoding"]);
    }
  });

  test("a key of another address than the order's sender is refused", () => {
    const built = { rawHex: vectors.usdtVector.raw_data_hex, txId: vectors.usdtVector.txID };
    const check = { order: vectorOrder(), built, signer: vectors.pkB.address, usdtContract: USDT };
    expect(differences(check).map((each) => each.field)).toEqual(["signer"]);
  });

  test("every change of the order makes the old bytes wrong", () => {
    const changes: Partial<SigningOrder>[] = [
      { asset: "TRX" },
      { from: vectors.pk1.address },
      { to: vectors.pk1.address },
      { amount: units(1_000_001) },
      { feeLimitSun: units(100_000_001) },
      { feeLimitSun: units(0) },
      { expiration: vectorOrder().expiration + 1 },
      { timestamp: vectorOrder().timestamp + 1 },
      { reference: { ...vectorOrder().reference, number: vectorOrder().reference.number + 1 } },
      { reference: { ...vectorOrder().reference, id: "00".repeat(32) } },
    ];
    for (const change of changes) {
      expect(fieldsOf(vectorOrder(change), vectors.usdtVector.raw_data_hex), JSON.stringify(change)).not.toEqual([]);
    }
  });

  test("differences show both values, cut to a readable length", () => {
    const rawHex = encodeRawTransaction({
      ...decodeRawTransaction(vectors.usdtVector.raw_data_hex),
      data: "ab".repeat(500),
    });
    const built = { rawHex, txId: txIdOf(rawHex) };
    const found = differences({ order: vectorOrder(), built, signer: vectors.pkA.address, usdtContract: USDT });
    expect(found).toEqual([{ field: "memo", ordered: "", found: `${"ab".repeat(80)}…` }]);
  });
});

describe("the builder", () => {
  test("makes the published bytes", () => {
    expect(build(vectorOrder())).toEqual({
      rawHex: vectors.usdtVector.raw_data_hex,
      txId: vectors.usdtVector.txID,
    });
    expect(build(trxOrder)).toEqual({
      rawHex: vectors.transferVector.raw_data_hex,
      txId: vectors.transferVector.txID,
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ["a recipient with a wrong checksum", { to: "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiG" }],
    ["a recipient in hex", { to: vectors.pkB.hex }],
    ["a sender that is no address", { from: "T" }],
    ["a USDT transfer without a fee limit", { feeLimitSun: units(0) }],
    ["a reference block without an id", { reference: { number: 1, id: "" } }],
    ["no expiration", { expiration: undefined }],
    ["no timestamp", { timestamp: undefined }],
    ["TRX beyond what a double holds", { asset: "TRX", amount: units(2n ** 53n) }],
    ["TRX of nothing", { asset: "TRX", amount: units(0) }],
    ["TRX to oneself", { asset: "TRX", to: vectors.pkA.address }],
    ["a fee limit beyond what a double holds", { feeLimitSun: units(2n ** 53n) }],
  ])("refuses %s", (_name, change) => {
    expect(thrownBy(() => build({ ...vectorOrder(), ...change }))).toMatchObject({ code: "order_mismatch" });
  });

  test("carries the largest USDT amount exactly", () => {
    const order = vectorOrder({ amount: units(2n ** 63n - 1n) });
    const { rawHex, txId } = build(order);
    expect(fieldsOf(order, rawHex, txId)).toEqual([]);
  });
});

test("building opens no socket", async () => {
  const { subscribe, unsubscribe } = await import("node:diagnostics_channel");
  const opened: unknown[] = [];
  const note = (message: unknown): void => void opened.push(message);
  const channels = ["net.client.socket", "undici:request:create", "http.client.request.start"];
  for (const channel of channels) subscribe(channel, note);
  for (const order of [vectorOrder(), trxOrder]) {
    for (let i = 0; i < 20; i += 1) build({ ...order, timestamp: 1_777_447_467_000 + i });
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened).toEqual([]);
  // The control: the same ears hear a request that is really made.
  await import("node:http").then(
    ({ get }) => new Promise<void>((resolve) => get("http://127.0.0.1:1").on("error", () => resolve())),
  );
  for (const channel of channels) unsubscribe(channel, note);
  expect(opened.length).toBeGreaterThan(0);
});
