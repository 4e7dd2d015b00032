/**
 * The keys of one engine, encrypted at rest: one BIP39 seed for HD wallets, and imported keys.
 *
 * Owns `DATA_DIR/keys`. Does not sign: it hands sealed records to the signing threads and nothing else.
 *
 * K1. A keystore opens under the passphrase that made it or not at all (`key_unavailable`), and no file of it is
 *     changed before that is known.
 * K2. An HD index is given away once: the counter is synced to disk before the key of that index is used, so a crash
 *     skips an index and never repeats one.
 * K3. An address belongs to one wallet. Two wallets with one key would each count the same money as their own.
 * K4. A key file is never overwritten and never deleted here.
 *     A key file that is on the disk is its wallet's key, also when the request that wrote it failed.
 * K5. Private keys are in this thread's memory only while a wallet is created or imported.
 */
import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Mutex } from "async-mutex";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { privateKeyToAddress } from "../tron/address.ts";
import { KDF_COST, newKdf, seal, stretch, unseal } from "./envelope.ts";
import type { KdfCost } from "./envelope.ts";
import { derivePrivateKey, isPrivateKey, newPhrase, tronPath } from "./key-derivation.ts";
import {
  openWalletKey,
  parseHeader,
  parseSeed,
  parseWallet,
  seedContext,
  VERIFIER_CONTEXT,
  WALLET_ID_PATTERN,
  walletContext,
} from "./key-records.ts";
import type { SeedRecord, WalletRecord } from "./key-records.ts";
import { createPrivateFolder, readPrivateFile, syncFolder, writePrivateFile } from "./private-file.ts";
import type { Secret } from "./secret.ts";

export type KeystoreOptions = {
  /** `DATA_DIR/keys` */
  readonly directory: string;
  readonly encryptionKey: Secret;
  /** Cost for a new keystore; an existing one keeps the cost it was made with. */
  readonly kdf?: KdfCost;
  /** `fingerprint()` of the keystore that must be here. Given and not found: nothing is created. */
  readonly expectedFingerprint?: string;
};

/** `path` is `null` for an imported key. */
export type WalletKey = { readonly address: TronAddress; readonly path: string | null };
/** Of the wallet id that the key came with first. */
export type ImportedKey = WalletKey & { readonly walletId: string };

const HEADER_FILE = "keystore.json";
const SEED_FILE = "hd-seed.json";
const WALLET_FILE = /^wallet-([A-Za-z0-9_-]{1,64})\.(T[1-9A-HJ-NP-Za-km-z]{33})\.json$/;
const walletIdPattern = new RegExp(WALLET_ID_PATTERN);

/** Opens the keystore, or creates it in an empty folder. Throws `Fault("key_unavailable")`. Takes about 0.1 s (scrypt). */
export async function openKeystore(options: KeystoreOptions): Promise<Keystore> {
  await createPrivateFolder(options.directory);
  const names = await namesIn(options.directory);
  const header = await readPrivateFile(join(options.directory, HEADER_FILE));
  if (header === undefined) refuseToReplace(names, options.expectedFingerprint);
  const kek = header === undefined ? await createHeader(options) : await unlock(header, options.encryptionKey);
  const seed = await loadOrCreateSeed(options, { names, kek });
  // A crash may leave half-written files beside the real ones; they were never the truth.
  for (const name of names) if (name.endsWith(".tmp")) await rm(join(options.directory, name), { force: true });
  return new Keystore({ directory: options.directory, kek, seed, wallets: walletsOf(names) });
}

