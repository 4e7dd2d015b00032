import { describe, expect, test } from "vitest";
import { decodeSignedTransfer } from "../../src/tron/signed-transfer.ts";
import { decodeRawTransaction, encodeRawTransaction, encodeSigned } from "../../src/tron/transaction.ts";
import { data, vectors } from "./support.ts";

const usdt = data.addresses["usdtMainnet"]?.base58 ?? "";
const { transferVector, usdtVector, pkA, pkB, txs } = vectors;
const signedUsdt = encodeSigned(usdtVector.raw_data_hex, usdtVector.signature);

describe("a transfer that somebody else signed", () => {
  test("of TRX or of the token is read in full", () => {
    const parties = { from: pkA.address, to: pkB.address, amount: "1000000" };
    const common = { expiration: 1_777_447_527_000, signatures: 1 };
    expect(decodeSignedTransfer(transferVector.broadcasthex, usdt)).toEqual({
      ...common,
      txId: transferVector.txID,
      transfer: { asset: "TRX", ...parties },
      feeLimitSun: "0",
      signedHex: transferVector.broadcasthex,
    });
    expect(decodeSignedTransfer(signedUsdt, usdt)).toEqual({
      ...common,
      txId: usdtVector.txID,
      transfer: { asset: "USDT", ...parties },
      feeLimitSun: "100000000",
      signedHex: signedUsdt,
    });
  });

  test("is read without the results that its bytes may carry", () => {
    expect(decodeSignedTransfer(`${signedUsdt}2a021801`, usdt).signedHex).toBe(signedUsdt);
  });

  test("has one to five signatures of 65 bytes", () => {
    const [signature = ""] = usdtVector.signature;
    const signed = (...signatures: string[]) => encodeSigned(usdtVector.raw_data_hex, signatures);
    expect(decodeSignedTransfer(signed(...Array.from({ length: 5 }, () => signature)), usdt).signatures).toBe(5);
    for (const hex of [
      signed(...Array.from({ length: 6 }, () => signature)),
      signed(signature.slice(2)),
      signed(`${signature}00`),
    ])
      expect(() => decodeSignedTransfer(hex, usdt)).toThrow(expect.objectContaining({ code: "tx_malformed" }));
  });

  test("of another token, of another kind or with TRX on top is not allowed", () => {
    const refused = (hex: string, token = usdt) => {
      try {
        decodeSignedTransfer(hex, token);
        return "accepted";
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    };
    expect(refused(signedUsdt, pkA.address)).toBe("tx_type_not_allowed");
    const vote = txs["vote"]?.raw_data_hex ?? "";
    expect(refused(encodeSigned(vote, usdtVector.signature))).toBe("tx_type_not_allowed");
    const raw = decodeRawTransaction(usdtVector.raw_data_hex);
    const changed = (change: object) => {
      const contracts = raw.contracts.map((contract) => ({ ...contract, value: { ...contract.value, ...change } }));
      return encodeSigned(
        encodeRawTransaction({ ...raw, contracts: contracts as typeof raw.contracts }),
        usdtVector.signature,
      );
    };
    expect(refused(changed({ call_value: 1n }))).toBe("tx_type_not_allowed");
    expect(refused(changed({ call_token_value: 1n }))).toBe("tx_type_not_allowed");
    expect(refused(changed({ data: "23b872dd" }))).toBe("tx_type_not_allowed");
    expect(refused(changed({}))).toBe("accepted");
    expect(refused(encodeSigned(usdtVector.raw_data_hex, []))).toBe("tx_malformed");
    const none = encodeRawTransaction({ ...raw, contracts: [] });
    expect(refused(encodeSigned(none, usdtVector.signature))).toBe("tx_malformed");
    const two = encodeRawTransaction({ ...raw, contracts: [...raw.contracts, ...raw.contracts] });
    expect(refused(encodeSigned(two, usdtVector.signature))).toBe("tx_malformed");
  });

  test("with numbers that no transfer has is malformed", () => {
    const usdtRaw = decodeRawTransaction(usdtVector.raw_data_hex);
    const trxRaw = decodeRawTransaction(transferVector.raw_data_hex);
    const called = (raw: typeof usdtRaw, change: object) =>
      raw.contracts.map((contract) => ({
        ...contract,
        value: { ...contract.value, ...change },
      })) as typeof raw.contracts;
    const transferOf = (amount: string) => `a9059cbb${"0".repeat(24)}${"11".repeat(20)}${amount.padStart(64, "0")}`;
    const wrong = {
      "a negative amount": { ...trxRaw, contracts: called(trxRaw, { amount: -1n }) },
      "more USDT than there can be": { ...usdtRaw, contracts: called(usdtRaw, { data: transferOf("f".repeat(64)) }) },
      "a negative fee limit": { ...usdtRaw, feeLimit: -1n },
      "an expiration before there was time": { ...usdtRaw, expiration: -9_000_000_000_000_000_000n },
      "an expiration after all time": { ...usdtRaw, expiration: 9_000_000_000_000_000_000n },
    };
    for (const [what, raw] of Object.entries(wrong)) {
      const hex = encodeSigned(encodeRawTransaction(raw), usdtVector.signature);
      expect(() => decodeSignedTransfer(hex, usdt), what).toThrow(
        expect.objectContaining({
          code: "tx_malformed",
          message: expect.stringMatching(/amount|fee limit|expiration/),
        }),
      );
    }
  });
});
