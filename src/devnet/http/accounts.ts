/** Accounts and their resources. */
import { decayed } from "../bandwidth.ts";
import {
  ACTIVE_OPERATIONS,
  FREE_BANDWIDTH,
  SLOT_MS,
  TOTAL_ENERGY_LIMIT,
  TOTAL_ENERGY_WEIGHT,
  TOTAL_NET_LIMIT,
  TOTAL_NET_WEIGHT,
} from "../parameters.ts";
import type { Account } from "../rows.ts";
import { accountOf } from "../state.ts";
import { int64, type Json } from "./json.ts";
import { type JsonObject, renderAddress } from "./render.ts";
import { addressOf, type ApiRequest } from "./request.ts";
import type { Context } from "./route.ts";

const WINDOW_MS = 28_800_000;

export function getAccount(request: ApiRequest, context: Context): Json {
  const hex41 = addressOf(request, "address");
  const account = accountOf(context.at.state, hex41);
  if (account === undefined) return {};
  const address = renderAddress(hex41, request.visible);
  const owned = {
    owner_permission: renderPermission("owner", address),
    active_permission: [renderPermission("active", address)],
  };
  return {
    address,
    type: account.isContract ? "Contract" : undefined,
    balance: int64(account.balance),
    create_time: int64(account.createTime),
    latest_opration_time: int64(account.latestOperationTime),
    free_net_usage: int64(freeUsed(account, context)),
    latest_consume_free_time: int64(account.latestConsumeFreeTime * SLOT_MS),
    net_window_size: WINDOW_MS,
    net_window_optimized: true,
    account_resource: { energy_window_size: WINDOW_MS, energy_window_optimized: true },
    ...(account.isContract ? {} : owned),
    frozenV2: [{}, { type: "ENERGY" }, { type: "TRON_POWER" }],
  };
}

/** The default permissions: the address's own key, weight 1 of 1. */
export function renderPermission(kind: "owner" | "active", address: string): JsonObject {
  const keys = [{ address, weight: 1n }];
  if (kind === "owner") return { permission_name: "owner", threshold: 1n, keys };
  return { type: "Active", id: 2, permission_name: "active", threshold: 1n, operations: ACTIVE_OPERATIONS, keys };
}

export function getAccountNet(request: ApiRequest, context: Context): Json {
  const account = accountOf(context.at.state, addressOf(request, "address"));
  if (account === undefined) return {};
  return {
    freeNetUsed: int64(freeUsed(account, context)),
    freeNetLimit: int64(FREE_BANDWIDTH),
    TotalNetLimit: int64(TOTAL_NET_LIMIT),
    TotalNetWeight: int64(TOTAL_NET_WEIGHT),
  };
}

export function getAccountResource(request: ApiRequest, context: Context): Json {
  const account = accountOf(context.at.state, addressOf(request, "address"));
  if (account === undefined) return {};
  return {
    freeNetUsed: int64(freeUsed(account, context)),
    freeNetLimit: int64(FREE_BANDWIDTH),
    TotalNetLimit: int64(TOTAL_NET_LIMIT),
    TotalNetWeight: int64(TOTAL_NET_WEIGHT),
    TotalEnergyLimit: int64(TOTAL_ENERGY_LIMIT),
    TotalEnergyWeight: int64(TOTAL_ENERGY_WEIGHT),
  };
}

function freeUsed(account: Account, context: Context): number {
  const now = context.chain.store.block(context.at.number)?.timestamp ?? 0;
  return decayed(account.freeNetUsage, account.latestConsumeFreeTime, Math.floor(now / SLOT_MS));
}
