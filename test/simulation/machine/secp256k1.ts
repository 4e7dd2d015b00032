/**
 * Stands where `tiny-secp256k1` is: the real curve, which forgets nothing. Nodes and engine of a world recover the signer
 * of the same signatures again and again; who made one in this process is known without the arithmetic.
 */
import * as curve from "tiny-secp256k1";

export { isPrivate } from "tiny-secp256k1";

const KNOWN_MAX = 20_000;
const signers = new Map<string, Uint8Array | null>();
const points = new Map<string, Uint8Array | null>();

export function signRecoverable(digest: Uint8Array, key: Uint8Array): curve.RecoverableSignature {
  const made = curve.signRecoverable(digest, key);
  const name = nameOf(digest, made.signature, made.recoveryId);
  remember(signers, name, pointFromScalar(key, false));
  return made;
}

/** Always the long form of a point, which is the only one that is asked for. */
export function recover(
  digest: Uint8Array,
  signature: Uint8Array,
  recoveryId: curve.RecoveryIdType,
  isCompressed: boolean,
): Uint8Array | null {
  if (isCompressed) return curve.recover(digest, signature, recoveryId, true);
  const name = nameOf(digest, signature, recoveryId);
  const known = signers.get(name);
  if (known !== undefined) return known;
  return remember(signers, name, curve.recover(digest, signature, recoveryId, false));
}

export function pointFromScalar(key: Uint8Array, isCompressed: boolean): Uint8Array | null {
  const name = `${Buffer.from(key).toString("latin1")}${isCompressed}`;
  return points.get(name) ?? remember(points, name, curve.pointFromScalar(key, isCompressed));
}

function nameOf(digest: Uint8Array, signature: Uint8Array, recoveryId: number): string {
  return Buffer.concat([digest, signature, Buffer.of(recoveryId)]).toString("latin1");
}

function remember<T>(known: Map<string, T>, name: string, value: T): T {
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, value);
  return value;
}
