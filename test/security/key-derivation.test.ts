import { createHash } from "node:crypto";
import fc from "fast-check";
import { TronWeb } from "tronweb";
import { expect, test } from "vitest";
import { BIP39_WORDS } from "../../src/security/bip39-words.ts";
import {
  derivePrivateKey,
  isPhrase,
  isPrivateKey,
  newPhrase,
  phraseOf,
  tronPath,
} from "../../src/security/key-derivation.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { failureOf, vectors } from "./support.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("the word list is the English list of BIP39", () => {
  expect(BIP39_WORDS).toHaveLength(2048);
  const digest = createHash("sha256")
    .update(`${BIP39_WORDS.join("\n")}\n`)
    .digest("hex");
  expect(digest).toBe("2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
});

test("the published phrase gives the published keys and addresses", async () => {
  for (const [index, account] of vectors.mnemonic.accounts.entries()) {
    const key = await derivePrivateKey(vectors.mnemonic.phrase, index);
    expect(`0x${hex(key)}`).toBe(account.privateKey);
    expect(privateKeyToAddress(key)).toBe(account.address);
    expect(tronPath(index)).toBe(account.path);
  }
});

test("any phrase and index give the key that TronWeb derives", async () => {
  const entropies = fc
    .constantFrom(16, 20, 24, 28, 32)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const indexes = fc.oneof(fc.nat(1000), fc.constant(0x7fffffff));
  await fc.assert(
    fc.asyncProperty(entropies, indexes, async (entropy, index) => {
      const phrase = phraseOf(entropy);
      expect(isPhrase(phrase)).toBe(true);
      const theirs = TronWeb.fromMnemonic(phrase, tronPath(index));
      expect(`0x${hex(await derivePrivateKey(phrase, index))}`).toBe(theirs.privateKey);
    }),
    { numRuns: 25 },
  );
});

test("a new phrase has 24 words, a right checksum, and is another one each time", () => {
  const phrases = Array.from({ length: 20 }, newPhrase);
  expect(new Set(phrases).size).toBe(20);
  for (const phrase of phrases) {
    expect(phrase.split(" ")).toHaveLength(24);
    expect(isPhrase(phrase)).toBe(true);
  }
});

test("a phrase with a wrong word, a wrong count or a wrong checksum is refused without repeating it", async () => {
  const right = vectors.mnemonic.phrase;
  const wrong = [right.replace("junk", "junkk"), right.replace(" junk", ""), right.replace("junk", "test"), "", "zoo"];
  for (const phrase of wrong) {
    expect(isPhrase(phrase)).toBe(false);
    const error = await failureOf(derivePrivateKey(phrase, 0));
    expect(error).toMatchObject({ code: "validation_failed" });
    expect(String(error)).not.toContain("test");
  }
});

test("an index that BIP44 does not have is refused", async () => {
  for (const index of [-1, 0.5, 0x80000000, Number.NaN]) {
    await expect(derivePrivateKey(vectors.mnemonic.phrase, index)).rejects.toMatchObject({ code: "validation_failed" });
  }
});

test("zero, the group order and other lengths are no private keys", () => {
  const order = Buffer.from("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "hex");
  const last = Buffer.from(order);
  last.writeUInt8(0x40, 31);
  expect(isPrivateKey(new Uint8Array(32))).toBe(false);
  expect(isPrivateKey(order)).toBe(false);
  expect(isPrivateKey(last)).toBe(true);
  expect(isPrivateKey(new Uint8Array(31).fill(1))).toBe(false);
  expect(isPrivateKey(new Uint8Array(33).fill(1))).toBe(false);
});
