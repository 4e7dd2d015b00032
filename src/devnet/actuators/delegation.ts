/**
 * Lending staked bandwidth and energy to others (java-tron DelegateResourceActuator, UnDelegateResourceActuator,
 * tron.md §5).
 *
 * G1. Only stake whose resource is not in use can be delegated.
 * G2. Who takes stake back takes over its share of what the receiver has used, so that nothing is used twice.
 */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { addDelegation, delegationOf, removable, removeDelegation } from "../delegations.ts";
import { SLOT_MS } from "../parameters.ts";
import { changeStake, networkLimit, plus, stakeOf, SUN_PER_TRX, weightsOf, workingStake } from "../stake.ts";
import { accountOf, type Session, type View } from "../state.ts";
import type { Resource } from "../system-rows.ts";
import { settled, usageLeft, usedWithReturned, windowOf } from "../usage.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { closed, done, hasStake2, noAccount, validating } from "./common.ts";
import { resourceOf } from "./stake.ts";

/** 3 days, in blocks. */
const LOCK_PERIOD = 86_400;
const DELEGATE_BYTES = 275;

export const delegationActuators = {
  DelegateResourceContract: {
    validate: validating((view, { value }, moment) => objectionToDelegating(view, value, moment)),
    execute: (session, { value }, moment) => delegate(session, value, moment),
  },
  UnDelegateResourceContract: {
    validate: validating((view, { value }, moment) => objectionToUndelegating(view, value, moment)),
    execute: (session, { value }, moment) => undelegate(session, value, moment),
  },
} satisfies Actuators;

type Delegating = ContractValue<"DelegateResourceContract">;
type Undelegating = ContractValue<"UnDelegateResourceContract">;

/**
 * How much of its own stake an account may delegate now, in sun; can be less than nothing. `extraBytes`: bandwidth that
 * it is about to use besides.
 */
export function delegable(
  view: View,
  owner: string,
  at: { resource: Resource; slot: number; extraBytes: number },
): bigint {
  const { resource } = at;
  const stake = stakeOf(view, owner);
  const used = usageLeft(stake.used[resource], at.slot) + at.extraBytes;
  const perUnit = weightsOf(view)[resource] / networkLimit(parametersOf(view), resource);
  const usedStake = BigInt(Math.trunc(Number(BigInt(used) * SUN_PER_TRX) * perUnit));
  const ownUsed = usedStake - stake.acquired[resource];
  return stake.frozen[resource] - (ownUsed > 0n ? ownUsed : 0n);
}

/** The bytes that a delegation of all bandwidth stake would take at most (estimateConsumeBandWidthSize). */
export function bytesToDelegate(view: View, owner: string): number {
  const balance = stakeOf(view, owner).frozen.bandwidth;
  const { getMaxDelegateLockPeriod: longest } = parametersOf(view);
  const lockBytes = 2 + (longest > LOCK_PERIOD ? 1 + varintBytes(BigInt(longest)) : 0);
  const most = lockBytes + (balance === 0n ? 0 : 1 + varintBytes(balance));
  const least = 1 + varintBytes(SUN_PER_TRX);
  return DELEGATE_BYTES + Math.max(most - least, 0);
}

function objectionToDelegating(view: View, order: Delegating, moment: Moment): string | undefined {
  const { owner_address: owner, receiver_address: receiver, balance } = order;
  if (parametersOf(view).getAllowDelegateResource !== 1) return "No support for resource delegate";
  if (!hasStake2(view)) return closed("Delegate resource");
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  if (balance < SUN_PER_TRX) return "delegateBalance must be greater than or equal to 1 TRX";
  const resource = resourceOf(order.resource);
  if (resource === undefined) return "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]";
  // A node that only builds the transaction leaves room for the bandwidth that sending it will take.
  const extraBytes = resource === "bandwidth" && moment.building === true ? bytesToDelegate(view, owner) : 0;
  if (delegable(view, owner, { resource, slot: slotOf(moment), extraBytes }) < balance) {
    const name = resource === "bandwidth" ? "FreezeBandwidthV2" : "FreezeEnergyV2";
    return `delegateBalance must be less than or equal to available ${name} balance`;
  }
  if (!isHex41(receiver)) return "Invalid receiverAddress";
  if (receiver === owner) return "receiverAddress must not be the same as ownerAddress";
  const account = accountOf(view, receiver);
  if (account === undefined) return noAccount(receiver);
  const lock = objectionToLock(view, { ...order, resource }, moment);
  if (lock !== undefined) return lock;
  return account.isContract ? "Do not allow delegate resources to contract addresses" : undefined;
}

