/** Accounts come into being and get names (java-tron CreateAccountActuator, UpdateAccountActuator, SetAccountIdActuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid, type Rejection } from "../outcome.ts";
import { addressNamed, idKey, isReadable, nameKey, namesOf } from "../names.ts";
import { accountKey, accountOf, newAccount, type Session, type View } from "../state.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { burnFee } from "./fees.ts";

const NAME_BYTES_MAX = 200;
const ID_BYTES = { min: 8, max: 32 };

export const accountActuators = {
  AccountCreateContract: {
    createsAccount: () => true,
    validate: (view, { value }) => refusal(objectionToCreation(view, value)),
    execute: (session, { value }, moment) => create(session, value, moment),
  },
  AccountUpdateContract: {
    validate: (view, { value }) => refusal(objectionToName(view, value)),
    execute: (session, { value }) => {
      const { owner_address: hex41, account_name: name } = value;
      session.write(`names!${hex41}`, { ...namesOf(session, hex41), name });
      session.write(nameKey(name), { address: hex41 });
      return FREE;
    },
  },
  SetAccountIdContract: {
    validate: (view, { value }) => refusal(objectionToId(view, value)),
    execute: (session, { value }) => {
      const { owner_address: hex41, account_id: id } = value;
      session.write(`names!${hex41}`, { ...namesOf(session, hex41), id });
      session.write(idKey(id), { address: hex41 });
      return FREE;
    },
  },
} satisfies Actuators;

const FREE: Effect = { result: "SUCCESS", fee: 0n };

function refusal(objection: string | undefined): Rejection | undefined {
  return objection === undefined ? undefined : invalid(objection);
}

function objectionToCreation(view: View, value: ContractValue<"AccountCreateContract">): string | undefined {
  const { owner_address: owner, account_address: address } = value;
  if (!isHex41(owner)) return "Invalid ownerAddress";
  const account = accountOf(view, owner);
  if (account === undefined) return `Account[${owner}] not exists`;
  if (account.balance < creationFee(view)) return "Validate CreateAccountActuator error, insufficient fee.";
  if (!isHex41(address)) return "Invalid account address";
  return accountOf(view, address) === undefined ? undefined : "Account has existed";
}

function create(session: Session, value: ContractValue<"AccountCreateContract">, at: Moment): Effect | Rejection {
  session.write(accountKey(value.account_address), newAccount(at.headTimestamp));
  const fee = creationFee(session);
  return burnFee(session, value.owner_address, fee) ?? { result: "SUCCESS", fee };
}

function creationFee(view: View): bigint {
  return BigInt(parametersOf(view).getCreateNewAccountFeeInSystemContract);
}

function objectionToName(view: View, value: ContractValue<"AccountUpdateContract">): string | undefined {
  const { owner_address: owner, account_name: name } = value;
  if (name.length / 2 > NAME_BYTES_MAX) return "Invalid accountName";
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (accountOf(view, owner) === undefined) return "Account does not exist";
  if (parametersOf(view).getAllowUpdateAccountName === 1) return undefined;
  if (namesOf(view, owner).name !== "") return "This account name is already existed";
  return addressNamed(view, nameKey(name)) === undefined ? undefined : "This name is existed";
}

function objectionToId(view: View, value: ContractValue<"SetAccountIdContract">): string | undefined {
  const { owner_address: owner, account_id: id } = value;
  if (!isReadable(id, ID_BYTES.max) || id.length / 2 < ID_BYTES.min) return "Invalid accountId";
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (accountOf(view, owner) === undefined) return "Account has not existed";
  if (namesOf(view, owner).id !== "") return "This account id already set";
  return addressNamed(view, idKey(id)) === undefined ? undefined : "This id has existed";
}
