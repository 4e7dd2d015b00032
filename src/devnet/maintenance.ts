/**
 * The end of a maintenance period: proposals are decided, votes are counted, turns are given anew, a cycle of rewards closes (java-tron
 * MaintenanceManager).
 *
 * M1. The block at or after the time of maintenance makes it, once, however many periods went by without a block.
 */
import { parametersOf } from "./chain-parameters.ts";
import { settleProposals } from "./proposals.ts";
import { closeCycle, openPeriod, periodOf, settleIn } from "./rewards.ts";
import { read, type Session, type View } from "./state.ts";
import type { ChangedVotes, Vote } from "./system-rows.ts";
import { allWitnesses, changeWitness, electWitnesses, witnessOf } from "./witnesses.ts";

const VOTERS = "voters!changed";

/** Whether a block of this time makes the maintenance. */
export function isDue(view: View, timestamp: number): boolean {
  return periodOf(view).nextMaintenance <= timestamp;
}

/** What a block does to the period; `seats`: how many witnesses have turns. */
export function passPeriod(session: Session, { timestamp, seats }: { timestamp: number; seats: number }): void {
  if (!isDue(session, timestamp)) {
    settleIn(session);
    return;
  }
  settleProposals(session);
  closeCycle(session);
  if (countVotes(session)) electWitnesses(session, seats);
  openCycle(session, timestamp);
}

function openCycle(session: Session, timestamp: number): void {
  const period = periodOf(session);
  const interval = parametersOf(session).getMaintenanceTimeInterval;
  const passed = Math.floor((timestamp - period.nextMaintenance) / interval);
  openPeriod(session, {
    cycle: period.cycle + 1,
    nextMaintenance: period.nextMaintenance + (passed + 1) * interval,
    justMaintained: true,
    brokerages: Object.fromEntries(allWitnesses(session).map(({ address, brokerage }) => [address, brokerage])),
  });
}

/** Remembers that an account's votes changed. The change counts at the next maintenance. */
export function noteVotes(session: Session, hex41: string, { before, now }: ChangedVotes): void {
  const noted = read(session, `votes!${hex41}`);
  if (noted === undefined) {
    session.write(VOTERS, { voters: [...changedVoters(session), hex41] });
  }
  session.write(`votes!${hex41}`, { before: noted?.before ?? before, now });
}

/** What the votes changed since the last maintenance add to each witness; less than nothing, if they were taken away. */
export function votesNow(view: View): ReadonlyMap<string, bigint> {
  const changes = new Map<string, bigint>();
  const count = (votes: readonly Vote[], sign: bigint) => {
    for (const { witness, count: voted } of votes) changes.set(witness, (changes.get(witness) ?? 0n) + sign * voted);
  };
  for (const voter of changedVoters(view)) {
    const noted = read(view, `votes!${voter}`);
    count(noted?.before ?? [], -1n);
    count(noted?.now ?? [], 1n);
  }
  return changes;
}

/** Whether there was anything to count. */
function countVotes(session: Session): boolean {
  const changes = votesNow(session);
  for (const [address, change] of changes) {
    const witness = witnessOf(session, address);
    if (witness !== undefined) changeWitness(session, address, { voteCount: witness.voteCount + change });
  }
  const voters = changedVoters(session);
  for (const voter of voters) session.remove(`votes!${voter}`);
  if (voters.length > 0) session.remove(VOTERS);
  return changes.size > 0;
}

function changedVoters(view: View): readonly string[] {
  return read(view, VOTERS)?.voters ?? [];
}
