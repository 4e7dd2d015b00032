import { scryptSync } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { KDF_COST, unseal } from "../../src/security/envelope.ts";
import { derivePrivateKey } from "../../src/security/key-derivation.ts";
import { openWalletKey, parseSeed, seedContext, VERIFIER_CONTEXT } from "../../src/security/key-records.ts";
import { openKeystore } from "../../src/security/keystore.ts";
import { Secret } from "../../src/security/secret.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { CHEAP_KDF, failureOf, openTestKeystore, PASSPHRASE, temporaryFolder, vectors } from "./support.ts";

const { pkA, pkB, pk1, mnemonic } = vectors;
const read = (directory: string, name: string): string => readFileSync(join(directory, name), "utf8");
const snapshot = (directory: string): Record<string, string> =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, read(directory, name)]));
const walletFile = (directory: string, walletId: string): string => {
  const name = readdirSync(directory).find((each) => each.startsWith(`wallet-${walletId}.`));
  if (name === undefined) throw new Error(`no file of ${walletId}`);
  return name;
};

describe("opening", () => {
  test("another passphrase fails closed and changes no file", async () => {
    const directory = temporaryFolder();
    await (await openTestKeystore(directory)).createHdWallet("wl_a");
    const before = snapshot(directory);
    const error = await failureOf(openTestKeystore(directory, `${PASSPHRASE}.`));
    expect(error).toMatchObject({ code: "key_unavailable" });
    expect(snapshot(directory)).toEqual(before);
  });

  test("files are for the owner only", async () => {
    const directory = join(temporaryFolder(), "deep", "keys");
    await (await openTestKeystore(directory)).createHdWallet("wl_a");
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory).sort()).toEqual(["hd-seed.json", "keystore.json", walletFile(directory, "wl_a")]);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  test("a folder that others could read is closed to them", async () => {
    const directory = join(temporaryFolder(), "keys");
    mkdirSync(directory, { mode: 0o755 });
    await openTestKeystore(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  test("the stored cost of the stretching is the one that was used", async () => {
    const directory = temporaryFolder();
    const cost = { N: 1024, r: 4, p: 2 };
    await openKeystore({ directory, encryptionKey: Secret.fromText(PASSPHRASE), kdf: cost });
    const { kdf, verifier } = JSON.parse(read(directory, "keystore.json"));
    expect(kdf).toMatchObject({ name: "scrypt", ...cost });
    const kek = new Secret(scryptSync(PASSPHRASE, Buffer.from(kdf.salt, "hex"), 32, cost));
    expect(unseal(verifier, { kek, context: VERIFIER_CONTEXT })).toBeDefined();
    // Reopened under another default, it still opens: the cost is a property of the keystore.
    await expect(openTestKeystore(directory)).resolves.toBeDefined();
  });

  test("a real keystore is stretched at the real cost", async () => {
    const directory = temporaryFolder();
    await openKeystore({ directory, encryptionKey: Secret.fromText(PASSPHRASE) });
    expect(JSON.parse(read(directory, "keystore.json")).kdf).toMatchObject(KDF_COST);
  });

  test("two keystores under one passphrase share no salt, seed or fingerprint", async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    const [first, second] = await Promise.all([openTestKeystore(one), openTestKeystore(two)]);
    expect(first.fingerprint()).not.toBe(second.fingerprint());
    expect(JSON.parse(read(one, "keystore.json")).kdf.salt).not.toBe(JSON.parse(read(two, "keystore.json")).kdf.salt);
  });

  test.each([
    ["keystore.json", "missing"],
    ["hd-seed.json", "missing"],
    ["keystore.json", "{}"],
    ["hd-seed.json", "{}"],
    ["keystore.json", "not json"],
    ["hd-seed.json", ""],
  ])("%s that is %s beside existing keys is refused, never made anew", async (name, text) => {
    const directory = temporaryFolder();
    await (await openTestKeystore(directory)).createHdWallet("wl_a");
    if (text === "missing") rmSync(join(directory, name));
    else writeFileSync(join(directory, name), text);
    const before = snapshot(directory);
    await expect(openTestKeystore(directory)).rejects.toMatchObject({ code: "key_unavailable" });
    expect(snapshot(directory)).toEqual(before);
  });

  test("an edited index counter is refused: it could hand out an address twice", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.createHdWallet("wl_a");
    await keystore.createHdWallet("wl_b");
    const seed = JSON.parse(read(directory, "hd-seed.json"));
    expect(seed.nextIndex).toBe(2);
    writeFileSync(join(directory, "hd-seed.json"), JSON.stringify({ ...seed, nextIndex: 0 }));
    await expect(openTestKeystore(directory)).rejects.toMatchObject({ code: "key_unavailable" });
  });

  test("leftovers of interrupted writes are cleared and were never read", async () => {
    const directory = temporaryFolder();
    await openTestKeystore(directory);
    writeFileSync(join(directory, "hd-seed.json.0123456789ab.tmp"), "half of a rec");
    await openTestKeystore(directory);
    expect(readdirSync(directory).sort()).toEqual(["hd-seed.json", "keystore.json"]);
  });

  test("a header that asks for gigabytes is refused", async () => {
    const directory = temporaryFolder();
    await openTestKeystore(directory);
    const header = JSON.parse(read(directory, "keystore.json"));
    writeFileSync(
      join(directory, "keystore.json"),
      JSON.stringify({ ...header, kdf: { ...header.kdf, N: 4_194_304 } }),
    );
    await expect(openTestKeystore(directory)).rejects.toMatchObject({ code: "key_unavailable" });
  });
});

describe("identity", () => {
  const open = (directory: string, expectedFingerprint: string) =>
    openKeystore({ directory, encryptionKey: Secret.fromText(PASSPHRASE), kdf: CHEAP_KDF, expectedFingerprint });

  test("the fingerprint is stable and opens the same keystore", async () => {
    const directory = temporaryFolder();
    const fingerprint = (await openTestKeystore(directory)).fingerprint();
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await open(directory, fingerprint)).fingerprint()).toBe(fingerprint);
  });

  test("another keystore, or an empty folder, is refused and nothing is created", async () => {
    const fingerprint = (await openTestKeystore(temporaryFolder())).fingerprint();
    const other = temporaryFolder();
    await openTestKeystore(other);
    await expect(open(other, fingerprint)).rejects.toMatchObject({ code: "key_unavailable" });
    const empty = temporaryFolder();
    await expect(open(empty, fingerprint)).rejects.toMatchObject({ code: "key_unavailable" });
    expect(readdirSync(empty)).toEqual([]);
    rmSync(join(other, "hd-seed.json"));
    await expect(open(other, fingerprint)).rejects.toMatchObject({ code: "key_unavailable" });
    expect(readdirSync(other)).toEqual(["keystore.json"]);
  });
});

