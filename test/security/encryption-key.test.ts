import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveEncryptionKey } from "../../src/security/encryption-key.ts";
import { failureOf, temporaryFolder } from "./support.ts";

const textOf = async (source: Parameters<typeof resolveEncryptionKey>[0]): Promise<string> =>
  (await resolveEncryptionKey(source)).use((bytes) => new TextDecoder().decode(bytes));

describe("on a real network", () => {
  test("a missing or empty key is refused, and none is generated", async () => {
    const dataDir = temporaryFolder();
    for (const network of ["mainnet", "nile", "shasta", "custom"]) {
      for (const env of [{}, { WALLET_ENCRYPTION_KEY: "" }]) {
        await expect(resolveEncryptionKey({ env, network, dataDir })).rejects.toMatchObject({ code: "config_invalid" });
      }
    }
    expect(() => statSync(join(dataDir, "wallet-encryption-key"))).toThrow();
  });

  test("a key that the devnet generated is not used", async () => {
    const dataDir = temporaryFolder();
    await resolveEncryptionKey({ env: {}, network: "devnet", dataDir });
    await expect(resolveEncryptionKey({ env: {}, network: "mainnet", dataDir })).rejects.toMatchObject({
      code: "config_invalid",
    });
  });
});

describe("on every network", () => {
  test.each([
    ["31 characters", randomBytes(16).toString("hex").slice(1)],
    ["one character repeated", "a".repeat(64)],
    ["a few characters repeated", "abcd".repeat(16)],
    ["a template's value", "CHANGE_ME_CHANGE_ME_CHANGE_ME_0123"],
    ["a tutorial's value", "your-32-character-encryption-key!!"],
    ["counting digits", "0123456789abcdef0123456789abcdef"],
    ["the word password", "my-super-password-for-this-engine-1"],
  ])("%s is refused without being repeated", async (_name, value) => {
    for (const network of ["devnet", "mainnet"]) {
      const source = { env: { WALLET_ENCRYPTION_KEY: value }, network, dataDir: temporaryFolder() };
      const error = await failureOf(resolveEncryptionKey(source));
      expect(error).toMatchObject({ code: "config_invalid" });
      expect(String(error)).not.toContain(value);
    }
  });

  test("a random key is taken as it is", async () => {
    for (let round = 0; round < 200; round += 1) {
      const key = randomBytes(32).toString("base64");
      const source = { env: { WALLET_ENCRYPTION_KEY: key }, network: "mainnet", dataDir: "/nonexistent" };
      expect(await textOf(source)).toBe(key);
    }
  });
});

describe("on the devnet", () => {
  test("a missing key is generated once, readable by the owner alone", async () => {
    const dataDir = join(temporaryFolder(), "data");
    const source = { env: {}, network: "devnet", dataDir };
    const key = await textOf(source);
    expect(key.length).toBeGreaterThanOrEqual(43);
    expect(await textOf(source)).toBe(key);
    const path = join(dataDir, "wallet-encryption-key");
    expect(readFileSync(path, "utf8").trim()).toBe(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("two data directories get different keys", async () => {
    const [one, two] = await Promise.all(
      [temporaryFolder(), temporaryFolder()].map((dataDir) => textOf({ env: {}, network: "devnet", dataDir })),
    );
    expect(one).not.toBe(two);
  });

  test("a stored key that was emptied is refused, not replaced", async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, "wallet-encryption-key"), "");
    await expect(resolveEncryptionKey({ env: {}, network: "devnet", dataDir })).rejects.toMatchObject({
      code: "config_invalid",
    });
  });
});
