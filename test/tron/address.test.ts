import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as address from "../../src/tron/address.ts";
import { data, vectors } from "./support.ts";

const keys = [vectors.pk1, vectors.pkA, vectors.pkB];

describe("addresses", () => {
  test.each(Object.entries(data.addresses))("%s has the same bytes in both spellings", (_, { base58, hex }) => {
    expect(address.toHex41(base58)).toBe(hex);
    expect(address.fromHex41(hex)).toBe(base58);
    expect(address.fromEvm20(hex.slice(2))).toBe(base58);
    expect(address.toEvmWord(base58)).toBe(hex.slice(2).padStart(64, "0"));
  });

  test("the constants are the addresses of the vectors", () => {
    expect(address.ZERO_ADDRESS).toBe(data.addresses["zero"]?.base58);
    expect(address.BLACKHOLE_ADDRESS).toBe(data.addresses["blackholeMainnet"]?.base58);
  });

  test.each(keys)("a private key has the address $address", ({ privateKey, address: base58, hex }) => {
    expect(address.privateKeyToAddress(privateKey)).toBe(base58);
    expect(address.privateKeyToAddress(Buffer.from(privateKey, "hex"))).toBe(base58);
    expect(address.toHex41(base58)).toBe(hex);
  });

  test.each(vectors.mnemonic.accounts)("the HD key of $address has that address", (account) => {
    expect(address.privateKeyToAddress(account.privateKey.slice(2))).toBe(account.address);
  });

  test.each([
    ["one letter changed", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"],
    ["a letter that base58 does not have", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60"],
    ["too short", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6"],
    ["hex, which has no checksum", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"],
    ["Bitcoin's prefix", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["empty", ""],
    ["spaces around it", " TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
  ])("%s is no address", (_, text) => {
    expect(address.isTronAddress(text)).toBe(false);
    expect(() => address.toHex41(text)).toThrow("not a TRON address");
  });

  test("zero and the order of the curve are no keys", () => {
    expect(() => address.privateKeyToAddress("00".repeat(32))).toThrow("not a secp256k1 private key");
    expect(() => address.privateKeyToAddress("ff".repeat(32))).toThrow("not a secp256k1 private key");
    expect(() => address.privateKeyToAddress("01")).toThrow("not a secp256k1 private key");
  });

  test("hex that is not 41 and 20 bytes is refused", () => {
    expect(() => address.fromHex41("a614f803b6fd780986a42c78ec9c7f77e6ded13c")).toThrow("not a TRON address in hex");
    expect(() => address.fromHex41(`42${"00".repeat(20)}`)).toThrow("not a TRON address in hex");
  });

  test("any 20 bytes survive base58 and back, and no single changed letter does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(33), fc.nat(57), (bytes, at, digit) => {
        const hex = `41${Buffer.from(bytes).toString("hex")}`;
        const text = address.fromHex41(hex);
        expect(address.toHex41(text)).toBe(hex);
        const letter = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".charAt(digit);
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        expect(address.isTronAddress(changed)).toBe(changed === text);
      }),
    );
  });

  test("a deployed contract has the address that its transaction gives it", () => {
    const { txID, owner, contract_address } = vectors.deployVector;
    expect(address.contractAddressOf({ txId: txID, ownerHex41: owner })).toBe(contract_address);
  });
});
