import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { KDF_COST, newKdf, seal, stretch, unseal } from "../../src/security/envelope.ts";
import { Secret } from "../../src/security/secret.ts";
import { CHEAP_KDF } from "./support.ts";

const kek = new Secret(new Uint8Array(32).fill(7));
const bytesOf = (secret: Secret | undefined): number[] | undefined => secret?.use((bytes) => [...bytes]);

test("what was sealed opens under the same key and context only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), fc.string(), (plain, context, other) => {
      const box = seal(plain, { kek, context });
      expect(bytesOf(unseal(box, { kek, context }))).toEqual([...plain]);
      if (other !== context) expect(unseal(box, { kek, context: other })).toBeUndefined();
      expect(unseal(box, { kek: new Secret(new Uint8Array(32).fill(8)), context })).toBeUndefined();
    }),
  );
});

test("one flipped bit anywhere keeps it shut", () => {
  const box = seal(new Uint8Array(32).fill(1), { kek, context: "c" });
  for (const field of ["salt", "nonce", "sealed"] as const) {
    const bytes = Buffer.from(box[field], "hex");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(unseal({ ...box, [field]: changed.toString("hex") }, { kek, context: "c" })).toBeUndefined();
    }
  }
});

test("the same bytes sealed twice share neither salt, nonce nor ciphertext", () => {
  const boxes = Array.from({ length: 100 }, () => seal(new Uint8Array(32), { kek, context: "c" }));
  for (const field of ["salt", "nonce", "sealed"] as const) {
    expect(new Set(boxes.map((box) => box[field])).size).toBe(100);
  }
});

test("every parameter of the stretching changes the key", async () => {
  const passphrase = Secret.fromText("passphrase");
  const base = newKdf(CHEAP_KDF);
  const variants = [base, { ...base, N: 32 }, { ...base, r: 4 }, { ...base, p: 2 }, { ...base, salt: "00".repeat(16) }];
  const keys = await Promise.all(
    variants.map(async (kdf) => (await stretch(passphrase, kdf)).use((key) => key.join())),
  );
  expect(new Set(keys).size).toBe(variants.length);
  const again = await stretch(passphrase, base);
  expect(again.use((key) => key.join())).toBe(keys[0]);
});

test("the default cost takes at least 32 MiB of memory", () => {
  expect(128 * KDF_COST.N * KDF_COST.r).toBeGreaterThanOrEqual(32 * 1024 * 1024);
});

test("a cost that scrypt cannot do, or that asks for gigabytes, is a fault and not a crash", async () => {
  const passphrase = Secret.fromText("passphrase");
  for (const cost of [
    { N: 4_194_304, r: 64, p: 1 },
    { N: 100, r: 8, p: 1 },
  ]) {
    // The second is refused by scrypt itself: N is no power of two.
    await expect((async () => stretch(passphrase, newKdf(cost)))()).rejects.toMatchObject({ code: "key_unavailable" });
  }
});

test("a secret never shows its bytes", () => {
  const secret = Secret.fromText("hunter2hunter2");
  const seen = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: Infinity }),
    inspect({ nested: [secret] }),
    JSON.stringify(structuredClone(secret)),
    new Error("failed", { cause: secret }).toString() + inspect(new Error("failed", { cause: secret })),
  ];
  for (const text of seen) expect(text).not.toContain("hunter2");
  expect(seen.slice(0, 3)).toEqual(["[secret]", '{"secret":"[secret]"}', "[secret]"]);
});

test("a wiped secret holds zeros", () => {
  const secret = new Secret(Uint8Array.of(1, 2, 3));
  secret.wipe();
  expect(bytesOf(secret)).toEqual([0, 0, 0]);
});

test("a secret keeps its own copy", () => {
  const given = Uint8Array.of(1, 2, 3);
  const secret = new Secret(given);
  given.fill(0);
  expect(bytesOf(secret)).toEqual([1, 2, 3]);
});
