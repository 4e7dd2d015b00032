/**
 * The contract messages of TRON, with their field numbers (java-tron `protocol/src/main/protos/core/contract/*.proto`).
 * Field names are verbatim: they are the names of the HTTP API too. CustomContract and GetContract are numbers without
 * a message; nobody can send them.
 */
import type { Message, MessageOf } from "./protobuf.ts";
import { ACCOUNT_CONTRACTS } from "./shapes/accounts.ts";
import { ASSET_CONTRACTS } from "./shapes/assets.ts";
import { GOVERNANCE_CONTRACTS } from "./shapes/governance.ts";
import { SMART_CONTRACTS } from "./shapes/smart-contracts.ts";
import { STAKE_CONTRACTS } from "./shapes/stake.ts";

/** Contract type -> its number in the ContractType enum and the shape of its message. */
export const CONTRACTS = {
  ...ACCOUNT_CONTRACTS,
  ...ASSET_CONTRACTS,
  ...GOVERNANCE_CONTRACTS,
  ...STAKE_CONTRACTS,
  ...SMART_CONTRACTS,
} as const;

export type ContractType = keyof typeof CONTRACTS;
export type ContractValue<T extends ContractType> = MessageOf<(typeof CONTRACTS)[T]["shape"]>;

/** One contract of a transaction. Addresses in `value` are "41…" as they stand in the bytes, not yet checked. */
export type Contract = {
  [T in ContractType]: { readonly type: T; readonly permissionId: number; readonly value: ContractValue<T> };
}[ContractType];

export type ContractOf<T extends ContractType> = Extract<Contract, { type: T }>;

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
