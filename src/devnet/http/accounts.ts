/** Accounts and their resources. */
import { decayed } from "../bandwidth.ts";
import {
  FREE_BANDWIDTH,
  SLOT_MS,
  TOTAL_ENERGY_LIMIT,
  TOTAL_ENERGY_WEIGHT,
  TOTAL_NET_LIMIT,
  TOTAL_NET_WEIGHT,
} from "../parameters.ts";
import type { Account } from "../rows.ts";
import { accountOf } from "../state.ts";
import { addressNamed, idKey } from "../names.ts";
import { hexOfText } from "../words.ts";
import { holdingFields, nameFields, permissionFields, quotaFields } from "./account-fields.ts";
import { int64, type Json } from "./json.ts";
import { renderAddress } from "./render.ts";
import { addressOf, type ApiRequest, parseHex, textOf } from "./request.ts";
import { type Context, slotOf } from "./route.ts";

const WINDOW_MS = 28_800_000;

export function getAccount(request: ApiRequest, context: Context): Json {
  return renderAccount(addressOf(request, "address"), { request, context });
}

export function getAccountById(request: ApiRequest, context: Context): Json {
  const text = textOf(request, "account_id");
  const id = request.visible ? hexOfText(text) : parseHex(text);
  const hex41 = addressNamed(context.at.state, idKey(id));
  return hex41 === undefined ? {} : renderAccount(hex41, { request, context });
}

function renderAccount(hex41: string, { request, context }: { request: ApiRequest; context: Context }): Json {
  const { state } = context.at;
  const account = accountOf(state, hex41);
  if (account === undefined) return {};
  const { visible } = request;
  const slot = slotOf(context);
  return {
    address: renderAddress(hex41, visible),
    ...nameFields(state, hex41, visible),
    type: account.isContract ? "Contract" : undefined,
    balance: int64(account.balance),
    create_time: int64(account.createTime),
    latest_opration_time: int64(account.latestOperationTime),
    free_net_usage: int64(freeUsed(account, context)),
    latest_consume_free_time: int64(account.latestConsumeFreeTime * SLOT_MS),
    net_window_size: WINDOW_MS,
    net_window_optimized: true,
    account_resource: { energy_window_size: WINDOW_MS, energy_window_optimized: true },
    ...(account.isContract ? {} : permissionFields(state, hex41, visible)),
    ...holdingFields(state, hex41, { visible, slot }),
    frozenV2: [{}, { type: "ENERGY" }, { type: "TRON_POWER" }],
  };
}

export function getAccountNet(request: ApiRequest, context: Context): Json {
  const hex41 = addressOf(request, "address");
  const account = accountOf(context.at.state, hex41);
  if (account === undefined) return {};
  return {
    freeNetUsed: int64(freeUsed(account, context)),
    freeNetLimit: int64(FREE_BANDWIDTH),
    ...quotaFields(context.at.state, hex41, slotOf(context)),
    TotalNetLimit: int64(TOTAL_NET_LIMIT),
    TotalNetWeight: int64(TOTAL_NET_WEIGHT),
  };
}

export function getAccountResource(request: ApiRequest, context: Context): Json {
  const hex41 = addressOf(request, "address");
  const account = accountOf(context.at.state, hex41);
  if (account === undefined) return {};
  return {
    freeNetUsed: int64(freeUsed(account, context)),
    freeNetLimit: int64(FREE_BANDWIDTH),
    ...quotaFields(context.at.state, hex41, slotOf(context)),
    TotalNetLimit: int64(TOTAL_NET_LIMIT),
    TotalNetWeight: int64(TOTAL_NET_WEIGHT),
    TotalEnergyLimit: int64(TOTAL_ENERGY_LIMIT),
    TotalEnergyWeight: int64(TOTAL_ENERGY_WEIGHT),
  };
}

function freeUsed(account: Account, context: Context): number {
  return decayed(account.freeNetUsage, account.latestConsumeFreeTime, slotOf(context));
}
