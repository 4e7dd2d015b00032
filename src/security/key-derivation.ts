/** From a BIP39 phrase to TRON private keys: BIP39 seed, BIP32 chain, BIP44 path m/44'/195'/0'/0/index (tron.md §6). */
import { createECDH, createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { Fault } from "../domain/errors.ts";
import { BIP39_WORDS } from "./bip39-words.ts";

const pbkdf2 = promisify(pbkdf2Callback);

/** Order of the secp256k1 group: a private key is 1 … order − 1. */
const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HARDENED = 0x80000000;
const BIP39_ROUNDS = 2048;
const SEED_BYTES = 64;
/** 24 words. */
const ENTROPY_BYTES = 32;
const WORD_BITS = 11;
const PHRASE_LENGTHS = [12, 15, 18, 21, 24];

/** A new phrase of 24 words from the operating system's randomness. */
export function newPhrase(): string {
  return phraseOf(randomBytes(ENTROPY_BYTES));
}

/** The words for 16, 20, 24, 28 or 32 bytes of entropy, checksum included. */
export function phraseOf(entropy: Uint8Array): string {
  const bits = bitsOf(entropy) + checksumBits(entropy);
  const words: string[] = [];
  for (let at = 0; at < bits.length; at += WORD_BITS) {
    words.push(BIP39_WORDS[Number.parseInt(bits.slice(at, at + WORD_BITS), 2)] ?? "");
  }
  return words.join(" ");
}

/** Known words only, a right number of them, and a right checksum. */
export function isPhrase(phrase: string): boolean {
  const indexes = phrase.split(" ").map((word) => BIP39_WORDS.indexOf(word));
  if (!PHRASE_LENGTHS.includes(indexes.length) || indexes.includes(-1)) return false;
  const bits = indexes.map((index) => index.toString(2).padStart(WORD_BITS, "0")).join("");
  const entropyBits = Math.floor(bits.length / 33) * 32;
  const octets = bits.slice(0, entropyBits).match(/[01]{8}/g) ?? [];
  return checksumBits(Uint8Array.from(octets, (octet) => Number.parseInt(octet, 2))) === bits.slice(entropyBits);
}

export function tronPath(index: number): string {
  return `m/44'/195'/0'/0/${index}`;
}

/** The 32-byte private key at `tronPath(index)`. Throws `Fault("validation_failed")`, without the words, on a bad phrase. */
export async function derivePrivateKey(phrase: string, index: number): Promise<Uint8Array> {
  if (!isPhrase(phrase)) throw new Fault("validation_failed", "Not a BIP39 phrase, or its checksum is wrong");
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw new Fault("validation_failed", "A BIP44 index is a whole number from 0 to 2147483647");
  }
  const seed = await pbkdf2(phrase.normalize("NFKD"), "mnemonic", BIP39_ROUNDS, SEED_BYTES, "sha512");
  let node = split(createHmac("sha512", "Bitcoin seed").update(seed).digest());
  seed.fill(0);
  for (const step of [HARDENED + 44, HARDENED + 195, HARDENED, 0, index]) node = child(node, step);
  return node.key;
}

/** 32 bytes that are a valid secp256k1 scalar. */
export function isPrivateKey(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  const scalar = bigOf(key);
  return scalar > 0n && scalar < GROUP_ORDER;
}

type Node = { readonly key: Uint8Array; readonly chainCode: Uint8Array };

/** BIP32 CKDpriv. The two cases that BIP32 calls invalid have probability 2^-127; they stop here rather than skip. */
function child(parent: Node, step: number): Node {
  const index = Buffer.alloc(4);
  index.writeUInt32BE(step);
  const head = step >= HARDENED ? Buffer.concat([Buffer.of(0), parent.key]) : publicKeyOf(parent.key);
  const { key: tweak, chainCode } = split(createHmac("sha512", parent.chainCode).update(head).update(index).digest());
  const key = bytesOf((bigOf(tweak) + bigOf(parent.key)) % GROUP_ORDER);
  if (bigOf(tweak) >= GROUP_ORDER || !isPrivateKey(key)) throw new Fault("internal", "This index has no BIP32 key");
  return { key, chainCode };
}

function split(digest: Buffer): Node {
  return { key: Uint8Array.from(digest.subarray(0, 32)), chainCode: Uint8Array.from(digest.subarray(32)) };
}

function publicKeyOf(key: Uint8Array): Buffer {
  const curve = createECDH("secp256k1");
  curve.setPrivateKey(key);
  return curve.getPublicKey(null, "compressed");
}

function bigOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesOf(scalar: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(scalar.toString(16).padStart(64, "0"), "hex"));
}

function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
}

function checksumBits(entropy: Uint8Array): string {
  return bitsOf(createHash("sha256").update(entropy).digest()).slice(0, entropy.length / 4);
}
