/** Hex and bytes. Everything on TRON's wire is bytes; everything in this code is lower-case hex without a prefix. */
import { Fault } from "../domain/errors.ts";

const otherThanHex = /[^0-9a-fA-F]/;

export function isHex(text: string): boolean {
  return text.length % 2 === 0 && !otherThanHex.test(text);
}

/** Throws `Fault("tx_malformed")` for anything but an even number of hex digits, which `Buffer.from` silently cuts short. */
export function fromHex(text: string): Uint8Array {
  const bytes = Buffer.from(text, "hex");
  if (bytes.length * 2 !== text.length) throw new Fault("tx_malformed", "not a hex string");
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
