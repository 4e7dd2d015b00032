/**
 * TRON addresses (tron.md §6). One account has three spellings: base58check for people ("T…"), 21 bytes as 42 hex
 * characters for the wire ("41…"), and the last 20 bytes for the virtual machine. All conversion happens here.
 */
import * as secp256k1 from "tiny-secp256k1";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { fromHex, toHex } from "./bytes.ts";
import { keccak_256, sha256 } from "./hashes.ts";

/** Nobody holds its key; tokens sent there are lost. */
export const ZERO_ADDRESS: TronAddress = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb";
/** Where mainnet sent burned TRX before it counted them instead. */
export const BLACKHOLE_ADDRESS: TronAddress = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DIGIT = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));
/** As many base58 digits as a number holds exactly. */
const DIGITS_AT_ONCE = 9;
const HEX41 = /^41[0-9a-f]{40}$/i;

/** Base58check with the right length, prefix and checksum. Hex is not accepted: it has no checksum. */
export function isTronAddress(text: string): text is TronAddress {
  return decodeBase58Check(text) !== undefined;
}

export function isHex41(text: string): boolean {
  return HEX41.test(text);
}

/** "T…" -> "41…". Throws `Fault("invalid_address")`. */
export function toHex41(address: TronAddress): string {
  const hex = decodeBase58Check(address);
  if (hex === undefined) throw new Fault("invalid_address", `not a TRON address: ${address.slice(0, 64)}`);
  return hex;
}

/** "41…" -> "T…". Throws `Fault("invalid_address")`. */
export function fromHex41(hex: string): TronAddress {
  if (!HEX41.test(hex)) throw new Fault("invalid_address", `not a TRON address in hex: ${hex.slice(0, 64)}`);
  const payload = fromHex(hex);
  return encodeBase58(Buffer.concat([payload, checksum(payload)]));
}

/** 20 bytes as used inside the virtual machine -> "T…". Throws `Fault("invalid_address")`. */
export function fromEvm20(hex20: string): TronAddress {
  return fromHex41(`41${hex20}`);
}

/** The 32-byte word that stands for an address in call data and log topics: zero-padded, without the 41. */
export function toEvmWord(address: TronAddress): string {
  return toHex41(address).slice(2).padStart(64, "0");
}

/** Private key: 32 bytes, or 64 hex characters. Throws `Fault("key_unavailable")` for a number that is no key. */
export function privateKeyToAddress(privateKey: Uint8Array | string): TronAddress {
  const key = typeof privateKey === "string" ? fromHex(privateKey) : privateKey;
  const point = secp256k1.isPrivate(key) ? secp256k1.pointFromScalar(key, false) : null;
  if (point === null) throw new Fault("key_unavailable", "not a secp256k1 private key");
  return fromHex41(publicKeyToHex41(point));
}

/** 65 uncompressed bytes -> "41…". */
export function publicKeyToHex41(point: Uint8Array): string {
  return `41${toHex(keccak_256(point.subarray(1)).subarray(12))}`;
}

/** Where a CreateSmartContract transaction puts its contract, as "41…" (tron.md §2.3, "contract address ="). */
export function contractAddressOf(creation: { txId: string; ownerHex41: string }): string {
  return `41${toHex(keccak_256(fromHex(creation.txId + creation.ownerHex41)).subarray(12))}`;
}

function decodeBase58Check(text: string): string | undefined {
  if (text.length !== 34 || !text.startsWith("T")) return undefined;
  let number = 0n;
  for (let at = 0; at < text.length; at += DIGITS_AT_ONCE) {
    const digits = text.slice(at, at + DIGITS_AT_ONCE);
    let low = 0;
    for (const letter of digits) {
      const digit = DIGIT.get(letter);
      if (digit === undefined) return undefined;
      low = low * 58 + digit;
    }
    number = number * BigInt(58 ** digits.length) + BigInt(low);
  }
  const hex = number.toString(16).padStart(50, "0");
  if (hex.length !== 50 || !hex.startsWith("41")) return undefined;
  const bytes = fromHex(hex);
  const payload = bytes.subarray(0, 21);
  return toHex(checksum(payload)) === hex.slice(42) ? hex.slice(0, 42) : undefined;
}

function encodeBase58(bytes: Uint8Array): string {
  let number = BigInt(`0x${toHex(bytes)}`);
  let text = "";
  while (number > 0n) {
    text = ALPHABET.charAt(Number(number % 58n)) + text;
    number /= 58n;
  }
  return text;
}

function checksum(payload: Uint8Array): Uint8Array {
  return sha256(sha256(payload)).subarray(0, 4);
}
