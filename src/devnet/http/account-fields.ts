/** What an account shows beside its money and resources: who may act for it, its names, its TRC10 tokens. */
import { permissionShape } from "../../tron/shapes/accounts.ts";
import type { Holdings, Permission } from "../account-rows.ts";
import { assetById, holdingsOf } from "../assets.ts";
import { namesOf } from "../names.ts";
import { permissionsOf } from "../permissions.ts";
import type { View } from "../state.ts";
import { usedOfDay } from "../usage.ts";
import { int64, nonEmpty } from "./json.ts";
import { type JsonObject, renderMessage, shownText } from "./render.ts";

/** `slot`: now, to which used bandwidth has recovered. */
export type Showing = { readonly visible: boolean; readonly slot: number };

export function permissionFields(view: View, hex41: string, visible: boolean): JsonObject {
  const { owner, witness, actives } = permissionsOf(view, hex41);
  return {
    owner_permission: renderPermission(owner, visible),
    witness_permission: witness === null ? undefined : renderPermission(witness, visible),
    active_permission: actives.map((active) => renderPermission(active, visible)),
  };
}

export function renderPermission(permission: Permission, visible: boolean): JsonObject {
  return renderMessage(permissionShape, permission, visible);
}

export function nameFields(view: View, hex41: string, visible: boolean): JsonObject {
  const { name, id } = namesOf(view, hex41);
  return { account_name: renderName(name, visible), account_id: renderName(id, visible) };
}

export function holdingFields(view: View, hex41: string, { visible, slot }: Showing): JsonObject {
  const holdings = holdingsOf(view, hex41);
  const { balances, issuedId, issuedName, frozenSupply, freeUsage } = holdings;
  const held = Object.entries(balances).filter(([, amount]) => amount > 0n);
  const used = usedOf(holdings, slot);
  const keys = [...new Set([...held.map(([id]) => id), ...used.keys()])];
  return {
    frozen_supply: listed(
      frozenSupply.map(({ amount, expires }) => ({ frozen_balance: amount, expire_time: int64(expires) })),
    ),
    asset_issued_name: renderName(issuedName, visible),
    asset_issued_ID: nonEmpty(issuedId),
    assetV2: listed(held.map(([key, value]) => ({ key, value }))),
    latest_asset_operation_timeV2: listed(
      Object.entries(freeUsage).map(([key, { slot: latest }]) => ({ key, value: BigInt(latest) })),
    ),
    free_asset_net_usageV2: listed(keys.map((key) => ({ key, value: BigInt(used.get(key) ?? 0) }))),
  };
}

/** The same quotas as getaccountnet and getaccountresource show them. */
export function quotaFields(view: View, hex41: string, slot: number): JsonObject {
  const used = [...usedOf(holdingsOf(view, hex41), slot)];
  return {
    assetNetUsed: listed(used.map(([key, value]) => ({ key, value: BigInt(value) }))),
    assetNetLimit: listed(used.map(([key]) => ({ key, value: assetById(view, key)?.free_asset_net_limit ?? 0n }))),
  };
}

function usedOf({ freeUsage }: Holdings, slot: number): Map<string, number> {
  return new Map(
    Object.entries(freeUsage).map(([id, use]) => [id, usedOfDay({ usage: use.used, slot: use.slot }, 0, slot)]),
  );
}

function listed(items: JsonObject[]): JsonObject[] | undefined {
  return items.length === 0 ? undefined : items;
}

function renderName(hex: string, visible: boolean): string | undefined {
  return hex === "" ? undefined : visible ? shownText(hex) : hex;
}