/** How many wallets have a key file in this folder, which may be absent. Reads names only. */
export async function countWallets(directory: string): Promise<number> {
  try {
    return walletsOf(await readdir(directory)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

export class Keystore {
  readonly #directory: string;
  readonly #kek: Secret;
  readonly #creating = new Mutex();
  /** From the file names, so that opening reads no key file. */
  readonly #addresses: Map<string, TronAddress>;
  readonly #owners: Map<TronAddress, string>;
  #seed: SeedRecord;
  /** A key file could not be written, or it was and nobody knows how durably: the folder is looked at again. */
  #isUnsure = false;

  constructor(opened: { directory: string; kek: Secret; seed: SeedRecord; wallets: Map<string, TronAddress> }) {
    this.#directory = opened.directory;
    this.#kek = opened.kek;
    this.#seed = opened.seed;
    this.#addresses = opened.wallets;
    this.#owners = new Map([...opened.wallets].map(([walletId, address]) => [address, walletId]));
  }

  /** Public identity of the seed: SHA-256 over its first address. Stable for the life of the keystore. */
  fingerprint(): string {
    return this.#seed.fingerprint;
  }

  has(walletId: string): boolean {
    return this.#addresses.has(walletId);
  }

  /** As the key file is named. `createHdWallet` and `walletKey` also prove it by opening the seal. */
  addressOf(walletId: string): TronAddress | undefined {
    return this.#addresses.get(walletId);
  }

  /** The wallet that holds the key of this address. */
  walletOf(address: TronAddress): string | undefined {
    return this.#owners.get(address);
  }

  size(): number {
    return this.#addresses.size;
  }

  /**
   * The HD wallet of this id: a new key, or the same answer again. The key is on disk when this resolves. Throws
   * `Fault("conflict")` when the id holds an imported key.
   */
  createHdWallet(walletId: string): Promise<WalletKey> {
    return this.#creating.runExclusive(async () => {
      await this.#beSure();
      if (this.has(walletId)) return this.#existing({ walletId, kind: "hd" });
      checkWalletId(walletId);
      const { key, path } = await this.#nextKey();
      return this.#store({ walletId, kind: "hd", path, key });
    });
  }

  /**
   * Takes 64 hex digits. Repeating it gives the same answer, also for another id: a key keeps its first one, and only the
   * engine knows whether that became a wallet. Throws `Fault("conflict")` when the id has another key or the key is an HD
   * wallet's, `Fault("validation_failed")` when this is no private key; never repeats the key.
   */
  importKey(walletId: string, privateKeyHex: string): Promise<ImportedKey> {
    return this.#import(walletId, () => parsePrivateKey(privateKeyHex));
  }

  /** Imports the key at m/44'/195'/0'/0/`index` of somebody else's phrase; of the phrase itself nothing is kept. */
  importPhrase(walletId: string, source: { phrase: string; index: number }): Promise<ImportedKey> {
    return this.#import(walletId, () => derivePrivateKey(source.phrase, source.index));
  }

  /** Address and path of a wallet, proved by opening its seal. */
  async walletKey(walletId: string): Promise<WalletKey> {
    const record = await this.sealedKey(walletId);
    openWalletKey(record, this.#kek).wipe();
    return { address: record.address, path: record.path };
  }

  /** The encrypted record of a wallet, for the signing threads. Throws `Fault("wallet_watch_only")` without a key. */
  async sealedKey(walletId: string): Promise<WalletRecord> {
    const address = this.#addresses.get(walletId);
    if (address === undefined) throw new Fault("wallet_watch_only", `No key is stored for wallet ${walletId}`);
    const text = await readPrivateFile(this.#pathOf({ walletId, address }));
    if (text === undefined) throw new Fault("key_unavailable", `The key file of wallet ${walletId} is gone`);
    const record = parseWallet(text);
    if (record.walletId !== walletId || record.address !== address) {
      throw new Fault("key_unavailable", `The key file of wallet ${walletId} belongs to another wallet`);
    }
    return record;
  }

  /** What opens the sealed records; for the signing threads only. */
  keyEncryptionKey(): Secret {
    return this.#kek;
  }

  async #nextKey(): Promise<{ key: Uint8Array; path: string }> {
    const phrase = openPhrase(this.#seed, this.#kek);
    for (;;) {
      const index = this.#seed.nextIndex;
      await this.#advanceCounter(phrase);
      const key = await derivePrivateKey(phrase, index);
      // Somebody may have imported a key of this very seed by hand; its address is taken (K3).
      if (!this.#owners.has(addressOfKey(key))) return { key, path: tronPath(index) };
    }
  }

  async #advanceCounter(phrase: string): Promise<void> {
    const next = sealSeed({ ...this.#seed, nextIndex: this.#seed.nextIndex + 1 }, { phrase, kek: this.#kek });
    await writePrivateFile({ path: join(this.#directory, SEED_FILE), text: JSON.stringify(next) });
    this.#seed = next;
  }

  #import(walletId: string, read: () => Uint8Array | Promise<Uint8Array>): Promise<ImportedKey> {
    return this.#creating.runExclusive(async () => {
      checkWalletId(walletId);
      await this.#beSure();
      const key = await read();
      const address = addressOfKey(key);
      const owner = this.#owners.get(address);
      if (this.has(walletId) && owner !== walletId) {
        throw new Fault("conflict", `Wallet ${walletId} already has another key`);
      }
      const { path } =
        owner === undefined
          ? await this.#store({ walletId, kind: "imported", path: null, key })
          : await this.#existing({ walletId: owner, kind: "imported" });
      return { walletId: owner ?? walletId, address, path };
    });
  }

  async #existing(wanted: { walletId: string; kind: "hd" | "imported" }): Promise<WalletKey> {
    const record = await this.sealedKey(wanted.walletId);
    if (record.kind !== wanted.kind) throw new Fault("conflict", `Wallet ${wanted.walletId} is of kind ${record.kind}`);
    return this.walletKey(wanted.walletId);
  }

  async #store(made: {
    walletId: string;
    kind: "hd" | "imported";
    path: string | null;
    key: Uint8Array;
  }): Promise<WalletKey> {
    const address = addressOfKey(made.key);
    const unsealed = { version: 1, walletId: made.walletId, address, kind: made.kind, path: made.path } as const;
    const record = { ...unsealed, seal: seal(made.key, { kek: this.#kek, context: walletContext(unsealed) }) };
    made.key.fill(0);
    this.#isUnsure = true;
    await writePrivateFile({ path: this.#pathOf(record), text: JSON.stringify(record) });
    this.#isUnsure = false;
    this.#learn(made.walletId, address);
    return { address, path: made.path };
  }

  /** Before a key is made: a second one beside the key of a request that failed could never be told from it (K4). */
  async #beSure(): Promise<void> {
    if (!this.#isUnsure) return;
    for (const [walletId, address] of walletsOf(await namesIn(this.#directory))) this.#learn(walletId, address);
    this.#isUnsure = false;
  }

  #learn(walletId: string, address: TronAddress): void {
    this.#addresses.set(walletId, address);
    this.#owners.set(address, walletId);
  }

  #pathOf(wallet: { walletId: string; address: TronAddress }): string {
    return join(this.#directory, `wallet-${wallet.walletId}.${wallet.address}.json`);
  }
}

/** What is named here survives loss of power: a crash, or an error, may have come between a rename and its sync. */
async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  await syncFolder(directory);
  return names;
}

/** Without its header, existing keys can never be opened; making a new header beside them would hide that for good. */
function refuseToReplace(names: readonly string[], expectedFingerprint: string | undefined): void {
  if (names.some((name) => name === SEED_FILE || WALLET_FILE.test(name))) {
    throw new Fault("key_unavailable", `${HEADER_FILE} is missing beside existing keys; restore it from a backup`);
  }
  if (expectedFingerprint !== undefined) throw seedsDiffer();
}

async function createHeader(options: KeystoreOptions): Promise<Secret> {
  const kdf = newKdf(options.kdf ?? KDF_COST);
  const kek = await stretch(options.encryptionKey, kdf);
  const verifier = seal(new TextEncoder().encode("lucid-tron"), { kek, context: VERIFIER_CONTEXT });
  const text = JSON.stringify({ version: 1, kdf, verifier });
  await writePrivateFile({ path: join(options.directory, HEADER_FILE), text });
  return kek;
}

async function unlock(headerText: string, passphrase: Secret): Promise<Secret> {
  const header = parseHeader(headerText);
  const kek = await stretch(passphrase, header.kdf);
  if (unseal(header.verifier, { kek, context: VERIFIER_CONTEXT }) === undefined) {
    throw new Fault("key_unavailable", "WALLET_ENCRYPTION_KEY does not open this keystore");
  }
  return kek;
}

async function loadOrCreateSeed(
  options: KeystoreOptions,
  at: { names: readonly string[]; kek: Secret },
): Promise<SeedRecord> {
  const path = join(options.directory, SEED_FILE);
  const text = await readPrivateFile(path);
  if (text !== undefined) return loadSeed(text, { kek: at.kek, expectedFingerprint: options.expectedFingerprint });
  if (options.expectedFingerprint !== undefined) throw seedsDiffer();
  if (at.names.some((name) => WALLET_FILE.test(name))) {
    throw new Fault("key_unavailable", `${SEED_FILE} is missing beside existing wallets; restore it from a backup`);
  }
  const phrase = newPhrase();
  const fingerprint = fingerprintOf(addressOfKey(await derivePrivateKey(phrase, 0)));
  const record = sealSeed({ version: 1, fingerprint, nextIndex: 0 }, { phrase, kek: at.kek });
  await writePrivateFile({ path, text: JSON.stringify(record) });
  return record;
}

function loadSeed(text: string, under: { kek: Secret; expectedFingerprint: string | undefined }): SeedRecord {
  const record = parseSeed(text);
  openPhrase(record, under.kek);
  if (under.expectedFingerprint !== undefined && record.fingerprint !== under.expectedFingerprint) throw seedsDiffer();
  return record;
}

function seedsDiffer(): Fault {
  return new Fault("key_unavailable", "DATA_DIR/keys does not hold the keys of this store; restore them from a backup");
}

function sealSeed(seed: Omit<SeedRecord, "seal">, under: { phrase: string; kek: Secret }): SeedRecord {
  const { version, fingerprint, nextIndex } = seed;
  const plain = new TextEncoder().encode(under.phrase);
  const sealed = seal(plain, { kek: under.kek, context: seedContext({ version, fingerprint, nextIndex }) });
  plain.fill(0);
  return { version, fingerprint, nextIndex, seal: sealed };
}

function openPhrase(seed: SeedRecord, kek: Secret): string {
  const secret = unseal(seed.seal, { kek, context: seedContext(seed) });
  if (secret === undefined) throw new Fault("key_unavailable", `${SEED_FILE} was changed; restore it from a backup`);
  const phrase = secret.use((bytes) => new TextDecoder().decode(bytes));
  secret.wipe();
  return phrase;
}

function walletsOf(names: readonly string[]): Map<string, TronAddress> {
  const wallets = new Map<string, TronAddress>();
  for (const name of names) {
    const [, walletId, address] = WALLET_FILE.exec(name) ?? [];
    if (walletId === undefined || address === undefined) continue;
    if (wallets.has(walletId)) throw new Fault("key_unavailable", `Wallet ${walletId} has two key files`);
    wallets.set(walletId, address);
  }
  return wallets;
}

function checkWalletId(walletId: string): void {
  if (!walletIdPattern.test(walletId)) {
    throw new Fault("validation_failed", "A wallet id is 1 to 64 letters, digits, _ or -");
  }
}

function parsePrivateKey(text: string): Uint8Array {
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Uint8Array.from(Buffer.from(text, "hex")) : new Uint8Array(0);
  if (!isPrivateKey(key)) throw new Fault("validation_failed", "A private key is 64 hex digits below the group order");
  return key;
}

function addressOfKey(key: Uint8Array): TronAddress {
  return privateKeyToAddress(Buffer.from(key).toString("hex"));
}

function fingerprintOf(address: TronAddress): string {
  return createHash("sha256").update(`lucid-tron/keystore/${address}`).digest("hex");
}
