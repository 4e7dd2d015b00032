/** Who has signed a transaction, and whether that is enough (java-tron TransactionUtil, Wallet.getTransactionApprovedList). */
import type { Permission } from "../account-rows.ts";
import {
  isObjection,
  mayOperate,
  type Objection,
  PERMISSION_TYPE,
  permissionById,
  permissionsOf,
  signerOf,
  weigh,
} from "../permissions.ts";
import { accountOf, type View } from "../state.ts";
import { ownerOf, type Transaction } from "../transactions.ts";
import { renderPermission } from "./account-fields.ts";
import { int64, type Json } from "./json.ts";
import { packTransaction } from "./parse-transaction.ts";
import { type JsonObject, renderAddress, renderTransaction } from "./render.ts";
import type { ApiRequest } from "./request.ts";
import type { Context } from "./route.ts";

const NO_CONTRACT = { code: "OTHER_ERROR", message: "Invalid transaction: no valid contract" };
const CODES = {
  format: "SIGNATURE_FORMAT_ERROR",
  signer: "COMPUTE_ADDRESS_ERROR",
  permission: "PERMISSION_ERROR",
} as const;

/** Its messages are text, whatever `visible` says; ENOUGH_PERMISSION is 0 and not shown. */
export function getSignWeight(request: ApiRequest, context: Context): Json {
  const tx = packTransaction(request.parameters, request.visible);
  const { visible } = request;
  const permission = permissionFor(tx, context.at.state);
  if (permission === undefined) return { result: NO_CONTRACT, transaction: extended(tx, visible) };
  if (isObjection(permission)) return { result: failed(permission), transaction: extended(tx, visible) };
  const weighed = tx.signatures.length === 0 ? { weight: 0n, approved: [] } : weigh(permission, tx);
  const shown = { permission: renderPermission(permission, visible), transaction: extended(tx, visible) };
  if (isObjection(weighed)) return { result: failed(weighed), ...shown };
  const enough = weighed.weight >= permission.threshold;
  return {
    result: enough ? {} : { code: "NOT_ENOUGH_PERMISSION" },
    ...shown,
    approved_list: addresses(weighed.approved, visible),
    current_weight: int64(weighed.weight),
  };
}

function permissionFor(tx: Transaction, view: View): Permission | Objection | undefined {
  const [contract] = tx.raw.contracts;
  if (contract === undefined) return undefined;
  const owner = ownerOf(contract);
  if (accountOf(view, owner) === undefined) return { about: "permission", message: "Account does not exist!" };
  const permission = permissionById(permissionsOf(view, owner), contract.permissionId);
  if (permission === undefined) return { about: "permission", message: "Permission for this, does not exist!" };
  if (contract.permissionId === 0) return permission;
  if (permission.type !== PERMISSION_TYPE.Active) return { about: "permission", message: "Permission type is wrong!" };
  return mayOperate(permission, contract) ? permission : { about: "permission", message: "Permission denied!" };
}

/** Everybody who signed, allowed to or not. */
export function getApprovedList(request: ApiRequest, context: Context): Json {
  const tx = packTransaction(request.parameters, request.visible);
  const transaction = extended(tx, request.visible);
  const [contract] = tx.raw.contracts;
  if (contract === undefined) return { result: NO_CONTRACT, transaction };
  if (accountOf(context.at.state, ownerOf(contract)) === undefined) {
    const message = "class org.tron.core.exception.PermissionException : Account does not exist!";
    return { result: { code: "OTHER_ERROR", message }, transaction };
  }
  const approved: string[] = [];
  for (const signature of tx.signatures) {
    const signer = signerOf(tx, signature);
    if (typeof signer !== "string") return { result: failed(signer), transaction };
    approved.push(signer);
  }
  return { result: {}, approved_list: addresses(approved, request.visible), transaction };
}

function failed({ about, message }: Objection): JsonObject {
  return { code: CODES[about], message };
}

function addresses(hex41s: readonly string[], visible: boolean): string[] | undefined {
  return hex41s.length === 0 ? undefined : hex41s.map((hex41) => renderAddress(hex41, visible));
}

function extended(tx: Transaction, visible: boolean): JsonObject {
  return { result: { result: true }, txid: tx.id, transaction: renderTransaction(tx, visible) };
}
