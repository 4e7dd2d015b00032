/** Smart contracts: made, called, and what their owners may change (java-tron VMActuator and the three actuators). */
import { contractAddressOf, isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { energyLimitOf, payEnergy, type EnergyPayer } from "../energy.ts";
import { contractKey } from "../evm/contract-keys.ts";
import type { SmartContract } from "../evm/contract-rows.ts";
import { type Executed, executeContract, type Order, type Surroundings } from "../evm/execution.ts";
import { objectionToTokens } from "../evm/tokens.ts";
import { invalid, isRejection, type Rejection } from "../outcome.ts";
import { parametersOf } from "../chain-parameters.ts";
import { accountOf, read, type Session, type View } from "../state.ts";
import { base58 } from "../words.ts";
import type { Actuators, Effect, Execution } from "./actuator.ts";

const NAME_BYTES_MAX = 32;

export const contractActuators = {
  CreateSmartContract: {
    // What is wrong with it depends on its txID and its fee limit, which a builder does not have.
    validate: () => undefined,
    execute: (session, { value }, execution) => createContract(session, value, execution),
  },
  TriggerSmartContract: {
    // No builder asks: triggersmartcontract only looks whether there is such a contract.
    validate: () => undefined,
    execute: (session, { value }, execution) => callContract(session, value, execution),
  },
  UpdateSettingContract: {
    validate: (view, { value }) => {
      const percent = value.consume_user_resource_percent;
      const wrong = percent < 0n || percent > 100n ? "percent not in [0, 100]" : undefined;
      return objectionTo(view, value, { ...UPDATE, wrong });
    },
    execute: (session, { value }) =>
      change(session, value, { consume_user_resource_percent: value.consume_user_resource_percent }),
  },
  UpdateEnergyLimitContract: {
    validate: (view, { value }) => {
      const wrong = value.origin_energy_limit <= 0n ? "origin energy limit must be > 0" : undefined;
      return objectionTo(view, value, { ...UPDATE, wrong });
    },
    execute: (session, { value }) => change(session, value, { origin_energy_limit: value.origin_energy_limit }),
  },
  ClearABIContract: {
    validate: (view, { value }) => objectionTo(view, value, CLEAR),
    execute: (session, { value }) => change(session, value, { abi: undefined }),
  },
} satisfies Actuators;

async function createContract(
  session: Session,
  value: ContractValue<"CreateSmartContract">,
  execution: Execution,
): Promise<Effect | Rejection> {
  const contract = value.new_contract;
  const { tx, feeLimit, headTimestamp } = execution;
  const objection = objectionToCreation(value) ?? objectionToTokenId(value) ?? objectionToFeeLimit(session, feeLimit);
  if (objection !== undefined || contract === undefined) return invalid(objection ?? "Cannot get CreateSmartContract");
  const caller = value.owner_address;
  const address = contractAddressOf({ txId: tx.id, ownerHex41: caller });
  if (accountOf(session, address) !== undefined) {
    return invalid(`Trying to create a contract with existing contract address: ${base58(address)}`);
  }
  const unpayable = objectionToValue(session, { caller, ...value, call_value: contract.call_value });
  if (unpayable !== undefined) return invalid(unpayable);
  const payer = { caller, headTimestamp };
  return run(session, payer, {
    execution,
    order: {
      ...partsOf(value, tx.id),
      contract: address,
      data: contract.bytecode,
      callValue: contract.call_value,
      energyLimit: energyLimitOf(session, payer, { feeLimit, callValue: contract.call_value }),
      creates: { ...contract, contract_address: address, version: 0, code_hash: "", trx_hash: "" },
    },
  });
}

async function callContract(
  session: Session,
  value: ContractValue<"TriggerSmartContract">,
  execution: Execution,
): Promise<Effect | Rejection> {
  const { tx, feeLimit, headTimestamp } = execution;
  const caller = value.owner_address;
  const contract = read(session, contractKey(value.contract_address));
  if (contract === undefined) return invalid("No contract or not a smart contract");
  const objection =
    objectionToAmounts(value) ??
    objectionToTokenId(value) ??
    objectionToFeeLimit(session, feeLimit) ??
    objectionToValue(session, { caller, ...value });
  if (objection !== undefined) return invalid(objection);
  const payer = { caller, contract, headTimestamp };
  return run(session, payer, {
    execution,
    order: {
      ...partsOf(value, tx.id),
      contract: value.contract_address,
      data: value.data,
      callValue: value.call_value,
      energyLimit: energyLimitOf(session, payer, { feeLimit, callValue: value.call_value }),
    },
  });
}

type Parts = { readonly owner_address: string; readonly call_token_value: bigint; readonly token_id: bigint };

function partsOf(value: Parts, txId: string) {
  const tokens = { tokenValue: value.call_token_value, tokenId: value.token_id };
  return { txId, caller: value.owner_address, ...tokens, isConstant: false };
}

async function run(
  session: Session,
  payer: EnergyPayer,
  { execution, order }: { execution: Execution; order: Order },
): Promise<Effect | Rejection> {
  const done = await executeContract(execution.vm, { session, order }, aroundOf(execution));
  const bill = payEnergy(session, payer, { energyUsed: done.energyUsed, succeeded: done.result === "SUCCESS" });
  if (isRejection(bill)) return bill;
  return { result: done.result, fee: bill.energyFee, call: { ...factsOf(order.contract, done), ...bill } };
}

/** In the pending session code sees an empty block, as in a node. */
function aroundOf({ block, headTimestamp }: Execution): Surroundings {
  const none = { number: 0, timestamp: 0, witness: "", idOf: () => undefined };
  return { block: block ?? none, now: headTimestamp };
}

function factsOf(contract: string, done: Executed) {
  const { output, energyUsed, energyPenalty, logs, internals, message } = done;
  const facts = { contract, output, energyUsed, energyPenalty, logs, internals };
  return message === undefined ? facts : { ...facts, message };
}

function objectionToCreation(value: ContractValue<"CreateSmartContract">): string | undefined {
  const contract = value.new_contract;
  if (contract === undefined || contract.origin_address !== value.owner_address) {
    return "OwnerAddress is not equals OriginAddress";
  }
  if (Buffer.byteLength(contract.name) > NAME_BYTES_MAX) return "contractName's length cannot be greater than 32";
  const percent = contract.consume_user_resource_percent;
  if (percent < 0n || percent > 100n) return "percent must be >= 0 and <= 100";
  const amounts = objectionToAmounts({ ...value, call_value: contract.call_value });
  if (amounts !== undefined) return amounts;
  return contract.origin_energy_limit <= 0n ? "The originEnergyLimit must be > 0" : undefined;
}

function objectionToAmounts(value: { call_value: bigint; call_token_value: bigint }): string | undefined {
  if (value.call_value < 0n) return "callValue must be >= 0";
  return value.call_token_value < 0n ? "tokenValue must be >= 0" : undefined;
}

/** VMActuator.checkTokenValueAndId */
function objectionToTokenId(value: { call_token_value: bigint; token_id: bigint }): string | undefined {
  const { call_token_value: amount, token_id: id } = value;
  if (id <= 1_000_000n && id !== 0n) return "tokenId must be > 1000000";
  return amount > 0n && id === 0n ? `invalid arguments with tokenValue = ${amount}, tokenId = ${id}` : undefined;
}

function objectionToFeeLimit(view: View, feeLimit: bigint): string | undefined {
  const { getMaxFeeLimit: most } = parametersOf(view);
  return feeLimit < 0n || feeLimit > BigInt(most) ? `feeLimit must be >= 0 and <= ${most}` : undefined;
}

/** Whether the caller can send what it says; the node's constant calls ask the same (MUtil.transfer). */
export function objectionToValue(
  view: View,
  value: { caller: string; call_value: bigint; call_token_value: bigint; token_id: bigint },
): string | undefined {
  const account = accountOf(view, value.caller);
  if (value.call_value > 0n) {
    if (account === undefined) return "Validate InternalTransfer error, no OwnerAccount.";
    if (account.balance < value.call_value) return "Validate InternalTransfer error, balance is not sufficient.";
  }
  if (value.call_token_value <= 0n) return undefined;
  return objectionToTokens(view, value.caller, { id: value.token_id, amount: value.call_token_value });
}

type Owned = { readonly owner_address: string; readonly contract_address: string };

/** How an actuator words it, and what it found wrong with the values. */
type Words = { readonly noAccount: string; readonly noContract: string; readonly wrong: string | undefined };

const UPDATE = { noAccount: "does not exist", noContract: "Contract does not exist" };
const CLEAR: Words = { noAccount: "not exists", noContract: "Contract not exists", wrong: undefined };

function objectionTo(view: View, value: Owned, words: Words): Rejection | undefined {
  const { owner_address: owner, contract_address: address } = value;
  if (!isHex41(owner)) return invalid("Invalid address");
  if (accountOf(view, owner) === undefined) return invalid(`Account[${owner}] ${words.noAccount}`);
  if (words.wrong !== undefined) return invalid(words.wrong);
  const contract = read(view, contractKey(address));
  if (contract === undefined) return invalid(words.noContract);
  return contract.origin_address === owner ? undefined : invalid(`Account[${owner}] is not the owner of the contract`);
}

function change(session: Session, { contract_address: address }: Owned, changed: Partial<SmartContract>): Effect {
  const contract = read(session, contractKey(address));
  if (contract !== undefined) session.write(contractKey(address), { ...contract, ...changed });
  return { result: "SUCCESS", fee: 0n };
}
