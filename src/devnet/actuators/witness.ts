/** Becoming a witness, and what a witness says about itself (java-tron WitnessCreate, WitnessUpdate, UpdateBrokerage Actuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { parametersOf } from "../chain-parameters.ts";
import { defaultWitnessPermission, permissionsOf } from "../permissions.ts";
import { DEFAULT_BROKERAGE } from "../rewards.ts";
import { accountOf, burnFrom, type Session, type View } from "../state.ts";
import { addWitness, changeWitness, witnessOf } from "../witnesses.ts";
import type { Actuators, Effect } from "./actuator.ts";
import { done, validating } from "./common.ts";

const URL_BYTES_MAX = 256;

export const witnessActuators = {
  WitnessCreateContract: {
    validate: validating((view, { value }) => objectionToBecoming(view, value)),
    execute: (session, { value }) => become(session, value),
  },
  WitnessUpdateContract: {
    validate: validating((view, { value }) => objectionToUpdating(view, value)),
    execute: (session, { value }) => {
      changeWitness(session, value.owner_address, { url: value.update_url });
      return done();
    },
  },
  UpdateBrokerageContract: {
    validate: validating((view, { value }) => objectionToBrokerage(view, value)),
    execute: (session, { value }) => {
      changeWitness(session, value.owner_address, { brokerage: value.brokerage });
      return done();
    },
  },
} satisfies Actuators;

function objectionToBecoming(view: View, creation: ContractValue<"WitnessCreateContract">): string | undefined {
  const { owner_address: owner, url } = creation;
  if (!isHex41(owner)) return "Invalid address";
  if (!isUrl(url)) return "Invalid url";
  const account = accountOf(view, owner);
  if (account === undefined) return `account[${owner}] not exists`;
  if (witnessOf(view, owner) !== undefined) return `Witness[${owner}] has existed`;
  if (account.balance < upgradeCost(view)) return "balance < AccountUpgradeCost";
  return undefined;
}

function become(session: Session, { owner_address: owner, url }: ContractValue<"WitnessCreateContract">): Effect {
  const fee = upgradeCost(session);
  burnFrom(session, owner, fee);
  addWitness(session, owner, {
    voteCount: 0n,
    url,
    produced: 0,
    missed: 0,
    latestBlock: 0,
    latestSlot: 0,
    brokerage: DEFAULT_BROKERAGE,
    isGuard: false,
  });
  session.write(`permissions!${owner}`, {
    ...permissionsOf(session, owner),
    witness: defaultWitnessPermission(owner),
  });
  return { ...done(), fee };
}

function upgradeCost(view: View): bigint {
  return BigInt(parametersOf(view).getAccountUpgradeCost);
}

function objectionToUpdating(view: View, update: ContractValue<"WitnessUpdateContract">): string | undefined {
  const { owner_address: owner, update_url: url } = update;
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return "account does not exist";
  if (!isUrl(url)) return "Invalid url";
  return witnessOf(view, owner) === undefined ? "Witness does not exist" : undefined;
}

function objectionToBrokerage(view: View, update: ContractValue<"UpdateBrokerageContract">): string | undefined {
  const { owner_address: owner, brokerage } = update;
  if (parametersOf(view).getChangeDelegation !== 1) {
    return "contract type error, unexpected type [UpdateBrokerageContract]";
  }
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (brokerage < 0 || brokerage > 100) return "Invalid brokerage";
  if (witnessOf(view, owner) === undefined) return `Not existed witness:${owner}`;
  return accountOf(view, owner) === undefined ? "Account does not exist" : undefined;
}

function isUrl(hex: string): boolean {
  return hex !== "" && hex.length <= URL_BYTES_MAX * 2;
}
