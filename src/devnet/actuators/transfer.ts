/** TRX from one account to another (java-tron TransferActuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid } from "../outcome.ts";
import { accountKey, accountOf, burn, newAccount, type Session, type View } from "../state.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";

export const transferActuators = {
  TransferContract: {
    createsAccount: (view, { value }) => accountOf(view, value.to_address) === undefined,
    validate: (view, { value }) => {
      const objection = objectionTo(view, value);
      return objection === undefined ? undefined : invalid(objection);
    },
    execute: (session, { value }, moment) => transfer(session, value, moment),
  },
} satisfies Actuators;

type Transfer = ContractValue<"TransferContract">;

function objectionTo(view: View, transfer: Transfer): string | undefined {
  const { owner_address: owner, to_address: to, amount } = transfer;
  if (!isHex41(owner)) return "Invalid ownerAddress!";
  if (!isHex41(to)) return "Invalid toAddress!";
  if (owner === to) return "Cannot transfer TRX to yourself.";
  const account = accountOf(view, owner);
  if (account === undefined) return "Validate TransferContract error, no OwnerAccount.";
  if (amount <= 0n) return "Amount must be greater than 0.";
  if (account.balance < amount + activationFee(view, to)) {
    return "Validate TransferContract error, balance is not sufficient.";
  }
  return undefined;
}

/** Moves the money and creates the receiver if there is none, which burns a fee. */
function transfer(session: Session, { owner_address: owner, to_address: to, amount }: Transfer, at: Moment): Effect {
  const fee = activationFee(session, to);
  const payer = accountOf(session, owner) ?? newAccount(at.headTimestamp);
  session.write(accountKey(owner), { ...payer, balance: payer.balance - amount - fee });
  const receiver = accountOf(session, to) ?? newAccount(at.headTimestamp);
  session.write(accountKey(to), { ...receiver, balance: receiver.balance + amount });
  if (fee > 0n) burn(session, fee);
  return { result: "SUCCESS", fee };
}

function activationFee(view: View, to: string): bigint {
  const { getCreateNewAccountFeeInSystemContract: fee } = parametersOf(view);
  return accountOf(view, to) === undefined ? BigInt(fee) : 0n;
}
