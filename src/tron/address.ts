/**
 * TRON addresses (tron.md §6). One account has three spellings: base58check for people ("T…"), 21 bytes as 42 hex
 * characters for the wire ("41…"), and the last 20 bytes for the virtual machine. All conversion happens here.
 */
import { hash } from "node:crypto";
import * as secp256k1 from "tiny-secp256k1";
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { fromHex, toHex } from "./bytes.ts";
import { keccak_256 } from "./hashes.ts";

/** Nobody holds its key; tokens sent there are lost. */
export const ZERO_ADDRESS: TronAddress = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb";
/** Where mainnet sent burned TRX before it counted them instead. */
export const BLACKHOLE_ADDRESS: TronAddress = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** By character code. */
const DIGITS: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const digit = ALPHABET.indexOf(String.fromCharCode(code));
  return digit === -1 ? undefined : digit;
});
/** The prefix 41, twenty bytes of account, four of checksum. */
const BYTES = 25;
const PAYLOAD_BYTES = 21;
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
  return encodeBase58(fromHex(hex + checksum(payload)));
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
  const bytes = decodeBase58(text);
  if (bytes === undefined || bytes[0] !== 0x41) return undefined;
  const hex = bytes.toString("hex");
  return checksum(bytes.subarray(0, PAYLOAD_BYTES)) === hex.slice(42) ? hex.slice(0, 42) : undefined;
}

/** 25 bytes, or nothing when a letter is no digit or the number needs more. */
function decodeBase58(text: string): Buffer | undefined {
  const bytes = Buffer.alloc(BYTES);
  for (let at = 0; at < text.length; at += 1) {
    let carry = DIGITS[text.charCodeAt(at)];
    if (carry === undefined) return undefined;
    for (let place = BYTES - 1; place >= 0; place -= 1) {
      carry += (bytes[place] ?? 0) * 58;
      bytes[place] = carry;
      carry >>= 8;
    }
    if (carry !== 0) return undefined;
  }
  return bytes;
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

/** Eight hex characters. The platform's hash costs a third of one in JavaScript, and every order to pay needs two. */
function checksum(payload: Uint8Array): string {
  return hash("sha256", fromHex(hash("sha256", payload, "hex")), "hex").slice(0, 8);
}
