/**
 * Proposals of witnesses to change chain parameters (java-tron ProposalController).
 *
 * P1. A proposal is decided once: at the first maintenance that was due at or after its expiration, by those who have
 *     turns then. A maintenance that comes late because slots were missed was due at its own time.
 * P2. Proposals are numbered from 1 in the order in which they were made.
 */
import type { Proposal } from "./account-rows.ts";
import { setParameter } from "./chain-parameters.ts";
import { parameterOfProposal } from "./proposal-rules.ts";
import { periodOf } from "./rewards.ts";
import { read, type Session, type View } from "./state.ts";
import { scheduleOf } from "./witnesses.ts";

/** By number, as the enum of Tron.proto has them. */
export const PROPOSAL_STATE = { PENDING: 0, DISAPPROVED: 1, APPROVED: 2, CANCELED: 3 } as const;

const COUNT = "count!proposals";

export function proposalCount(view: View): number {
  return read(view, COUNT)?.count ?? 0;
}

export function proposalById(view: View, id: bigint): Proposal | undefined {
  return read(view, `proposal!${id}`);
}

/** By number. */
export function allProposals(view: View): Proposal[] {
  const numbers = Array.from({ length: proposalCount(view) }, (_, at) => BigInt(at + 1));
  return numbers.flatMap((id) => proposalById(view, id) ?? []);
}

/** Gives the proposal the next number. */
export function addProposal(session: Session, proposal: Omit<Proposal, "proposal_id">): void {
  const count = proposalCount(session) + 1;
  session.write(COUNT, { count });
  writeProposal(session, { ...proposal, proposal_id: BigInt(count) });
}

export function writeProposal(session: Session, proposal: Proposal): void {
  session.write(`proposal!${proposal.proposal_id}`, proposal);
}

/** What maintenance does first: decides what has expired, newest first, until one that was decided before. */
export function settleProposals(session: Session): void {
  const { nextMaintenance } = periodOf(session);
  for (const proposal of allProposals(session).toReversed()) {
    if (proposal.state === PROPOSAL_STATE.APPROVED || proposal.state === PROPOSAL_STATE.DISAPPROVED) return;
    const expired = proposal.expiration_time <= BigInt(nextMaintenance);
    if (proposal.state === PROPOSAL_STATE.PENDING && expired) settle(session, proposal);
  }
}

function settle(session: Session, proposal: Proposal): void {
  const { active } = scheduleOf(session);
  const approvals = proposal.approvals.filter((witness) => active.includes(witness)).length;
  const approved = approvals >= Math.floor((active.length * 7) / 10);
  writeProposal(session, { ...proposal, state: approved ? PROPOSAL_STATE.APPROVED : PROPOSAL_STATE.DISAPPROVED });
  if (!approved) return;
  for (const { key, value } of proposal.parameters) adopt(session, { key, value, since: proposal.expiration_time });
}

function adopt(session: Session, change: { key: bigint; value: bigint; since: bigint }): void {
  const name = parameterOfProposal(change.key);
  if (name === undefined) return;
  const since = Number(change.since);
  // Parameters are numbers here: values above 2^53, which only a few fees may have, lose their last digits.
  const value = Number(change.value);
  setParameter(session, { name, value, since });
  if (name === "getTotalEnergyCurrentLimit") setParameter(session, { name: "getTotalEnergyLimit", value, since });
}