describe("HD wallets", () => {
  test("an id keeps its address across repetition and restart, and ids never share one", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => keystore.createHdWallet(`wl_${i % 10}`)));
    expect(new Set(made.map((wallet) => wallet.address)).size).toBe(10);
    expect(keystore.size()).toBe(10);
    const reopened = await openTestKeystore(directory);
    expect(reopened.size()).toBe(10);
    for (const [i, wallet] of made.entries()) {
      expect(reopened.has(`wl_${i % 10}`)).toBe(true);
      expect(reopened.addressOf(`wl_${i % 10}`)).toBe(wallet.address);
      expect(reopened.walletOf(wallet.address)).toBe(`wl_${i % 10}`);
      expect(await reopened.createHdWallet(`wl_${i % 10}`)).toEqual(wallet);
      expect(await reopened.walletKey(`wl_${i % 10}`)).toEqual(wallet);
    }
    expect(made[0]?.path).toBe("m/44'/195'/0'/0/0");
    expect(made[9]?.path).toBe("m/44'/195'/0'/0/9");
  });

  test("a crash between the counter and the key skips the index and never repeats it", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.createHdWallet("wl_0");
    const seed = parseSeed(read(directory, "hd-seed.json"));
    const phrase = unseal(seed.seal, { kek: keystore.keyEncryptionKey(), context: seedContext(seed) });
    const next = privateKeyToAddress(
      await derivePrivateKey(phrase?.use((bytes) => new TextDecoder().decode(bytes)) ?? "", 1),
    );
    // A folder where the key file belongs makes its rename fail, after the counter was written.
    const blocked = join(directory, `wallet-wl_1.${next}.json`);
    mkdirSync(blocked);
    await expect(keystore.createHdWallet("wl_1")).rejects.toThrow();
    expect(keystore.has("wl_1")).toBe(false);
    rmdirSync(blocked);
    const reopened = await openTestKeystore(directory);
    expect(await reopened.createHdWallet("wl_1")).toMatchObject({ path: "m/44'/195'/0'/0/2" });
  });

  test("an index whose key was imported by hand is passed over", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    const seed = parseSeed(read(directory, "hd-seed.json"));
    const secret = unseal(seed.seal, { kek: keystore.keyEncryptionKey(), context: seedContext(seed) });
    const phrase = secret?.use((bytes) => new TextDecoder().decode(bytes)) ?? "";
    await keystore.importPhrase("wl_import", { phrase, index: 0 });
    expect(await keystore.createHdWallet("wl_hd")).toMatchObject({ path: "m/44'/195'/0'/0/1" });
  });

  test.each(["", "a/b", "../x", "a.b", "ä", "x".repeat(65), "a\0b"])("the id %j is refused", async (walletId) => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await expect(keystore.createHdWallet(walletId)).rejects.toMatchObject({ code: "validation_failed" });
    await expect(keystore.importKey(walletId, pkA.privateKey)).rejects.toMatchObject({ code: "validation_failed" });
    expect(readdirSync(directory)).toHaveLength(2);
  });
});

