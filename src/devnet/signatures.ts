/** Whether the signatures of a transaction suffice for what it does (TransactionCapsule.validatePubSignature). */
import type { Rejection } from "./outcome.ts";
import { SIGNATURES_MAX } from "./parameters.ts";
import { isObjection, mayOperate, PERMISSION_TYPE, permissionById, permissionsOf, weigh } from "./permissions.ts";
import type { View } from "./state.ts";
import { ownerOf, type Transaction } from "./transactions.ts";
import { isUnlocked } from "./unlocked.ts";

/** `undefined`: those signed who may. */
export function checkSignatures(view: View, tx: Transaction): Rejection | undefined {
  const why = objection(view, tx);
  return why === undefined ? undefined : { code: "SIGERROR", message: `Validate signature error: ${why}` };
}

function objection(view: View, tx: Transaction): string | undefined {
  const [contract] = tx.raw.contracts;
  if (contract !== undefined && isUnlocked(view, ownerOf(contract))) return undefined;
  if (tx.signatures.length === 0 || contract === undefined) return "miss sig or contract";
  if (tx.signatures.length > SIGNATURES_MAX) return "too many signatures";
  const permission = permissionById(permissionsOf(view, ownerOf(contract)), contract.permissionId);
  if (permission === undefined) return "permission isn't exit";
  if (contract.permissionId !== 0) {
    if (permission.type !== PERMISSION_TYPE.Active) return "Permission type is error";
    if (!mayOperate(permission, contract)) return "Permission denied";
  }
  const weighed = weigh(permission, tx);
  if (isObjection(weighed)) return weighed.message;
  return weighed.weight < permission.threshold ? "sig error" : undefined;
}
