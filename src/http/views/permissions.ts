import type { AccountPermissions, Permission } from "../../domain/permissions.ts";

export function permissionsView({ owner, witness, actives }: AccountPermissions) {
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
