/** The two hashes of TRON: SHA-256 for ids and checksums, Keccak-256 for keys and the virtual machine. */
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "./bytes.ts";

export { sha256, keccak_256 };

export function sha256Hex(hex: string): string {
  return toHex(sha256(fromHex(hex)));
}

/** keccak256 of text, e.g. of a function signature. */
export function keccakOfText(text: string): string {
  return toHex(keccak_256(Buffer.from(text, "utf8")));
}
