/** Proposals are made, approved and taken back (java-tron ProposalCreate, ProposalApprove, ProposalDelete Actuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import type { Proposal } from "../account-rows.ts";
import { parametersOf } from "../chain-parameters.ts";
import { objectionToValue } from "../proposal-rules.ts";
import { addProposal, PROPOSAL_STATE, proposalById, writeProposal } from "../proposals.ts";
import { periodOf } from "../rewards.ts";
import { accountOf, type Session, type View } from "../state.ts";
import { witnessOf } from "../witnesses.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { DAY_MS, done, noAccount, validating } from "./common.ts";

/** How long witnesses have to approve, before the next maintenance decides (java-tron proposalExpireTime). */
const VOTING_MS = 3 * DAY_MS;

type Creation = ContractValue<"ProposalCreateContract">;
type Approval = ContractValue<"ProposalApproveContract">;
type Deletion = ContractValue<"ProposalDeleteContract">;

export const proposalActuators = {
  ProposalCreateContract: {
    validate: validating((view, { value }) => objectionToCreation(view, value)),
    execute: (session, { value }, moment) => create(session, value, moment),
  },
  ProposalApproveContract: {
    validate: validating((view, { value }, moment) => objectionToApproval(view, value, moment)),
    execute: (session, { value }) => approve(session, value),
  },
  ProposalDeleteContract: {
    validate: validating((view, { value }, moment) => objectionToDeletion(view, value, moment)),
    execute: (session, { value }) => {
      writeProposal(session, { ...known(session, value.proposal_id), state: PROPOSAL_STATE.CANCELED });
      return done();
    },
  },
} satisfies Actuators;

function objectionToCreation(view: View, { owner_address: owner, parameters }: Creation): string | undefined {
  const objection = objectionToWitness(view, owner);
  if (objection !== undefined) return objection;
  if (parameters.length === 0) return "This proposal has no parameter.";
  for (const { key, value } of distinct(parameters)) {
    const wrong = objectionToValue(view, key, value);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function objectionToWitness(view: View, owner: string): string | undefined {
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  return witnessOf(view, owner) === undefined ? `Witness[${owner}] not exists` : undefined;
}

/** Of equal keys the last one counts, where the first one stood: a map in Java. */
function distinct(parameters: Creation["parameters"]): Proposal["parameters"] {
  return [...new Map(parameters.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}

function create(session: Session, { owner_address: owner, parameters }: Creation, { headTimestamp }: Moment): Effect {
  const interval = parametersOf(session).getMaintenanceTimeInterval;
  const { nextMaintenance } = periodOf(session);
  const rounds = Math.trunc((headTimestamp + VOTING_MS - nextMaintenance) / interval);
  addProposal(session, {
    proposer_address: owner,
    parameters: distinct(parameters),
    create_time: BigInt(headTimestamp),
    expiration_time: BigInt(nextMaintenance + (rounds + 1) * interval),
    approvals: [],
    state: PROPOSAL_STATE.PENDING,
  });
  return done();
}

function objectionToApproval(view: View, approval: Approval, at: Moment): string | undefined {
  const { owner_address: owner, proposal_id: id, is_add_approval: adds } = approval;
  const objection = objectionToWitness(view, owner);
  if (objection !== undefined) return objection;
  const proposal = proposalById(view, id);
  if (proposal === undefined) return `Proposal[${id}] not exists`;
  const closed = objectionToState(proposal, at);
  if (closed !== undefined) return closed;
  const has = proposal.approvals.includes(owner);
  if (!adds && !has) return `Witness[${owner}]has not approved proposal[${id}] before`;
  return adds && has ? `Witness[${owner}]has approved proposal[${id}] before` : undefined;
}

function objectionToState({ proposal_id: id, expiration_time, state }: Proposal, at: Moment): string | undefined {
  if (BigInt(at.headTimestamp) >= expiration_time) return `Proposal[${id}] expired`;
  return state === PROPOSAL_STATE.CANCELED ? `Proposal[${id}] canceled` : undefined;
}

function approve(session: Session, { owner_address: owner, proposal_id: id, is_add_approval: adds }: Approval): Effect {
  const proposal = known(session, id);
  const others = proposal.approvals.filter((witness) => witness !== owner);
  writeProposal(session, { ...proposal, approvals: adds ? [...others, owner] : others });
  return done();
}

function objectionToDeletion(view: View, { owner_address: owner, proposal_id: id }: Deletion, at: Moment) {
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  const proposal = proposalById(view, id);
  if (proposal === undefined) return `Proposal[${id}] not exists`;
  if (proposal.proposer_address !== owner) return `Proposal[${id}] is not proposed by ${owner}`;
  return objectionToState(proposal, at);
}

function known(view: View, id: bigint): Proposal {
  const proposal = proposalById(view, id);
  if (proposal === undefined) throw new RangeError("a proposal that is not there is refused before");
  return proposal;
}
