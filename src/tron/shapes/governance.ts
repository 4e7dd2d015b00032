/** Messages about witnesses, votes and proposals (witness, storage and proposal _contract.proto). */
import type { Shape } from "../protobuf.ts";
import { address, bool, enumOf, int32, int64, listOf, owner, text } from "./fields.ts";

const PROPOSAL_STATES = ["PENDING", "DISAPPROVED", "APPROVED", "CANCELED"] as const;
const voteShape = { vote_address: address(1), vote_count: int64(2) } as const satisfies Shape;
const numbersShape = { key: int64(1), value: int64(2) } as const satisfies Shape;

/** A proposal as a node keeps and shows it (Tron.proto). */
export const proposalShape = {
  proposal_id: int64(1),
  proposer_address: address(2),
  parameters: { n: 3, is: numbersShape, repeated: true, map: true },
  expiration_time: int64(4),
  create_time: int64(5),
  approvals: { n: 6, is: "bytes", shown: "address", repeated: true },
  state: enumOf(7, PROPOSAL_STATES),
} as const satisfies Shape;

export const GOVERNANCE_CONTRACTS = {
  VoteWitnessContract: {
    number: 4,
    shape: { owner_address: owner, votes: listOf(2, voteShape), support: bool(3) },
  },
  WitnessCreateContract: { number: 5, shape: { owner_address: owner, url: text(2) } },
  WitnessUpdateContract: { number: 8, shape: { owner_address: owner, update_url: text(12) } },
  WithdrawBalanceContract: { number: 13, shape: { owner_address: owner } },
  ProposalCreateContract: {
    number: 16,
    shape: { owner_address: owner, parameters: { n: 2, is: numbersShape, repeated: true, map: true } },
  },
  ProposalApproveContract: {
    number: 17,
    shape: { owner_address: owner, proposal_id: int64(2), is_add_approval: bool(3) },
  },
  ProposalDeleteContract: { number: 18, shape: { owner_address: owner, proposal_id: int64(2) } },
  UpdateBrokerageContract: { number: 49, shape: { owner_address: owner, brokerage: int32(2) } },
} as const satisfies Record<string, { number: number; shape: Shape }>;
