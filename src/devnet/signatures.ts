/**
 * Who may send a transaction (tron.md §1.1, §1.5). Accounts of the devnet have their default permissions: the key of the
 * address alone, as owner (0) and as active (2).
 */
import { recoverHex41 } from "../tron/signature.ts";
import { CONTRACTS } from "../tron/contracts.ts";
import type { Rejection } from "./outcome.ts";
import { ACTIVE_OPERATIONS, SIGNATURES_MAX } from "./parameters.ts";
import { ownerOf, type Transaction } from "./transactions.ts";
import { base58 } from "./words.ts";

const ACTIVE_ID = 2;

/** `undefined`: the owner signed. */
export function checkSignatures(tx: Transaction): Rejection | undefined {
  const why = objection(tx);
  return why === undefined ? undefined : { code: "SIGERROR", message: `Validate signature error: ${why}` };
}

function objection(tx: Transaction): string | undefined {
  const [contract] = tx.raw.contracts;
  const [signature] = tx.signatures;
  if (signature === undefined || contract === undefined) return "miss sig or contract";
  if (tx.signatures.length > SIGNATURES_MAX) return "too many signatures";
  if (contract.permissionId !== 0 && contract.permissionId !== ACTIVE_ID) return "permission isn't exit";
  if (contract.permissionId === ACTIVE_ID && !activeMay(CONTRACTS[contract.type].number)) return "Permission denied";
  if (tx.signatures.length > 1) {
    return `Signature count is ${tx.signatures.length} more than key counts of permission : 1`;
  }
  if (signature.length < 130) return `Signature size is ${signature.length / 2}`;
  const signer = recoverHex41(tx.id, signature);
  if (signer === undefined) return "Could not recover public key from signature";
  if (signer !== ownerOf(contract)) {
    return `${signature} is signed by ${base58(signer)} but it is not contained of permission.`;
  }
  return undefined;
}

function activeMay(contractType: number): boolean {
  const byte = Number.parseInt(ACTIVE_OPERATIONS.slice((contractType >> 3) * 2, (contractType >> 3) * 2 + 2), 16);
  return (byte & (1 << (contractType & 7))) !== 0;
}
