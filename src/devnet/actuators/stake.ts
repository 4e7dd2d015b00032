/**
 * Staking for bandwidth and energy, and getting the stake back (java-tron FreezeBalanceV2, UnfreezeBalanceV2,
 * WithdrawExpireUnfreeze and CancelAllUnfreezeV2 Actuator, tron.md §5).
 *
 * F1. TRX is in a balance, staked, delegated or unfreezing, and in exactly one of them.
 * F2. Votes never exceed what is staked: unfreezing cuts them, after what they earned is settled.
 */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { noteVotes } from "../maintenance.ts";
import { settleReward } from "../rewards.ts";
import { addFrozen, changeStake, stakeOf, SUN_PER_TRX, tronPower } from "../stake.ts";
import { accountKey, accountOf, type Session, type View } from "../state.ts";
import { RESOURCES, type Resource, type Unfreezing, type Vote } from "../system-rows.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { closed, DAY_MS, done, hasStake2, noAccount, validating } from "./common.ts";

export const UNFREEZINGS_MAX = 32;

export const stakeActuators = {
  FreezeBalanceV2Contract: {
    validate: validating((view, { value }) => objectionToFreezing(view, value)),
    execute: (session, { value }) => freeze(session, value),
  },
  UnfreezeBalanceV2Contract: {
    validate: validating((view, { value }, moment) => objectionToUnfreezing(view, value, moment)),
    execute: (session, { value }, moment) => unfreeze(session, value, moment),
  },
  WithdrawExpireUnfreezeContract: {
    validate: validating((view, { value }, moment) => objectionToWithdrawing(view, value.owner_address, moment)),
    execute: (session, { value }, moment) => {
      return done({ withdraw_expire_amount: payMatured(session, value.owner_address, moment) });
    },
  },
  CancelAllUnfreezeV2Contract: {
    validate: validating((view, { value }) => objectionToCancelling(view, value.owner_address)),
    execute: (session, { value }, moment) => cancelAll(session, value.owner_address, moment),
  },
} satisfies Actuators;

export function resourceOf(code: number): Resource | undefined {
  return RESOURCES[code];
}

/** Entries of the queue that are not due yet. */
export function unfreezingAt(unfreezing: readonly Unfreezing[], now: number): Unfreezing[] {
  return unfreezing.filter(({ expires }) => expires > now);
}

/** What of the queue may be withdrawn, in sun. */
export function maturedAt(unfreezing: readonly Unfreezing[], now: number): bigint {
  return unfreezing.reduce((sum, { amount, expires }) => (expires <= now ? sum + amount : sum), 0n);
}

function objectionToFreezing(view: View, freezing: ContractValue<"FreezeBalanceV2Contract">): string | undefined {
  const { owner_address: owner, frozen_balance: amount } = freezing;
  if (!hasStake2(view)) return closed("FreezeV2");
  if (!isHex41(owner)) return "Invalid address";
  const account = accountOf(view, owner);
  if (account === undefined) return noAccount(owner);
  if (amount <= 0n) return "frozenBalance must be positive";
  if (amount < SUN_PER_TRX) return "frozenBalance must be greater than or equal to 1 TRX";
  if (amount > account.balance) return "frozenBalance must be less than or equal to accountBalance";
  if (resourceOf(freezing.resource) === undefined) return "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]";
  return undefined;
}

function freeze(session: Session, freezing: ContractValue<"FreezeBalanceV2Contract">): Effect {
  const { owner_address: owner, frozen_balance: amount } = freezing;
  addBalance(session, owner, -amount);
  addFrozen(session, owner, { resource: resourceOf(freezing.resource) ?? "bandwidth", sun: amount });
  return done();
}

function objectionToUnfreezing(
  view: View,
  unfreezing: ContractValue<"UnfreezeBalanceV2Contract">,
  { headTimestamp: now }: Moment,
): string | undefined {
  const { owner_address: owner, unfreeze_balance: amount } = unfreezing;
  if (!hasStake2(view)) return closed("UnfreezeV2");
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return `Account[${owner}] does not exist`;
  const stake = stakeOf(view, owner);
  const resource = resourceOf(unfreezing.resource);
  if (resource === undefined) return "ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]";
  if (stake.frozen[resource] === 0n) return `no frozenBalance(${resource === "bandwidth" ? "BANDWIDTH" : "Energy"})`;
  if (amount <= 0n || amount > stake.frozen[resource]) return `Invalid unfreeze_balance, [${amount}] is error`;
  if (unfreezingAt(stake.unfreezing, now).length >= UNFREEZINGS_MAX) {
    return "Invalid unfreeze operation, unfreezing times is over limit";
  }
  return undefined;
}

