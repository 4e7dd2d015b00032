/** The fields of an account that are about stake, votes and rewards (tron.md §2.3). */
import { RESOURCE_CODES } from "../../tron/shapes/fields.ts";
import { SLOT_MS } from "../parameters.ts";
import { allowanceOf } from "../rewards.ts";
import { stakeOf } from "../stake.ts";
import type { View } from "../state.ts";
import { RESOURCES, type Resource } from "../system-rows.ts";
import { settled } from "../usage.ts";
import { witnessOf } from "../witnesses.ts";
import { int64 } from "./json.ts";
import { type JsonObject, renderAddress } from "./render.ts";

/** Usage is what is left of it at `slot`. */
export function stakeFields(view: View, hex41: string, at: { slot: number; visible: boolean }): JsonObject {
  const stake = stakeOf(view, hex41);
  const net = settled(stake.used.bandwidth, at.slot);
  const energy = settled(stake.used.energy, at.slot);
  const votes = stake.votes.map(({ witness, count }) => ({
    vote_address: renderAddress(witness, at.visible),
    vote_count: count,
  }));
  const unfreezing = stake.unfreezing.map(({ resource, amount, expires }) => ({
    type: codeOf(resource),
    unfreeze_amount: int64(amount),
    unfreeze_expire_time: int64(expires),
  }));
  return {
    votes: votes.length === 0 ? undefined : votes,
    allowance: int64(allowanceOf(view, hex41)),
    latest_withdraw_time: int64(stake.latestWithdrawTime),
    is_witness: witnessOf(view, hex41) === undefined ? undefined : true,
    net_usage: int64(net.usage),
    latest_consume_time: int64(stake.used.bandwidth.slot * SLOT_MS),
    net_window_size: net.window,
    net_window_optimized: true,
    account_resource: {
      energy_usage: int64(energy.usage),
      latest_consume_time_for_energy: int64(stake.used.energy.slot * SLOT_MS),
      energy_window_size: energy.window,
      energy_window_optimized: true,
      delegated_frozenV2_balance_for_energy: int64(stake.delegated.energy),
      acquired_delegated_frozenV2_balance_for_energy: int64(stake.acquired.energy),
    },
    frozenV2: [
      ...RESOURCES.map((resource) => ({ type: codeOf(resource), amount: int64(stake.frozen[resource]) })),
      { type: "TRON_POWER" },
    ],
    unfrozenV2: unfreezing.length === 0 ? undefined : unfreezing,
    delegated_frozenV2_balance_for_bandwidth: int64(stake.delegated.bandwidth),
    acquired_delegated_frozenV2_balance_for_bandwidth: int64(stake.acquired.bandwidth),
  };
}

/** As the API names it; the first of an enum is left out. */
export function codeOf(resource: Resource): string | undefined {
  const number = RESOURCES.indexOf(resource);
  return number === 0 ? undefined : RESOURCE_CODES[number];
}