describe("imported keys", () => {
  test("the published keys give the published addresses", async () => {
    const keystore = await openTestKeystore(temporaryFolder());
    for (const [i, { privateKey, address }] of [pk1, pkA, pkB].entries()) {
      const imported = { walletId: `wl_${i}`, address, path: null };
      expect(await keystore.importKey(`wl_${i}`, privateKey)).toEqual(imported);
      expect(await keystore.importKey(`wl_${i}`, privateKey.toUpperCase())).toEqual(imported);
    }
    const account = mnemonic.accounts[2];
    expect(await keystore.importPhrase("wl_m", { phrase: mnemonic.phrase, index: 2 })).toEqual({
      walletId: "wl_m",
      address: account?.address,
      path: null,
    });
  });

  test("an id keeps its key and a key keeps its id", async () => {
    const keystore = await openTestKeystore(temporaryFolder());
    await keystore.importKey("wl_a", pkA.privateKey);
    const hd = await keystore.createHdWallet("wl_hd");
    await expect(keystore.importKey("wl_a", pkB.privateKey)).rejects.toMatchObject({ code: "conflict" });
    expect(await keystore.importKey("wl_b", pkA.privateKey)).toMatchObject({ walletId: "wl_a" });
    await keystore.importKey("wl_c", pkB.privateKey);
    await expect(keystore.importKey("wl_a", pkB.privateKey)).rejects.toMatchObject({ code: "conflict" });
    await expect(keystore.importKey("wl_hd", pkB.privateKey)).rejects.toMatchObject({ code: "conflict" });
    await expect(keystore.createHdWallet("wl_a")).rejects.toMatchObject({ code: "conflict" });
    const key = openWalletKey(await keystore.sealedKey("wl_hd"), keystore.keyEncryptionKey());
    const hex = key.use((bytes) => Buffer.from(bytes).toString("hex"));
    await expect(keystore.importKey("wl_hd", hex)).rejects.toMatchObject({ code: "conflict" });
    expect(keystore.addressOf("wl_hd")).toBe(hd.address);
    expect(keystore.has("wl_b")).toBe(false);
  });

  test("what is no private key is refused without being repeated", async () => {
    const keystore = await openTestKeystore(temporaryFolder());
    const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const bad = ["", "00".repeat(32), order, "c0ffee", `0x${pkA.privateKey}`, `${pkA.privateKey}00`, "zz".repeat(32)];
    for (const text of bad) {
      const error = await failureOf(keystore.importKey("wl_x", text));
      expect(error).toMatchObject({ code: "validation_failed" });
      if (text !== "") expect(inspect(error)).not.toContain(text);
    }
    expect(keystore.size()).toBe(0);
  });

  test("a wallet without a key says so", async () => {
    const keystore = await openTestKeystore(temporaryFolder());
    expect(keystore.addressOf("wl_none")).toBeUndefined();
    await expect(keystore.sealedKey("wl_none")).rejects.toMatchObject({ code: "wallet_watch_only" });
  });
});

