/** Messages about smart contracts and shielded transfers (smart_contract.proto, shield_contract.proto). */
import type { Shape } from "../protobuf.ts";
import { address, bool, bytes, enumOf, int32, int64, listOf, owner, string } from "./fields.ts";

const ENTRY_TYPES = ["UnknownEntryType", "Constructor", "Function", "Event", "Fallback", "Receive", "Error"] as const;
const MUTABILITIES = ["UnknownMutabilityType", "Pure", "View", "Nonpayable", "Payable"] as const;

const abiParameterShape = { indexed: bool(1), name: string(2), type: string(3) } as const satisfies Shape;

const abiEntryShape = {
  anonymous: bool(1),
  constant: bool(2),
  name: string(3),
  inputs: listOf(4, abiParameterShape),
  outputs: listOf(5, abiParameterShape),
  type: enumOf(6, ENTRY_TYPES),
  payable: bool(7),
  stateMutability: enumOf(8, MUTABILITIES),
} as const satisfies Shape;

export const abiShape = { entrys: listOf(1, abiEntryShape) } as const satisfies Shape;

export const smartContractShape = {
  origin_address: address(1),
  contract_address: address(2),
  abi: { n: 3, is: abiShape },
  bytecode: bytes(4),
  call_value: int64(5),
  consume_user_resource_percent: int64(6),
  name: string(7),
  origin_energy_limit: int64(8),
  code_hash: bytes(9),
  trx_hash: bytes(10),
  version: int32(11),
} as const satisfies Shape;

const spendShape = {
  value_commitment: bytes(1),
  anchor: bytes(2),
  nullifier: bytes(3),
  rk: bytes(4),
  zkproof: bytes(5),
  spend_authority_signature: bytes(6),
} as const satisfies Shape;

const receiveShape = {
  value_commitment: bytes(1),
  note_commitment: bytes(2),
  epk: bytes(3),
  c_enc: bytes(4),
  c_out: bytes(5),
  zkproof: bytes(6),
} as const satisfies Shape;

export const SMART_CONTRACTS = {
  CreateSmartContract: {
    number: 30,
    shape: {
      owner_address: owner,
      new_contract: { n: 2, is: smartContractShape },
      call_token_value: int64(3),
      token_id: int64(4),
    },
  },
  TriggerSmartContract: {
    number: 31,
    shape: {
      owner_address: owner,
      contract_address: address(2),
      call_value: int64(3),
      data: bytes(4),
      call_token_value: int64(5),
      token_id: int64(6),
    },
  },
  UpdateSettingContract: {
    number: 33,
    shape: { owner_address: owner, contract_address: address(2), consume_user_resource_percent: int64(3) },
  },
  UpdateEnergyLimitContract: {
    number: 45,
    shape: { owner_address: owner, contract_address: address(2), origin_energy_limit: int64(3) },
  },
  ClearABIContract: { number: 48, shape: { owner_address: owner, contract_address: address(2) } },
  ShieldedTransferContract: {
    number: 51,
    shape: {
      transparent_from_address: address(1),
      from_amount: int64(2),
      spend_description: listOf(3, spendShape),
      receive_description: listOf(4, receiveShape),
      binding_signature: bytes(5),
      transparent_to_address: address(6),
      to_amount: int64(7),
    },
  },
} as const satisfies Record<string, { number: number; shape: Shape }>;
