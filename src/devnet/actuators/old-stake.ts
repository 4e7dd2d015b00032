/**
 * Staking as it was before Stake 2.0, which is closed (java-tron FreezeBalanceActuator, UnfreezeBalanceActuator). Nobody
 * on this chain has such a stake; what is left is the order in which a node objects.
 */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { SUN_PER_TRX } from "../stake.ts";
import { accountOf, type View } from "../state.ts";
import type { Actuators } from "./actuator.ts";
import { done, noAccount, validating } from "./common.ts";
import { resourceOf } from "./stake.ts";

const FROZEN_DAYS = 3n;

export const oldStakeActuators = {
  FreezeBalanceContract: {
    validate: validating((view, { value }) => objectionToFreezing(view, value)),
    execute: () => done(),
  },
  UnfreezeBalanceContract: {
    validate: validating((view, { value }) => objectionToUnfreezing(view, value)),
    execute: () => done(),
  },
} satisfies Actuators;

function objectionToFreezing(view: View, freezing: ContractValue<"FreezeBalanceContract">): string {
  const { owner_address: owner, frozen_balance: amount, receiver_address: receiver } = freezing;
  if (!isHex41(owner)) return "Invalid address";
  const account = accountOf(view, owner);
  if (account === undefined) return noAccount(owner);
  if (amount <= 0n) return "frozenBalance must be positive";
  if (amount < SUN_PER_TRX) return "frozenBalance must be greater than or equal to 1 TRX";
  if (amount > account.balance) return "frozenBalance must be less than or equal to accountBalance";
  if (freezing.frozen_duration !== FROZEN_DAYS) {
    return `frozenDuration must be less than ${FROZEN_DAYS} days and more than ${FROZEN_DAYS} days`;
  }
  if (resourceOf(freezing.resource) === undefined) return "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]";
  if (receiver !== "") {
    if (receiver === owner) return "receiverAddress must not be the same as ownerAddress";
    if (!isHex41(receiver)) return "Invalid receiverAddress";
    const to = accountOf(view, receiver);
    if (to === undefined) return noAccount(receiver);
    if (to.isContract) return "Do not allow delegate resources to contract addresses";
  }
  return "freeze v2 is open, old freeze is closed";
}

function objectionToUnfreezing(view: View, unfreezing: ContractValue<"UnfreezeBalanceContract">): string {
  const { owner_address: owner, receiver_address: receiver } = unfreezing;
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return `Account[${owner}] does not exist`;
  if (receiver !== "") {
    if (receiver === owner) return "receiverAddress must not be the same as ownerAddress";
    return isHex41(receiver) ? "delegated Resource does not exist" : "Invalid receiverAddress";
  }
  const resource = resourceOf(unfreezing.resource);
  if (resource === undefined) return "ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]";
  return `no frozenBalance(${resource === "bandwidth" ? "BANDWIDTH" : "Energy"})`;
}