describe("tampering", () => {
  test("ciphertexts swapped between two wallets open neither", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.importKey("wl_a", pkA.privateKey);
    await keystore.importKey("wl_b", pkB.privateKey);
    const [a, b] = [walletFile(directory, "wl_a"), walletFile(directory, "wl_b")];
    const [recordA, recordB] = [JSON.parse(read(directory, a)), JSON.parse(read(directory, b))];
    writeFileSync(join(directory, a), JSON.stringify({ ...recordA, seal: recordB.seal }));
    writeFileSync(join(directory, b), JSON.stringify({ ...recordB, seal: recordA.seal }));
    for (const walletId of ["wl_a", "wl_b"]) {
      await expect(keystore.walletKey(walletId)).rejects.toMatchObject({ code: "key_unavailable" });
    }
  });

  test("whole files swapped, renamed or claimed by another wallet are refused", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.importKey("wl_a", pkA.privateKey);
    await keystore.importKey("wl_b", pkB.privateKey);
    const [a, b] = [walletFile(directory, "wl_a"), walletFile(directory, "wl_b")];
    const recordA = JSON.parse(read(directory, a));
    writeFileSync(join(directory, b), read(directory, a));
    await expect(keystore.walletKey("wl_b")).rejects.toMatchObject({ code: "key_unavailable" });
    writeFileSync(join(directory, b), JSON.stringify({ ...recordA, walletId: "wl_b", address: pkB.address }));
    await expect(keystore.walletKey("wl_b")).rejects.toMatchObject({ code: "key_unavailable" });

    renameSync(join(directory, a), join(directory, `wallet-wl_a.${pk1.address}.json`));
    rmSync(join(directory, b));
    const reopened = await openTestKeystore(directory);
    await expect(reopened.walletKey("wl_a")).rejects.toMatchObject({ code: "key_unavailable" });
    await expect(reopened.importKey("wl_a", pk1.privateKey)).rejects.toMatchObject({ code: "key_unavailable" });
  });

  test.each(["kind", "path"])("a changed %s is refused", async (field) => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.createHdWallet("wl_a");
    const name = walletFile(directory, "wl_a");
    const changed = { ...JSON.parse(read(directory, name)), [field]: field === "kind" ? "imported" : null };
    writeFileSync(join(directory, name), JSON.stringify(changed));
    await expect(keystore.walletKey("wl_a")).rejects.toMatchObject({ code: "key_unavailable" });
  });

  test("a key file that vanished, was cut short, or exists twice is refused", async () => {
    const directory = temporaryFolder();
    const keystore = await openTestKeystore(directory);
    await keystore.importKey("wl_a", pkA.privateKey);
    const name = walletFile(directory, "wl_a");
    const text = read(directory, name);
    writeFileSync(join(directory, name), text.slice(0, -5));
    await expect(keystore.sealedKey("wl_a")).rejects.toMatchObject({ code: "key_unavailable" });
    rmSync(join(directory, name));
    await expect(keystore.sealedKey("wl_a")).rejects.toMatchObject({ code: "key_unavailable" });
    writeFileSync(join(directory, name), text);
    writeFileSync(join(directory, `wallet-wl_a.${pkB.address}.json`), text);
    await expect(openTestKeystore(directory)).rejects.toMatchObject({ code: "key_unavailable" });
  });
});

test("a canary key is in no file, no error, no printed keystore", async () => {
  const directory = temporaryFolder();
  const canary = "c0ffeec0ffee5eed5eed0123456789abcdefc0ffeec0ffee5eed5eed01234567";
  const keystore = await openTestKeystore(directory);
  await keystore.importKey("wl_canary", canary);
  await keystore.createHdWallet("wl_hd");
  const faults = await Promise.all([
    failureOf(keystore.importKey("wl_canary", pkB.privateKey)),
    failureOf(keystore.importKey("wl_hd", canary)),
    failureOf(keystore.createHdWallet("wl_canary")),
    failureOf(keystore.importKey("bad id", canary)),
    failureOf(keystore.importKey("wl_x", `${canary}0`)),
    failureOf(openTestKeystore(directory, canary.repeat(2))),
  ]);
  const record = await keystore.sealedKey("wl_canary");
  const everything = [
    ...Object.values(snapshot(directory)),
    ...faults.map((fault) => inspect(fault, { showHidden: true, depth: Infinity }) + JSON.stringify(fault)),
    inspect(keystore, { showHidden: true, depth: Infinity }),
    JSON.stringify(keystore),
    JSON.stringify(record),
    inspect(openWalletKey(record, keystore.keyEncryptionKey()), { showHidden: true }),
  ].join("\n");
  const bytes = Buffer.from(canary, "hex");
  const spellings = [
    canary,
    canary.toUpperCase(),
    bytes.toString("base64"),
    bytes.toString("latin1"),
    [...bytes].join(", "),
    PASSPHRASE,
  ];
  expect(everything).toContain("wl_canary");
  for (const spelling of spellings) expect(everything.includes(spelling)).toBe(false);
});
