/**
 * Who may act for an account (tron.md §1.5; java-tron AccountCapsule, TransactionCapsule).
 *
 * A1. An account that never set its permissions has the defaults: the key of its address, 1 of 1, as owner (0) and as
 *     active (2). Once the owner permission is set, that key counts only if it is in there.
 * A2. Which of two objections a client hears depends on the order of java-tron, which is kept.
 */
import { CONTRACTS, type Contract } from "../tron/contracts.ts";
import { recoverHex41 } from "../tron/signature.ts";
import type { Permission, Permissions } from "./account-rows.ts";
import { ACTIVE_OPERATIONS } from "./parameters.ts";
import { read, type View } from "./state.ts";
import type { Transaction } from "./transactions.ts";
import { base58 } from "./words.ts";

export const PERMISSION_TYPE = { Owner: 0, Witness: 1, Active: 2 } as const;
/** Bytes of a signature; what follows them is ignored. */
const SIGNATURE_HEX = 130;

export function permissionsOf(view: View, hex41: string): Permissions {
  return (
    read(view, `permissions!${hex41}`) ?? {
      owner: soleKey(hex41, { type: PERMISSION_TYPE.Owner, id: 0, permission_name: "owner", operations: "" }),
      witness: null,
      actives: [
        soleKey(hex41, {
          type: PERMISSION_TYPE.Active,
          id: 2,
          permission_name: "active",
          operations: ACTIVE_OPERATIONS,
        }),
      ],
    }
  );
}

/** The permission that a new witness gets: the key of its address makes its blocks. */
export function defaultWitnessPermission(hex41: string): Permission {
  return soleKey(hex41, { type: PERMISSION_TYPE.Witness, id: 1, permission_name: "witness", operations: "" });
}

function soleKey(hex41: string, what: Pick<Permission, "type" | "id" | "permission_name" | "operations">): Permission {
  return { ...what, threshold: 1n, parent_id: 0, keys: [{ address: hex41, weight: 1n }] };
}

export function permissionById({ owner, witness, actives }: Permissions, id: number): Permission | undefined {
  if (id === 0) return owner;
  if (id === 1) return witness ?? undefined;
  return actives.find((active) => active.id === id);
}

/** Whether the permission may send contracts of this type: one bit each. */
export function mayOperate(permission: Permission, contract: Contract): boolean {
  const { number } = CONTRACTS[contract.type];
  const at = (number >> 3) * 2;
  return (Number.parseInt(permission.operations.slice(at, at + 2), 16) & (1 << (number & 7))) !== 0;
}

/** Why signatures do not count: their form, or nobody who could have made them, or the permission. */
export type Objection = { readonly about: "format" | "signer" | "permission"; readonly message: string };
export type Weighed = { readonly weight: bigint; readonly approved: readonly string[] };

/** The weight that the signatures of a transaction have together (TransactionCapsule.checkWeight). */
export function weigh(permission: Permission, tx: Transaction): Weighed | Objection {
  if (tx.signatures.length > permission.keys.length) {
    const message = `Signature count is ${tx.signatures.length} more than key counts of permission : ${permission.keys.length}`;
    return { about: "permission", message };
  }
  let weight = 0n;
  const approved: string[] = [];
  for (const signature of tx.signatures) {
    const signer = signerOf(tx, signature);
    if (typeof signer !== "string") return signer;
    const key = permission.keys.find(({ address }) => address === signer);
    if (key === undefined) {
      const message = `${signature} is signed by ${base58(signer)} but it is not contained of permission.`;
      return { about: "permission", message };
    }
    if (approved.includes(signer)) return { about: "permission", message: `${base58(signer)} has signed twice!` };
    approved.push(signer);
    weight += key.weight;
  }
  return { weight, approved };
}

export function isObjection(value: object): value is Objection {
  return "about" in value;
}

const signers = new WeakMap<Transaction, Map<string, string | Objection>>();

/** "41…" of whoever made the signature. Remembered, because a transaction is checked again on each new head. */
export function signerOf(tx: Transaction, signature: string): string | Objection {
  const known = signers.get(tx) ?? new Map<string, string | Objection>();
  signers.set(tx, known);
  const found = known.get(signature) ?? recovered(tx, signature);
  known.set(signature, found);
  return found;
}

function recovered(tx: Transaction, signature: string): string | Objection {
  if (signature.length < SIGNATURE_HEX) {
    return { about: "format", message: `Signature size is ${signature.length / 2}` };
  }
  const v = Number.parseInt(signature.slice(128, 130), 16);
  // Java's bytes have a sign; what is below 27 with it is lifted.
  const signedByte = v > 127 ? v - 256 : v;
  const header = signedByte < 27 ? signedByte + 27 : signedByte;
  if (header < 27 || header > 34) return { about: "signer", message: `Header byte out of range: ${header}` };
  return recoverHex41(tx.id, signature) ?? { about: "signer", message: "Could not recover public key from signature" };
}
