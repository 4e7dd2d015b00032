/**
 * What witnesses and their voters earn (java-tron MortgageService and DelegationStore, tron.md §5).
 *
 * W1. A block pays its witness, and the 127 witnesses with the most votes by their votes. Each payment is cut in two
 *     where it is made: the witness's brokerage, and the rest for those who voted for it.
 * W2. Votes, brokerages and parameters change at maintenance only, so the payments of a period are the same from block
 *     to block: they are added up when somebody asks, out of the number of blocks, and no block has to write them.
 * W3. A vote earns from the maintenance on that counts it. What one vote earned is summed up at each maintenance, so
 *     that a voter's reward is a difference of two sums, however many cycles lie between.
 * W4. Before the votes of an account change, what the old ones earned is settled into its allowance.
 */
import { parametersOf } from "./chain-parameters.ts";
import { changeStake, stakeOf } from "./stake.ts";
import { read, type Session, type View } from "./state.ts";
import type { Period, Settlement, Stake, Vote } from "./system-rows.ts";
import { allWitnesses, byVotes, witnessOf } from "./witnesses.ts";

const STANDBY_WITNESSES = 127;
export const DEFAULT_BROKERAGE = 20;
const PER_VOTE_DECIMALS = 10n ** 18n;
const NEVER_SETTLED: Settlement = { begin: 0, end: -1, votes: null };
const NO_PERIOD: Period = {
  cycle: 0,
  nextMaintenance: 0,
  justMaintained: false,
  brokerages: {},
  blockPay: 0,
  standbyPay: {},
  madeBefore: {},
  withdrawn: {},
};

export function periodOf(view: View): Period {
  return read(view, "period!now") ?? NO_PERIOD;
}

/** `brokerages`: those of the witnesses that have one of their own in this cycle. */
export function openPeriod(
  session: Session,
  next: Pick<Period, "cycle" | "nextMaintenance" | "justMaintained" | "brokerages">,
): void {
  const witnesses = allWitnesses(session);
  const parameters = parametersOf(session);
  const standby = byVotes(witnesses)
    .slice(0, STANDBY_WITNESSES)
    .filter(({ voteCount }) => voteCount > 0n);
  const votes = standby.reduce((sum, { voteCount }) => sum + voteCount, 0n);
  const perVote = parameters.getWitness127PayPerBlock / Number(votes);
  session.write("period!now", {
    ...next,
    blockPay: parameters.getWitnessPayPerBlock,
    standbyPay: Object.fromEntries(
      standby.map(({ address, voteCount }) => [address, Math.trunc(Number(voteCount) * perVote)]),
    ),
    madeBefore: Object.fromEntries(witnesses.map(({ address, produced }) => [address, produced])),
    withdrawn: {},
  });
}

/** The maintenance block is over. */
export function settleIn(session: Session): void {
  const period = periodOf(session);
  if (period.justMaintained) session.write("period!now", { ...period, justMaintained: false });
}

/** Percent of its rewards that a witness keeps in the running cycle. */
export function brokerageOf(view: View, witness: string): number {
  return periodOf(view).brokerages[witness] ?? DEFAULT_BROKERAGE;
}

/** At the end of a cycle: adds up what a vote earned in it, and hands the witnesses their incomes. */
export function closeCycle(session: Session): void {
  const { cycle } = periodOf(session);
  const perVote: Record<string, bigint> = { ...perVoteUntil(session, cycle - 1) };
  const blocks = blocksIn(session);
  for (const { address, voteCount } of allWitnesses(session)) {
    const { shared, kept } = earningsOf(session, address, blocks);
    if (shared > 0n && voteCount > 0n) {
      perVote[address] = (perVote[address] ?? 0n) + (shared * PER_VOTE_DECIMALS) / voteCount;
    }
    if (kept > 0n) changeStake(session, address, { allowance: stakeOf(session, address).allowance + kept });
  }
  session.write(`cycle!${cycle}`, { perVote });
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
  return stakeOf(view, hex41).allowance + earningsOf(view, hex41).kept;
}

/** Empties the allowance; what was in it, in sun. */
export function takeAllowance(session: Session, hex41: string): bigint {
  const allowance = allowanceOf(session, hex41);
  const { kept } = earningsOf(session, hex41);
  if (kept > 0n) {
    const period = periodOf(session);
    const before = period.withdrawn[hex41] ?? 0n;
    session.write("period!now", { ...period, withdrawn: { ...period.withdrawn, [hex41]: before + kept } });
  }
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

/** What a witness has earned in the running period, in sun: for its voters, and what is left of its own part. */
function earningsOf(view: View, witness: string, counted?: number): { shared: bigint; kept: bigint } {
  if (witnessOf(view, witness) === undefined) return { shared: 0n, kept: 0n };
  const { brokerages, blockPay, standbyPay, withdrawn } = periodOf(view);
  const blocks = counted ?? blocksIn(view);
  const rate = (brokerages[witness] ?? DEFAULT_BROKERAGE) / 100;
  let shared = 0n;
  let kept = -(withdrawn[witness] ?? 0n);
  for (const [count, sun] of [
    [madeIn(view, witness), blockPay],
    [blocks, standbyPay[witness] ?? 0],
  ] as const) {
    const own = Math.trunc(rate * sun);
    kept += BigInt(count) * BigInt(own);
    shared += BigInt(count) * BigInt(sun - own);
  }
  return { shared, kept };
}

/** Blocks of the running period so far. */
function blocksIn(view: View): number {
  return allWitnesses(view).reduce((sum, { address }) => sum + madeIn(view, address), 0);
}

function madeIn(view: View, witness: string): number {
  return (witnessOf(view, witness)?.produced ?? 0) - (periodOf(view).madeBefore[witness] ?? 0);
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