function objectionToLock(
  view: View,
  order: Omit<Delegating, "resource"> & { resource: Resource },
  { headTimestamp: now }: Moment,
): string | undefined {
  const { owner_address: from, receiver_address: to, resource } = order;
  const { getMaxDelegateLockPeriod: longest } = parametersOf(view);
  if (!order.lock || longest <= LOCK_PERIOD) return undefined;
  const period = order.lock_period === 0n ? BigInt(LOCK_PERIOD) : order.lock_period;
  if (period < 0n || period > BigInt(longest)) {
    return `The lock period of delegate resource cannot be less than 0 and cannot exceed ${longest}!`;
  }
  const { locked } = delegationOf(view, { from, to });
  const remaining = locked === null ? 0 : locked.until[resource] - now;
  if (locked === null || period * BigInt(SLOT_MS) >= BigInt(remaining)) return undefined;
  const name = resource.toUpperCase();
  return (
    `The lock period for ${name} this time cannot be less than the remaining time[${remaining}ms] ` +
    `of the last lock period for ${name}!`
  );
}

function delegate(session: Session, order: Delegating, { headTimestamp: now }: Moment): Effect {
  const { owner_address: from, receiver_address: to, balance } = order;
  const resource = resourceOf(order.resource) ?? "bandwidth";
  const longerLocks = parametersOf(session).getMaxDelegateLockPeriod > LOCK_PERIOD;
  const period = longerLocks && order.lock_period !== 0n ? Number(order.lock_period) : LOCK_PERIOD;
  const until = order.lock ? { until: now + period * SLOT_MS } : {};
  addDelegation(session, { from, to }, { resource, sun: balance, now, ...until });
  const receiver = stakeOf(session, to);
  changeStake(session, to, { acquired: plus(receiver.acquired, resource, balance) });
  moveOwn(session, from, { resource, delegated: balance });
  return done();
}

function objectionToUndelegating(view: View, order: Undelegating, { headTimestamp: now }: Moment): string | undefined {
  const { owner_address: from, receiver_address: to, balance } = order;
  if (parametersOf(view).getAllowDelegateResource !== 1) return "No support for resource delegate";
  if (!hasStake2(view)) return closed("unDelegate resource");
  if (!isHex41(from)) return "Invalid address";
  if (accountOf(view, from) === undefined) return `Account[${from}] does not exist`;
  if (!isHex41(to)) return "Invalid receiverAddress";
  if (from === to) return "receiverAddress must not be the same as ownerAddress";
  const delegation = delegationOf(view, { from, to });
  if (delegation.open === null && delegation.locked === null) return "delegated Resource does not exist";
  if (balance <= 0n) return "unDelegateBalance must be more than 0 TRX";
  const resource = resourceOf(order.resource);
  if (resource === undefined) return "ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]";
  const most = removable(delegation, resource, now);
  if (most >= balance) return undefined;
  const name = resource === "bandwidth" ? "delegatedFrozenBalance(BANDWIDTH)" : "delegateFrozenBalance(Energy)";
  return `insufficient ${name}, request=${balance}, unlock_balance=${most}`;
}

function undelegate(session: Session, order: Undelegating, moment: Moment): Effect {
  const { owner_address: from, receiver_address: to, balance } = order;
  const resource = resourceOf(order.resource) ?? "bandwidth";
  const slot = slotOf(moment);
  const returned =
    accountOf(session, to) === undefined ? undefined : takeBack(session, to, { resource, balance, slot });
  removeDelegation(session, { from, to }, { resource, sun: balance, now: moment.headTimestamp });
  moveOwn(session, from, { resource, delegated: -balance });
  if (returned !== undefined && returned.moved > 0) {
    const owner = stakeOf(session, from);
    const use = usedWithReturned(owner.used[resource], returned, slot);
    changeStake(session, from, { used: { ...owner.used, [resource]: use } });
  }
  return done();
}

/** Takes the stake from its receiver, and its share of the usage; that share. */
function takeBack(
  session: Session,
  to: string,
  { resource, balance, slot }: { resource: Resource; balance: bigint; slot: number },
): { moved: number; window: number } {
  const receiver = stakeOf(session, to);
  const use = settled(receiver.used[resource], slot);
  // A contract that was destroyed and made again has forgotten what it acquired.
  const forgotten = receiver.acquired[resource] < balance;
  const perTrx = networkLimit(parametersOf(session), resource) / weightsOf(session)[resource];
  const most = Math.trunc((Number(balance) / Number(SUN_PER_TRX)) * perTrx);
  const share = Math.trunc(use.usage * (Number(balance) / Number(workingStake(receiver, resource))));
  const moved = forgotten ? 0 : Math.min(most, share);
  changeStake(session, to, {
    acquired: forgotten ? { ...receiver.acquired, [resource]: 0n } : plus(receiver.acquired, resource, -balance),
    used: { ...receiver.used, [resource]: { ...use, usage: use.usage - moved } },
  });
  return { moved, window: windowOf(use) };
}

function moveOwn(session: Session, owner: string, moved: { resource: Resource; delegated: bigint }): void {
  const stake = stakeOf(session, owner);
  changeStake(session, owner, {
    frozen: plus(stake.frozen, moved.resource, -moved.delegated),
    delegated: plus(stake.delegated, moved.resource, moved.delegated),
  });
}

function slotOf({ headTimestamp }: Moment): number {
  return Math.floor(headTimestamp / SLOT_MS);
}

function varintBytes(value: bigint): number {
  return Math.max(1, Math.ceil(value.toString(2).length / 7));
}
