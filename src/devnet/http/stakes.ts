/** What is staked, delegated and unfreezing (tron.md §2.3). */
import { bytesToDelegate, delegable } from "../actuators/delegation.ts";
import { maturedAt, resourceOf, unfreezingAt, UNFREEZINGS_MAX } from "../actuators/stake.ts";
import { delegatesOf, delegationOf, type LockedPart } from "../delegations.ts";
import { stakeOf, SUN_PER_TRX } from "../stake.ts";
import { accountOf } from "../state.ts";
import type { PerResource } from "../system-rows.ts";
import { int64, type Json } from "./json.ts";
import { type JsonObject, renderAddress } from "./render.ts";
import { addressOf, type ApiRequest, int64Of, textOf } from "./request.ts";
import { type Context, slotOf, timeOf } from "./route.ts";

/** The unlocked part, then the locked one. */
export function getDelegatedResourceV2(request: ApiRequest, { at }: Context): Json {
  const pair = { from: addressOf(request, "fromAddress"), to: addressOf(request, "toAddress") };
  const { open, locked } = delegationOf(at.state, pair);
  const ends = { from: renderAddress(pair.from, request.visible), to: renderAddress(pair.to, request.visible) };
  const parts = [open, locked].flatMap((part) => (part === null || isEmpty(part) ? [] : [{ ...ends, ...shown(part) }]));
  return parts.length === 0 ? {} : { delegatedResource: parts };
}

/** Delegations of the old staking: there are none. */
export function getDelegatedResource(request: ApiRequest): Json {
  addressOf(request, "fromAddress");
  addressOf(request, "toAddress");
  return {};
}

export function getDelegatedResourceAccountIndexV2(request: ApiRequest, { at }: Context): Json {
  const hex41 = addressOf(request, "value");
  if (hex41.length !== 42) return {};
  const { from, to } = delegatesOf(at.state, hex41);
  const account = renderAddress(hex41, request.visible);
  return { account, fromAccounts: inOrder(from, request), toAccounts: inOrder(to, request) };
}

/** Delegations of the old staking: there are none. */
export function getDelegatedResourceAccountIndex(request: ApiRequest): Json {
  const hex41 = addressOf(request, "value");
  return hex41.length === 42 ? { account: renderAddress(hex41, request.visible) } : {};
}

export function getCanDelegatedMaxSize(request: ApiRequest, context: Context): Json {
  const owner = addressOf(request, "owner_address");
  const { state } = context.at;
  const resource = resourceOf(Number(int64Of(request, "type")));
  if (resource === undefined || accountOf(state, owner) === undefined) return {};
  const extraBytes = resource === "bandwidth" ? bytesToDelegate(state, owner) : 0;
  const most = delegable(state, owner, { resource, slot: slotOf(context), extraBytes });
  return { max_size: most < SUN_PER_TRX ? undefined : int64(most) };
}

export function getAvailableUnfreezeCount(request: ApiRequest, context: Context): Json {
  const owner = ownerOf(request);
  if (accountOf(context.at.state, owner) === undefined) return {};
  const { unfreezing } = stakeOf(context.at.state, owner);
  return { count: int64(UNFREEZINGS_MAX - unfreezingAt(unfreezing, timeOf(context)).length) };
}

export function getCanWithdrawUnfreezeAmount(request: ApiRequest, context: Context): Json {
  const asked = Number(int64Of(request, "timestamp"));
  const { unfreezing } = stakeOf(context.at.state, addressOf(request, "owner_address"));
  if (asked < 0) return {};
  return { amount: int64(maturedAt(unfreezing, asked === 0 ? timeOf(context) : asked)) };
}

/** This endpoint alone takes another spelling too, in a query. */
function ownerOf(request: ApiRequest): string {
  const other = request.method === "GET" && textOf(request, "ownerAddress") !== "";
  return addressOf(request, other ? "ownerAddress" : "owner_address");
}

function shown(part: PerResource<bigint> | LockedPart): JsonObject {
  return {
    frozen_balance_for_bandwidth: int64(part.bandwidth),
    frozen_balance_for_energy: int64(part.energy),
    expire_time_for_bandwidth: "until" in part ? int64(part.until.bandwidth) : undefined,
    expire_time_for_energy: "until" in part ? int64(part.until.energy) : undefined,
  };
}

function isEmpty(part: PerResource<bigint> | LockedPart): boolean {
  return part.bandwidth === 0n && part.energy === 0n;
}

/** Oldest first; of equals, the lower address. */
function inOrder(times: Readonly<Record<string, number>>, { visible }: ApiRequest): Json {
  const entries = Object.entries(times).toSorted(([a, since], [b, until]) => since - until || (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : entries.map(([address]) => renderAddress(address, visible));
}
