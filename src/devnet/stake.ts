/**
 * What accounts have staked, and what it gives them (tron.md §4.3, §5).
 *
 * S1. The weights of the network are the sum of all whole TRX staked since genesis on top of what it began with.
 * S2. What is delegated is owned: it leaves `frozen` of the owner for `delegated`, and is `acquired` by the receiver.
 */
import type { ChainParameters } from "./chain-parameters.ts";
import { read, type Session, type View } from "./state.ts";
import type { PerResource, Resource, Stake, Weights } from "./system-rows.ts";
import { UNUSED, usageLeft } from "./usage.ts";

export const SUN_PER_TRX = 1_000_000n;
const NONE: PerResource<bigint> = { bandwidth: 0n, energy: 0n };
const NO_STAKE: Stake = {
  frozen: NONE,
  delegated: NONE,
  acquired: NONE,
  unfreezing: [],
  used: { bandwidth: UNUSED, energy: UNUSED },
  votes: [],
  allowance: 0n,
  latestWithdrawTime: 0,
};
const NO_WEIGHTS: Weights = { bandwidth: 0, energy: 0 };

export function stakeOf(view: View, hex41: string): Stake {
  return read(view, `stake!${hex41}`) ?? NO_STAKE;
}

export function setStake(session: Session, hex41: string, stake: Stake): void {
  session.write(`stake!${hex41}`, stake);
}

export function changeStake(session: Session, hex41: string, change: Partial<Stake>): void {
  setStake(session, hex41, { ...stakeOf(session, hex41), ...change });
}

/** `amounts` with `added` on top of one of them. */
export function plus(amounts: PerResource<bigint>, resource: Resource, added: bigint): PerResource<bigint> {
  return { ...amounts, [resource]: amounts[resource] + added };
}

/** Adds to what an account has staked itself, and to the weight of the network; `sun` may be negative. */
export function addFrozen(session: Session, hex41: string, change: { resource: Resource; sun: bigint }): void {
  const { resource, sun } = change;
  const before = stakeOf(session, hex41);
  const after = { ...before, frozen: plus(before.frozen, resource, sun) };
  setStake(session, hex41, after);
  addWeight(session, resource, wholeTrx(ownStake(after, resource)) - wholeTrx(ownStake(before, resource)));
}

export function weightsOf(view: View): Weights {
  return read(view, "weights!all") ?? NO_WEIGHTS;
}

function addWeight(session: Session, resource: Resource, trx: number): void {
  if (trx === 0) return;
  const weights = weightsOf(session);
  session.write("weights!all", { ...weights, [resource]: Math.max(0, weights[resource] + trx) });
}

/** What the account owns of a resource's stake, delegated or not. */
export function ownStake(stake: Stake, resource: Resource): bigint {
  return stake.frozen[resource] + stake.delegated[resource];
}

/** What works for the account, its own and others'. */
export function workingStake(stake: Stake, resource: Resource): bigint {
  return stake.frozen[resource] + stake.acquired[resource];
}

/** What it may vote with, in sun. */
export function tronPower(stake: Stake): bigint {
  return ownStake(stake, "bandwidth") + ownStake(stake, "energy");
}

/** What the account may use of a resource per day, by its share of the stake. */
export function resourceLimit(
  view: View,
  stake: Stake,
  { resource, parameters }: { resource: Resource; parameters: ChainParameters },
): number {
  const weight = weightsOf(view)[resource];
  if (weight === 0) return 0;
  const share = Number(workingStake(stake, resource)) / Number(SUN_PER_TRX);
  return Math.trunc(share * (networkLimit(parameters, resource) / weight));
}

/** What all stakers together may use per day. */
export function networkLimit(parameters: ChainParameters, resource: Resource): number {
  return resource === "bandwidth" ? parameters.getTotalNetLimit : parameters.getTotalEnergyCurrentLimit;
}

/** What the account may use right now without paying. */
export function resourceLeft(
  view: View,
  stake: Stake,
  at: { resource: Resource; parameters: ChainParameters; slot: number },
): number {
  return resourceLimit(view, stake, at) - usageLeft(stake.used[at.resource], at.slot);
}

function wholeTrx(sun: bigint): number {
  return Number(sun / SUN_PER_TRX);
}
