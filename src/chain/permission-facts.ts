import type { TronAddress } from "../domain/chain-facts.ts";
import { soleOwner, type Permission, type Signatories } from "../domain/permissions.ts";
import { fromHex41 } from "../tron/address.ts";
import type { WireAccountPermissions, WirePermission } from "./wire.ts";

/** `account` undefined: the address was never activated. An owner who never said otherwise is the key of the address. */
export function signatoriesFact(address: TronAddress, account: WireAccountPermissions | undefined): Signatories {
  const byDefault = soleOwner(address);
  if (account === undefined) return { kind: "not activated", ...byDefault };
  if (account.type === "Contract") return { kind: "contract" };
  const { owner_permission: owner, witness_permission: witness, active_permission: actives = [] } = account;
  return {
    kind: "account",
    owner: owner === undefined ? byDefault.owner : permissionFact(owner),
    ...(witness === undefined ? {} : { witness: permissionFact(witness) }),
    actives: actives.map(permissionFact),
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
