/** Accounts and their resources. */
import { text } from "../../tron/shapes/fields.ts";
import { parametersOf } from "../chain-parameters.ts";
import { addressNamed, idKey } from "../names.ts";
import { SLOT_MS } from "../parameters.ts";
import { networkLimit, resourceLimit, stakeOf, SUN_PER_TRX, tronPower, weightsOf } from "../stake.ts";
import type { Account } from "../rows.ts";
import { accountOf } from "../state.ts";
import type { Resource, Stake } from "../system-rows.ts";
import { usageLeft, usedOfDay } from "../usage.ts";
import { holdingFields, nameFields, permissionFields, quotaFields } from "./account-fields.ts";
import { int64, type Json, toJson } from "./json.ts";
import { readMessage } from "./json-format.ts";
import { type JsonObject, renderAddress } from "./render.ts";
import { addressOf, type ApiRequest, textOf } from "./request.ts";
import { type Context, slotOf } from "./route.ts";
import { stakeFields } from "./stake-fields.ts";

const ACCOUNT_ID = { account_id: text(23) };

export function getAccount(request: ApiRequest, context: Context): Json {
  return renderAccount(addressOf(request, "address"), { request, context });
}

export function getAccountById(request: ApiRequest, context: Context): Json {
  const body = request.method === "POST" ? request.text : toJson({ account_id: textOf(request, "account_id") });
  const id = readMessage(ACCOUNT_ID, body, request.visible).account_id;
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
    free_net_usage: int64(freeUsed(account, slot)),
    latest_consume_free_time: int64(account.latestConsumeFreeTime * SLOT_MS),
    ...(account.isContract ? {} : permissionFields(state, hex41, visible)),
    ...holdingFields(state, hex41, { visible, slot }),
    ...stakeFields(state, hex41, { visible, slot }),
  };
}

export function getAccountNet(request: ApiRequest, context: Context): Json {
  const hex41 = addressOf(request, "address");
  const account = accountOf(context.at.state, hex41);
  return account === undefined ? {} : bandwidthOf(hex41, account, context);
}

export function getAccountResource(request: ApiRequest, context: Context): Json {
  const hex41 = addressOf(request, "address");
  const { state } = context.at;
  const account = accountOf(state, hex41);
  if (account === undefined) return {};
  const stake = stakeOf(state, hex41);
  return {
    ...bandwidthOf(hex41, account, context),
    tronPowerUsed: int64(stake.votes.reduce((sum, { count }) => sum + count, 0n)),
    tronPowerLimit: int64(tronPower(stake) / SUN_PER_TRX),
    EnergyUsed: int64(usageLeft(stake.used.energy, slotOf(context))),
    EnergyLimit: limitOf(stake, "energy", context),
    TotalEnergyLimit: int64(networkLimit(parametersOf(state), "energy")),
    TotalEnergyWeight: int64(weightsOf(state).energy),
  };
}

function bandwidthOf(hex41: string, account: Account, context: Context): JsonObject {
  const { state } = context.at;
  const slot = slotOf(context);
  const parameters = parametersOf(state);
  const stake = stakeOf(state, hex41);
  return {
    freeNetUsed: int64(freeUsed(account, slot)),
    freeNetLimit: int64(parameters.getFreeNetLimit),
    NetUsed: int64(usageLeft(stake.used.bandwidth, slot)),
    NetLimit: limitOf(stake, "bandwidth", context),
    ...quotaFields(state, hex41, slot),
    TotalNetLimit: int64(networkLimit(parameters, "bandwidth")),
    TotalNetWeight: int64(weightsOf(state).bandwidth),
  };
}

function limitOf(stake: Stake, resource: Resource, { at }: Context): Json {
  return int64(resourceLimit(at.state, stake, { resource, parameters: parametersOf(at.state) }));
}

function freeUsed(account: Account, slot: number): number {
  return usedOfDay({ usage: account.freeNetUsage, slot: account.latestConsumeFreeTime }, 0, slot);
}
