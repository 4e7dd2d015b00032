/** TRC10 tokens change hands (java-tron TransferAssetActuator, ParticipateAssetIssueActuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import type { Asset } from "../account-rows.ts";
import { addAsset, assetBalance, assetById, tokenIdOf } from "../assets.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid, type Rejection } from "../outcome.ts";
import { accountKey, accountOf, newAccount, type Session, type View } from "../state.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { burnFee } from "./fees.ts";

const INT64_MAX = 2n ** 63n - 1n;

type Transfer = ContractValue<"TransferAssetContract">;
type Participation = ContractValue<"ParticipateAssetIssueContract">;

export const assetActuators = {
  TransferAssetContract: {
    createsAccount: (view, { value }) => accountOf(view, value.to_address) === undefined,
    validate: (view, { value }) => {
      const objection = objectionToTransfer(view, value);
      return objection === undefined ? undefined : invalid(objection);
    },
    execute: (session, { value }, moment) => transfer(session, value, moment),
  },
  ParticipateAssetIssueContract: {
    validate: (view, { value }, moment) => {
      const objection = objectionToParticipation(view, value, moment);
      return objection === undefined ? undefined : invalid(objection);
    },
    execute: (session, { value }) => participate(session, value),
  },
} satisfies Actuators;

function objectionToTransfer(view: View, value: Transfer): string | undefined {
  const { owner_address: owner, to_address: to, amount } = value;
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (!isHex41(to)) return "Invalid toAddress";
  if (amount <= 0n) return "Amount must be greater than 0.";
  if (owner === to) return "Cannot transfer asset to yourself.";
  const payer = accountOf(view, owner);
  if (payer === undefined) return "No owner account!";
  const id = tokenIdOf(value.asset_name);
  if (assetById(view, id) === undefined) return "No asset!";
  const balance = assetBalance(view, owner, id);
  if (balance <= 0n) return "assetBalance must be greater than 0.";
  if (amount > balance) return "assetBalance is not sufficient.";
  const receiver = accountOf(view, to);
  if (receiver === undefined) {
    const enough = payer.balance >= creationFee(view);
    return enough ? undefined : "Validate TransferAssetActuator error, insufficient fee.";
  }
  if (parametersOf(view).getForbidTransferToContract === 1 && receiver.isContract)
    return "Cannot transfer asset to smartContract.";
  return assetBalance(view, to, id) + amount > INT64_MAX ? "long overflow" : undefined;
}

function transfer(session: Session, value: Transfer, at: Moment): Effect | Rejection {
  const { owner_address: owner, to_address: to, amount } = value;
  const id = tokenIdOf(value.asset_name);
  const creates = accountOf(session, to) === undefined;
  if (creates) session.write(accountKey(to), newAccount(at.headTimestamp));
  addAsset(session, owner, { id, amount: -amount });
  addAsset(session, to, { id, amount });
  const fee = creates ? creationFee(session) : 0n;
  return burnFee(session, owner, fee) ?? { result: "SUCCESS", fee };
}

function creationFee(view: View): bigint {
  return BigInt(parametersOf(view).getCreateNewAccountFeeInSystemContract);
}

function objectionToParticipation(view: View, value: Participation, at: Moment): string | undefined {
  const { owner_address: owner, to_address: to, amount } = value;
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (!isHex41(to)) return "Invalid toAddress";
  if (amount <= 0n) return "Amount must greater than 0!";
  if (owner === to) return "Cannot participate asset Issue yourself !";
  const payer = accountOf(view, owner);
  if (payer === undefined) return "Account does not exist!";
  if (payer.balance < amount) return "No enough balance !";
  const id = tokenIdOf(value.asset_name);
  const asset = assetById(view, id);
  if (asset === undefined) return `No asset named ${id}`;
  if (to !== asset.owner_address) return `The asset is not issued by ${to}`;
  const now = BigInt(at.headTimestamp);
  if (now >= asset.end_time || now < asset.start_time) return "No longer valid period!";
  if (amount * BigInt(asset.num) > INT64_MAX) return "long overflow";
  const bought = boughtFor(amount, asset);
  if (bought <= 0n) return "Can not process the exchange!";
  if (accountOf(view, to) === undefined) return "To account does not exist!";
  return assetBalance(view, to, id) < bought ? "Asset balance is not enough !" : undefined;
}

function boughtFor(sun: bigint, { num, trx_num }: Asset): bigint {
  return (sun * BigInt(num)) / BigInt(trx_num);
}

function participate(session: Session, value: Participation): Effect {
  const { owner_address: owner, to_address: to, amount } = value;
  const id = tokenIdOf(value.asset_name);
  const asset = assetById(session, id);
  const payer = accountOf(session, owner);
  const issuer = accountOf(session, to);
  if (asset === undefined || payer === undefined || issuer === undefined) {
    throw new RangeError("a sale without its parties is refused before");
  }
  session.write(accountKey(owner), { ...payer, balance: payer.balance - amount });
  session.write(accountKey(to), { ...issuer, balance: issuer.balance + amount });
  const bought = boughtFor(amount, asset);
  addAsset(session, to, { id, amount: -bought });
  addAsset(session, owner, { id, amount: bought });
  return { result: "SUCCESS", fee: 0n };
}
