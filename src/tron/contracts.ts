/**
 * The contract messages of TRON that this engine can read, with their field numbers (java-tron
 * `protocol/src/main/protos/core/contract/*.proto`). Field names are verbatim: they are the names of the HTTP API too.
 */
import type { Message, MessageOf, Shape } from "./protobuf.ts";

const owner = { n: 1, is: "bytes" } as const;

const vote = { vote_address: { n: 1, is: "bytes" }, vote_count: { n: 2, is: "int64" } } as const satisfies Shape;

const abiParameter = {
  indexed: { n: 1, is: "bool" },
  name: { n: 2, is: "string" },
  type: { n: 3, is: "string" },
} as const satisfies Shape;

const abiEntry = {
  anonymous: { n: 1, is: "bool" },
  constant: { n: 2, is: "bool" },
  name: { n: 3, is: "string" },
  inputs: { n: 4, is: abiParameter, repeated: true },
  outputs: { n: 5, is: abiParameter, repeated: true },
  type: { n: 6, is: "enum" },
  payable: { n: 7, is: "bool" },
  stateMutability: { n: 8, is: "enum" },
} as const satisfies Shape;

const smartContract = {
  origin_address: { n: 1, is: "bytes" },
  contract_address: { n: 2, is: "bytes" },
  abi: { n: 3, is: { entrys: { n: 1, is: abiEntry, repeated: true } } },
  bytecode: { n: 4, is: "bytes" },
  call_value: { n: 5, is: "int64" },
  consume_user_resource_percent: { n: 6, is: "int64" },
  name: { n: 7, is: "string" },
  origin_energy_limit: { n: 8, is: "int64" },
  code_hash: { n: 9, is: "bytes" },
  trx_hash: { n: 10, is: "bytes" },
  version: { n: 11, is: "int32" },
} as const satisfies Shape;

/** Contract type -> its number in the ContractType enum and the shape of its message. */
export const CONTRACTS = {
  AccountCreateContract: {
    number: 0,
    shape: { owner_address: owner, account_address: { n: 2, is: "bytes" }, type: { n: 3, is: "enum" } },
  },
  TransferContract: {
    number: 1,
    shape: { owner_address: owner, to_address: { n: 2, is: "bytes" }, amount: { n: 3, is: "int64" } },
  },
  VoteWitnessContract: {
    number: 4,
    shape: { owner_address: owner, votes: { n: 2, is: vote, repeated: true }, support: { n: 3, is: "bool" } },
  },
  WithdrawBalanceContract: { number: 13, shape: { owner_address: owner } },
  CreateSmartContract: {
    number: 30,
    shape: {
      owner_address: owner,
      new_contract: { n: 2, is: smartContract },
      call_token_value: { n: 3, is: "int64" },
      token_id: { n: 4, is: "int64" },
    },
  },
  TriggerSmartContract: {
    number: 31,
    shape: {
      owner_address: owner,
      contract_address: { n: 2, is: "bytes" },
      call_value: { n: 3, is: "int64" },
      data: { n: 4, is: "bytes" },
      call_token_value: { n: 5, is: "int64" },
      token_id: { n: 6, is: "int64" },
    },
  },
  FreezeBalanceV2Contract: {
    number: 54,
    shape: { owner_address: owner, frozen_balance: { n: 2, is: "int64" }, resource: { n: 3, is: "enum" } },
  },
  UnfreezeBalanceV2Contract: {
    number: 55,
    shape: { owner_address: owner, unfreeze_balance: { n: 2, is: "int64" }, resource: { n: 3, is: "enum" } },
  },
  WithdrawExpireUnfreezeContract: { number: 56, shape: { owner_address: owner } },
  DelegateResourceContract: {
    number: 57,
    shape: {
      owner_address: owner,
      resource: { n: 2, is: "enum" },
      balance: { n: 3, is: "int64" },
      receiver_address: { n: 4, is: "bytes" },
      lock: { n: 5, is: "bool" },
      lock_period: { n: 6, is: "int64" },
    },
  },
  UnDelegateResourceContract: {
    number: 58,
    shape: {
      owner_address: owner,
      resource: { n: 2, is: "enum" },
      balance: { n: 3, is: "int64" },
      receiver_address: { n: 4, is: "bytes" },
    },
  },
  CancelAllUnfreezeV2Contract: { number: 59, shape: { owner_address: owner } },
} as const satisfies Record<string, { number: number; shape: Shape }>;

export type ContractType = keyof typeof CONTRACTS;
export type ContractValue<T extends ContractType> = MessageOf<(typeof CONTRACTS)[T]["shape"]>;

/** One contract of a transaction. Addresses in `value` are "41…" as they stand in the bytes, not yet checked. */
export type Contract = {
  [T in ContractType]: { readonly type: T; readonly permissionId: number; readonly value: ContractValue<T> };
}[ContractType];

export type TriggerSmartContract = Extract<Contract, { type: "TriggerSmartContract" }>;

/** Joins a type with a message that was read with the shape of that type; encoding checks every field again. */
export function contractOf(type: ContractType, permissionId: number, value: Message): Contract {
  return { type, permissionId, value } as unknown as Contract;
}

const byNumber = new Map<number, ContractType>(
  Object.entries(CONTRACTS).map(([type, { number }]) => [number, type as ContractType]),
);

export function contractTypeOf(number: number): ContractType | undefined {
  return byNumber.get(number);
}

export function isContractType(text: string): text is ContractType {
  return Object.hasOwn(CONTRACTS, text);
}
