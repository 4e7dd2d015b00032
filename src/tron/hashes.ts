/** The two hashes of TRON: SHA-256 for ids and checksums, Keccak-256 for keys and the virtual machine. */
import { hash } from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "./bytes.ts";

export { keccak_256 };

/** The platform's own: a third of what one in JavaScript takes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

export function sha256Hex(hex: string): string {
  return hash("sha256", fromHex(hex), "hex");
}

/** keccak256 of text, e.g. of a function signature. */
export function keccakOfText(text: string): string {
  return toHex(keccak_256(Buffer.from(text, "utf8")));
}
