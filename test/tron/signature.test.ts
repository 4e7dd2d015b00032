import fc from "fast-check";
import { utils } from "tronweb";
import { describe, expect, test } from "vitest";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { recoverAddress, sign } from "../../src/tron/signature.ts";
import { vectors } from "./support.ts";

const { transferVector, usdtVector, pkA } = vectors;
const signed = sign(transferVector.txID, pkA.privateKey);

describe("signing", () => {
  test.each([transferVector, usdtVector])("gives the bytes of the vector $txID", ({ txID, signature }) => {
    expect(sign(txID, pkA.privateKey)).toBe(signature[0]?.toLowerCase());
    expect(sign(txID, Buffer.from(pkA.privateKey, "hex"))).toBe(signature[0]?.toLowerCase());
  });

  test("gives the bytes that TronWeb gives, for any key and any txID, and names its signer", () => {
    const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((some) => Buffer.from(some).toString("hex"));
    const key = word.filter((hex) => hex < "f".repeat(31) && /[1-9a-f]/.test(hex));
    fc.assert(
      fc.property(word, key, (txId, privateKey) => {
        const ours = sign(txId, privateKey);
        expect(ours).toBe(
          utils.crypto
            .ECKeySign(Buffer.from(txId, "hex"), [...Buffer.from(privateKey, "hex")])
            .replace("0x", "")
            .toLowerCase(),
        );
        expect(recoverAddress(txId, ours)).toBe(privateKeyToAddress(privateKey));
      }),
      { numRuns: 50 },
    );
  });

  test("refuses what is no key and what is no txID", () => {
    expect(() => sign(transferVector.txID, "00".repeat(32))).toThrow("not a secp256k1 private key");
    expect(() => sign("abcd", pkA.privateKey)).toThrow("a txID is 32 bytes");
  });
});

describe("recovering", () => {
  test("accepts v as 0, 1, 27 and 28", () => {
    const id = signed.endsWith("1c") ? ["01", "1c"] : ["00", "1b"];
    for (const v of id) expect(recoverAddress(transferVector.txID, signed.slice(0, 128) + v)).toBe(pkA.address);
    for (const v of signed.endsWith("1c") ? ["00", "1b"] : ["01", "1c"]) {
      expect(recoverAddress(transferVector.txID, signed.slice(0, 128) + v)).not.toBe(pkA.address);
    }
  });

  test("ignores bytes beyond the 65th, as a node does", () => {
    expect(recoverAddress(transferVector.txID, `${signed}0000`)).toBe(pkA.address);
  });

  test.each([
    ["too short", signed.slice(0, 128)],
    ["v out of range", `${signed.slice(0, 128)}23`],
    ["r is zero", "00".repeat(32) + signed.slice(64)],
    ["s is zero", `${signed.slice(0, 64)}${"00".repeat(32)}1b`],
    ["r is beyond the curve", "ff".repeat(32) + signed.slice(64)],
  ])("a signature belongs to nobody when it is %s", (_, signature) => {
    expect(recoverAddress(transferVector.txID, signature)).toBeUndefined();
  });
});
