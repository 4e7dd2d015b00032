/** Messages about accounts, TRX and permissions (account_contract.proto, balance_contract.proto). */
import type { Shape } from "../protobuf.ts";
import {
  ACCOUNT_TYPES,
  address,
  bytes,
  enumOf,
  int32,
  int64,
  listOf,
  owner,
  PERMISSION_TYPES,
  string,
  text,
} from "./fields.ts";

export const keyShape = { address: address(1), weight: int64(2) } as const satisfies Shape;

/** One permission of an account; `operations` is a bitmap of 32 bytes over the contract types. */
export const permissionShape = {
  type: enumOf(1, PERMISSION_TYPES),
  id: int32(2),
  permission_name: string(3),
  threshold: int64(4),
  parent_id: int32(5),
  operations: bytes(6),
  keys: listOf(7, keyShape),
} as const satisfies Shape;

export const ACCOUNT_CONTRACTS = {
  AccountCreateContract: {
    number: 0,
    shape: { owner_address: owner, account_address: address(2), type: enumOf(3, ACCOUNT_TYPES) },
  },
  TransferContract: { number: 1, shape: { owner_address: owner, to_address: address(2), amount: int64(3) } },
  AccountUpdateContract: { number: 10, shape: { account_name: text(1), owner_address: address(2) } },
  SetAccountIdContract: { number: 19, shape: { account_id: text(1), owner_address: address(2) } },
  AccountPermissionUpdateContract: {
    number: 46,
    shape: {
      owner_address: owner,
      owner: { n: 2, is: permissionShape },
      witness: { n: 3, is: permissionShape },
      actives: listOf(4, permissionShape),
    },
  },
} as const satisfies Record<string, { number: number; shape: Shape }>;
