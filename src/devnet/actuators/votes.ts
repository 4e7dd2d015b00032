/** Votes for witnesses, and the rewards for them (java-tron VoteWitnessActuator, WithdrawBalanceActuator, tron.md §5). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { noteVotes } from "../maintenance.ts";
import { rewardOf, settleReward, takeAllowance } from "../rewards.ts";
import { changeStake, stakeOf, SUN_PER_TRX, tronPower } from "../stake.ts";
import { accountKey, accountOf, type Session, type View } from "../state.ts";
import { witnessOf } from "../witnesses.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { DAY_MS, done, noAccount, validating } from "./common.ts";

const VOTES_MAX = 30;
const INT64_MAX = 2n ** 63n - 1n;

export const voteActuators = {
  VoteWitnessContract: {
    validate: validating((view, { value }) => objectionToVoting(view, value)),
    execute: (session, { value }) => vote(session, value),
  },
  WithdrawBalanceContract: {
    validate: validating((view, { value }, moment) => objectionToWithdrawing(view, value.owner_address, moment)),
    execute: (session, { value }, moment) => withdraw(session, value.owner_address, moment),
  },
} satisfies Actuators;

function objectionToVoting(view: View, voting: ContractValue<"VoteWitnessContract">): string | undefined {
  const { owner_address: owner, votes } = voting;
  if (!isHex41(owner)) return "Invalid address";
  if (votes.length === 0) return "VoteNumber must more than 0";
  if (votes.length > VOTES_MAX) return `VoteNumber more than maxVoteNumber ${VOTES_MAX}`;
  let sum = 0n;
  for (const { vote_address: witness, vote_count: count } of votes) {
    if (!isHex41(witness)) return "Invalid vote address!";
    if (count <= 0n) return "vote count must be greater than 0";
    if (accountOf(view, witness) === undefined) return noAccount(witness);
    if (witnessOf(view, witness) === undefined) return `Witness[${witness}] not exists`;
    if (sum + count > INT64_MAX) return `overflow: checkedAdd(${sum}, ${count})`;
    sum += count;
  }
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  const power = tronPower(stakeOf(view, owner));
  if (sum * SUN_PER_TRX > INT64_MAX) return `overflow: checkedMultiply(${sum}, ${SUN_PER_TRX})`;
  sum *= SUN_PER_TRX;
  if (sum > power) return `The total number of votes[${sum}] is greater than the tronPower[${power}]`;
  return undefined;
}

function vote(session: Session, { owner_address: owner, votes }: ContractValue<"VoteWitnessContract">): Effect {
  settleReward(session, owner);
  const before = stakeOf(session, owner).votes;
  const now = votes.map(({ vote_address: witness, vote_count: count }) => ({ witness, count }));
  changeStake(session, owner, { votes: now });
  noteVotes(session, owner, { before, now });
  return done();
}

function objectionToWithdrawing(view: View, owner: string, { headTimestamp: now }: Moment): string | undefined {
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return noAccount(owner);
  if (witnessOf(view, owner)?.isGuard === true) {
    return `Account[${owner}] is a guard representative and is not allowed to withdraw Balance`;
  }
  const { latestWithdrawTime: last } = stakeOf(view, owner);
  if (now - last < DAY_MS) return `The last withdraw time is ${last}, less than 24 hours`;
  if (rewardOf(view, owner) <= 0n) return "witnessAccount does not have any reward";
  return undefined;
}

function withdraw(session: Session, owner: string, { headTimestamp: now }: Moment): Effect {
  settleReward(session, owner);
  const reward = takeAllowance(session, owner);
  changeStake(session, owner, { latestWithdrawTime: now });
  const account = accountOf(session, owner);
  if (account === undefined) throw new RangeError("who withdraws was checked to have an account");
  session.write(accountKey(owner), { ...account, balance: account.balance + reward });
  return done({ withdraw_amount: reward });
}
