/** Signatures over the 32-byte txID: 65 bytes r ‖ s ‖ v (tron.md §1.1). */
import * as secp256k1 from "tiny-secp256k1";
import type { TronAddress, TxId } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { fromHex41, publicKeyToHex41 } from "./address.ts";
import { fromHex, toHex } from "./bytes.ts";

const TX_ID = /^[0-9a-f]{64}$/i;

/** Deterministic (RFC 6979, low s), v = 1b or 1c: the same bytes as TronWeb. Throws `Fault("key_unavailable")`. */
export function sign(txId: TxId, privateKey: Uint8Array | string): string {
  if (!TX_ID.test(txId)) throw new Fault("tx_malformed", "a txID is 32 bytes");
  const key = typeof privateKey === "string" ? fromHex(privateKey) : privateKey;
  if (!secp256k1.isPrivate(key)) throw new Fault("key_unavailable", "not a secp256k1 private key");
  const { signature, recoveryId } = secp256k1.signRecoverable(fromHex(txId), key);
  return toHex(signature) + (27 + recoveryId).toString(16);
}

/** Who signed, or `undefined` when the signature belongs to nobody. */
export function recoverAddress(txId: TxId, signature: string): TronAddress | undefined {
  const hex = recoverHex41(txId, signature);
  return hex === undefined ? undefined : fromHex41(hex);
}

/** Like `recoverAddress`, as "41…". v may be 0..7 or 27..34; bytes beyond the 65th are ignored, as a node does. */
export function recoverHex41(txId: TxId, signature: string): string | undefined {
  if (!TX_ID.test(txId) || signature.length < 130) return undefined;
  const bytes = fromHex(signature);
  const recoveryId = recoveryIdOf(bytes[64] ?? 255);
  if (recoveryId === undefined) return undefined;
  try {
    const point = secp256k1.recover(fromHex(txId), bytes.subarray(0, 64), recoveryId, false);
    return point === null ? undefined : publicKeyToHex41(point);
  } catch {
    // r or s is zero or not below the order of the curve.
    return undefined;
  }
}

function recoveryIdOf(v: number): 0 | 1 | 2 | 3 | undefined {
  const header = v < 27 ? v + 27 : v;
  const ids = [0, 1, 2, 3, 0, 1, 2, 3] as const;
  return ids[header - 27];
}
