/** TRX from one account to another (java-tron TransferActuator). */
import type { ContractValue } from "../tron/contracts.ts";
import { isHex41 } from "../tron/address.ts";
import { invalid, type Rejection } from "./outcome.ts";
import { NEW_ACCOUNT_FEE } from "./parameters.ts";
import { accountKey, accountOf, burn, newAccount, type Session, type View } from "./state.ts";

type Transfer = Pick<ContractValue<"TransferContract">, "owner_address" | "to_address" | "amount">;

/** What is wrong with it here and now, in the node's words; its builders ask the same question. */
export function objectionToTransfer(view: View, transfer: Transfer): string | undefined {
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

/** Moves the money and creates the receiver if there is none; `fee` is what that burned. */
export function transferTrx(session: Session, transfer: Transfer, headTimestamp: number): { fee: bigint } | Rejection {
  const objection = objectionToTransfer(session, transfer);
  if (objection !== undefined) return invalid(objection);
  const { owner_address: owner, to_address: to, amount } = transfer;
  const fee = activationFee(session, to);
  const payer = accountOf(session, owner) ?? newAccount(headTimestamp);
  session.write(accountKey(owner), { ...payer, balance: payer.balance - amount - fee });
  const receiver = accountOf(session, to) ?? newAccount(headTimestamp);
  session.write(accountKey(to), { ...receiver, balance: receiver.balance + amount });
  if (fee > 0n) burn(session, fee);
  return { fee };
}

function activationFee(view: View, to: string): bigint {
  return accountOf(view, to) === undefined ? BigInt(NEW_ACCOUNT_FEE) : 0n;
}
