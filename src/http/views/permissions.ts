import type { Permission, Signatories } from "../../domain/permissions.ts";

/** null: a contract has none. */
export function permissionsView(signatories: Signatories) {
  if (signatories.kind === "contract") return null;
  const { owner, witness, actives } = signatories;
  return {
    owner: permissionView(owner),
    witness: witness === undefined ? null : permissionView(witness),
    active: actives.map(permissionView),
  };
}

function permissionView({ id, name, threshold, keys, operations }: Permission) {
  return {
    id,
    name,
    threshold: threshold.toString(),
    keys: keys.map(({ address, weight }) => ({ address, weight: weight.toString() })),
    operations: operations ?? null,
  };
}
