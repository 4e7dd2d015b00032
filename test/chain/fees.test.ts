import fc from "fast-check";
import { expect, test } from "vitest";
import { cappedBy, trxEstimate, usdtEstimate } from "../../src/chain/fees.ts";
import type { ChainParameters, TransferOrder } from "../../src/domain/chain-facts.ts";
import { big, units } from "../../src/domain/money.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { bandwidthOf, decodeSigned } from "../../src/tron/transaction.ts";
import { signTransfer } from "./support.ts";

const parameters: ChainParameters = {
  energyFeeSun: 100,
  bandwidthFeeSun: 1_000,
  maxFeeLimitSun: 15_000_000_000,
  createAccountFeeSun: 100_000,
  newAccountFeeSun: 1_000_000,
  memoFeeSun: 1_000_000,
  unfreezeDelayDays: 14,
  raw: {},
};
const TO_HOLDER = { energy: 64_285, penalty: 1_500 };
const policy = { headroomPercent: 25, feeCapSun: units(20_000_000n) };
const privateKey = "11".repeat(32);
const from = privateKeyToAddress(privateKey);
const to = privateKeyToAddress("22".repeat(32));

test("the fee limit is the estimate with a quarter on top, times the price of the chain", () => {
  const estimate = usdtEstimate(TO_HOLDER, { parameters, policy });
  expect(estimate).toEqual({ ...TO_HOLDER, bandwidth: 345, burnSun: "6773500", feeLimitSun: "8035700" });
});

test("the price is the chain's, whatever it is", () => {
  const dear = { ...parameters, energyFeeSun: 210 };
  expect(usdtEstimate(TO_HOLDER, { parameters: dear, policy })).toMatchObject({ feeLimitSun: String(80_357 * 210) });
});

test("an estimate above the cap is refused, and head-room never goes past the cap", () => {
  const at = (feeCapSun: bigint) =>
    usdtEstimate(TO_HOLDER, { parameters, policy: { headroomPercent: 25, feeCapSun: units(feeCapSun) } });
  expect(() => at(6_773_499n)).toThrow(expect.objectContaining({ code: "fee_cap_exceeded" }));
  expect(at(6_773_500n).feeLimitSun).toBe("6428500");
  expect(at(7_345_000n).feeLimitSun).toBe("7000000");
});

test("what the chain permits as fee limit is never exceeded", () => {
  const tight = { ...parameters, maxFeeLimitSun: 6_500_000 };
  expect(usdtEstimate(TO_HOLDER, { parameters: tight, policy }).feeLimitSun).toBe("6500000");
  const tooTight = { ...parameters, maxFeeLimitSun: 6_428_499 };
  expect(() => usdtEstimate(TO_HOLDER, { parameters: tooTight, policy })).toThrow(
    expect.objectContaining({ code: "fee_cap_exceeded" }),
  );
});

test("a TRX transfer that costs more than the cap is refused", () => {
  const order: TransferOrder = { asset: "TRX", from, to, amount: units(1n) };
  const tight = { headroomPercent: 25, feeCapSun: units(1_000_000n) };
  expect(() => trxEstimate(order, { parameters, recipientActivated: false, policy: tight })).toThrow(
    expect.objectContaining({ code: "fee_cap_exceeded" }),
  );
});

test("estimated bytes are the bytes of the signed transfer, for any amount", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 62n }), fc.integer({ min: 1, max: 130_285 }), (amount, energy) => {
      const usdt = usdtEstimate({ energy, penalty: 0 }, { parameters, policy });
      const trxOrder: TransferOrder = { asset: "TRX", from, to, amount: units(amount) };
      const trx = trxEstimate(trxOrder, { parameters, recipientActivated: true, policy });
      const terms = {
        privateKey,
        usdtContract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        reference: { number: 1, id: "0".repeat(64) },
        now: 1_777_447_467_000,
        feeLimit: big(usdt.feeLimitSun),
      };
      expect(bandwidthOf(decodeSigned(signTransfer(trxOrder, terms).signedHex))).toBe(trx.bandwidth);
      expect(bandwidthOf(decodeSigned(signTransfer({ ...trxOrder, asset: "USDT" }, terms).signedHex))).toBe(
        usdt.bandwidth,
      );
    }),
    { numRuns: 50 },
  );
  expect.hasAssertions();
});

test("an order's own cap lowers the cap of every transfer and never raises it", () => {
  expect(cappedBy(undefined, policy)).toBe(policy);
  expect(cappedBy(units(7_000_000n), policy)).toEqual({ headroomPercent: 25, feeCapSun: "7000000" });
  expect(cappedBy(units(30_000_000n), policy)).toEqual(policy);
});