function unfreeze(session: Session, order: ContractValue<"UnfreezeBalanceV2Contract">, moment: Moment): Effect {
  const { owner_address: owner, unfreeze_balance: amount } = order;
  const resource = resourceOf(order.resource) ?? "bandwidth";
  settleReward(session, owner);
  const withdrawn = payMatured(session, owner, moment);
  const expires = moment.headTimestamp + parametersOf(session).getUnfreezeDelayDays * DAY_MS;
  const { unfreezing } = stakeOf(session, owner);
  changeStake(session, owner, { unfreezing: [...unfreezing, { resource, amount, expires }] });
  addFrozen(session, owner, { resource, sun: -amount });
  cutVotes(session, owner);
  return done({ withdraw_expire_amount: withdrawn });
}

/** Votes that the stake no longer carries are taken from all alike; what is less than one is gone. */
function cutVotes(session: Session, owner: string): void {
  const stake = stakeOf(session, owner);
  const total = stake.votes.reduce((sum, { count }) => sum + count, 0n);
  const power = tronPower(stake);
  if (total === 0n || power >= total * SUN_PER_TRX) return;
  const votes: Vote[] = [];
  for (const { witness, count } of stake.votes) {
    const kept = BigInt(Math.trunc(((Number(count) / Number(total)) * Number(power)) / Number(SUN_PER_TRX)));
    if (kept > 0n) votes.push({ witness, count: kept });
  }
  changeStake(session, owner, { votes });
  noteVotes(session, owner, { before: stake.votes, now: votes });
}

function objectionToWithdrawing(view: View, owner: string, { headTimestamp: now }: Moment): string | undefined {
  if (!hasStake2(view)) return closed("WithdrawExpireUnfreeze");
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  if (maturedAt(stakeOf(view, owner).unfreezing, now) <= 0n) return "no unFreeze balance to withdraw ";
  return undefined;
}

/** Pays out what is due; what it was, in sun. */
function payMatured(session: Session, owner: string, { headTimestamp: now }: Moment): bigint {
  const { unfreezing } = stakeOf(session, owner);
  const matured = maturedAt(unfreezing, now);
  if (matured === 0n) return 0n;
  changeStake(session, owner, { unfreezing: unfreezingAt(unfreezing, now) });
  addBalance(session, owner, matured);
  return matured;
}

function objectionToCancelling(view: View, owner: string): string | undefined {
  const isOpen = hasStake2(view) && parametersOf(view).getAllowCancelAllUnfreezeV2 === 1;
  if (!isOpen) return closed("CancelAllUnfreezeV2");
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  return stakeOf(view, owner).unfreezing.length === 0 ? "No unfreezeV2 list to cancel" : undefined;
}

function cancelAll(session: Session, owner: string, moment: Moment): Effect {
  const withdrawn = payMatured(session, owner, moment);
  const back = { bandwidth: 0n, energy: 0n };
  for (const { resource, amount } of stakeOf(session, owner).unfreezing) {
    addFrozen(session, owner, { resource, sun: amount });
    back[resource] += amount;
  }
  changeStake(session, owner, { unfreezing: [] });
  return done({
    withdraw_expire_amount: withdrawn,
    // In the order in which a Java HashMap holds these three.
    cancel_unfreezeV2_amount: [
      { key: "ENERGY", value: back.energy },
      { key: "TRON_POWER", value: 0n },
      { key: "BANDWIDTH", value: back.bandwidth },
    ],
  });
}

function addBalance(session: Session, hex41: string, sun: bigint): void {
  const account = accountOf(session, hex41);
  if (account === undefined) throw new RangeError("who stakes was checked to have an account");
  session.write(accountKey(hex41), { ...account, balance: account.balance + sun });
}
