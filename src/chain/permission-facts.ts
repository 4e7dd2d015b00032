import type { TronAddress } from "../domain/chain-facts.ts";
import { soleOwner, type AccountPermissions, type Permission } from "../domain/permissions.ts";
import { fromHex41 } from "../tron/address.ts";
import type { WireAccountPermissions, WirePermission } from "./wire.ts";

/** `account` undefined: the address was never activated. What an account does not say is the default (tron.md §1.5). */
export function permissionFacts(address: TronAddress, account: WireAccountPermissions | undefined): AccountPermissions {
  const byDefault = soleOwner(address);
  const { owner_permission: owner, witness_permission: witness, active_permission: actives } = account ?? {};
  return {
    activated: account !== undefined,
    owner: owner === undefined ? byDefault.owner : permissionFact(owner),
    ...(witness === undefined ? {} : { witness: permissionFact(witness) }),
    actives: actives === undefined ? byDefault.actives : actives.map(permissionFact),
  };
}

function permissionFact(wire: WirePermission): Permission {
  const { id = 0, permission_name: name = "", threshold = 0, keys = [], operations } = wire;
  return {
    id,
    name,
    threshold: BigInt(threshold),
    keys: keys.map(({ address, weight = 0 }) => ({ address: fromHex41(address), weight: BigInt(weight) })),
    ...(operations === undefined ? {} : { operations }),
  };
}
