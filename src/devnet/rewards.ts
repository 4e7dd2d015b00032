/**
 * What witnesses and their voters earn (java-tron MortgageService and DelegationStore, tron.md §5).
 *
 * W1. A block pays its witness, and the 127 witnesses with the most votes by their votes. Each payment is cut in two
 *     where it is made: the witness's brokerage, and the rest for those who voted for it.
 * W2. A vote earns from the maintenance on that counts it. What one vote earned is summed up at each maintenance, so
 *     that a voter's reward is a difference of two sums, however many cycles lie between.
 * W3. Before the votes of an account change, what the old ones earned is settled into its allowance.
 */
import type { ChainParameters } from "./chain-parameters.ts";
import { changeStake, stakeOf } from "./stake.ts";
import { read, type Session, type View } from "./state.ts";
import type { Earnings, Period, Settlement, Stake, Vote } from "./system-rows.ts";
import { allWitnesses, byVotes } from "./witnesses.ts";

const STANDBY_WITNESSES = 127;
export const DEFAULT_BROKERAGE = 20;
const PER_VOTE_DECIMALS = 10n ** 18n;
const NEVER_SETTLED: Settlement = { begin: 0, end: -1, votes: null };
const NO_PERIOD: Period = {
  cycle: 0,
  nextMaintenance: 0,
  justMaintained: false,
  brokerages: {},
};
const NO_EARNINGS: Earnings = { rewards: {}, incomes: {} };
const EARNINGS = "earnings!now";

export function periodOf(view: View): Period {
  return read(view, "period!now") ?? NO_PERIOD;
}

export function setPeriod(session: Session, period: Period): void {
  session.write("period!now", period);
}

/** Percent of its rewards that a witness keeps in the running cycle. */
export function brokerageOf(view: View, witness: string): number {
  return periodOf(view).brokerages[witness] ?? DEFAULT_BROKERAGE;
}

/** Pays for one block. */
export function payBlock(session: Session, witness: string, parameters: ChainParameters): void {
  const { brokerages } = periodOf(session);
  const before = earningsOf(session);
  const rewards = { ...before.rewards };
  const incomes = { ...before.incomes };
  const pay = (to: string, sun: number) => {
    const kept = Math.trunc(((brokerages[to] ?? DEFAULT_BROKERAGE) / 100) * sun);
    rewards[to] = (rewards[to] ?? 0n) + BigInt(sun - kept);
    if (kept > 0) incomes[to] = (incomes[to] ?? 0n) + BigInt(kept);
  };
  pay(witness, parameters.getWitnessPayPerBlock);
  const standby = byVotes(allWitnesses(session))
    .slice(0, STANDBY_WITNESSES)
    .filter(({ voteCount }) => voteCount > 0n);
  const votes = standby.reduce((sum, { voteCount }) => sum + voteCount, 0n);
  const perVote = parameters.getWitness127PayPerBlock / Number(votes);
  for (const { address, voteCount } of standby) pay(address, Math.trunc(Number(voteCount) * perVote));
  session.write(EARNINGS, { rewards, incomes });
}

/** At the end of a cycle: adds up what a vote earned in it, and hands the witnesses their incomes. */
export function closeCycle(session: Session): void {
  const { cycle } = periodOf(session);
  const { rewards, incomes } = earningsOf(session);
  const perVote: Record<string, bigint> = { ...perVoteUntil(session, cycle - 1) };
  for (const { address, voteCount } of allWitnesses(session)) {
    const reward = rewards[address] ?? 0n;
    if (reward === 0n || voteCount === 0n) continue;
    perVote[address] = (perVote[address] ?? 0n) + (reward * PER_VOTE_DECIMALS) / voteCount;
  }
  session.write(`cycle!${cycle}`, { perVote });
  for (const [address, income] of Object.entries(incomes)) {
    changeStake(session, address, { allowance: stakeOf(session, address).allowance + income });
  }
  session.write(EARNINGS, NO_EARNINGS);
}

/** What the account may withdraw after settling, in sun (queryReward). */
export function rewardOf(view: View, hex41: string): bigint {
  const stake = stakeOf(view, hex41);
  const { cycle } = periodOf(view);
  const settlement = settlementOf(view, hex41);
  const allowance = allowanceOf(view, hex41);
  if (settlement.begin > cycle) return allowance;
  return allowance + unsettled(view, stake, { settlement, cycle });
}

/** What is settled already: rewards of its votes, and its income as a witness. */
export function allowanceOf(view: View, hex41: string): bigint {
  return stakeOf(view, hex41).allowance + (earningsOf(view).incomes[hex41] ?? 0n);
}

/** Empties the allowance; what was in it, in sun. */
export function takeAllowance(session: Session, hex41: string): bigint {
  const allowance = allowanceOf(session, hex41);
  const { rewards, incomes } = earningsOf(session);
  if (incomes[hex41] !== undefined) session.write(EARNINGS, { rewards, incomes: { ...incomes, [hex41]: 0n } });
  changeStake(session, hex41, { allowance: 0n });
  return allowance;
}

/** Settles what the account's votes have earned until now into its allowance (withdrawReward). */
export function settleReward(session: Session, hex41: string): void {
  const { cycle } = periodOf(session);
  const settlement = settlementOf(session, hex41);
  const { begin } = settlement;
  if (begin > cycle || (begin === cycle && settlement.votes?.cycle === cycle)) return;
  const stake = stakeOf(session, hex41);
  const reward = unsettled(session, stake, { settlement, cycle });
  if (reward > 0n) changeStake(session, hex41, { allowance: stake.allowance + reward });
  session.write(
    `settled!${hex41}`,
    stake.votes.length === 0
      ? { ...settlement, begin: cycle + 1 }
      : { begin: cycle, end: cycle + 1, votes: { cycle, votes: stake.votes } },
  );
}

function earningsOf(view: View): Earnings {
  return read(view, EARNINGS) ?? NO_EARNINGS;
}

function settlementOf(view: View, hex41: string): Settlement {
  return read(view, `settled!${hex41}`) ?? NEVER_SETTLED;
}

/** The reward of whole cycles that is in nobody's allowance yet. */
function unsettled(view: View, stake: Stake, { settlement, cycle }: { settlement: Settlement; cycle: number }): bigint {
  let { begin } = settlement;
  let reward = 0n;
  if (begin + 1 === settlement.end && begin < cycle) {
    // The votes were changed during the cycle `begin`: in it, those before still counted.
    if (settlement.votes?.cycle === begin) reward += earned(view, settlement.votes.votes, [begin, begin + 1]);
    begin += 1;
  }
  if (begin < cycle) reward += earned(view, stake.votes, [begin, cycle]);
  return reward;
}

/** What `votes` earned from the cycle `from` until before `to`. */
function earned(view: View, votes: readonly Vote[], [from, to]: readonly [number, number]): bigint {
  const before = perVoteUntil(view, from - 1);
  const after = perVoteUntil(view, to - 1);
  let sum = 0n;
  for (const { witness, count } of votes) {
    const each = (after[witness] ?? 0n) - (before[witness] ?? 0n);
    if (each > 0n) sum += (each * count) / PER_VOTE_DECIMALS;
  }
  return sum;
}

function perVoteUntil(view: View, cycle: number): Readonly<Record<string, bigint>> {
  return read(view, `cycle!${cycle}`)?.perVote ?? {};
}
