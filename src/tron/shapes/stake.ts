/** Messages about staking, old and new (balance_contract.proto). */
import type { Shape } from "../protobuf.ts";
import { address, bool, enumOf, int64, owner, RESOURCE_CODES } from "./fields.ts";

export const STAKE_CONTRACTS = {
  FreezeBalanceContract: {
    number: 11,
    shape: {
      owner_address: owner,
      frozen_balance: int64(2),
      frozen_duration: int64(3),
      resource: enumOf(10, RESOURCE_CODES),
      receiver_address: address(15),
    },
  },
  UnfreezeBalanceContract: {
    number: 12,
    shape: { owner_address: owner, resource: enumOf(10, RESOURCE_CODES), receiver_address: address(15) },
  },
  FreezeBalanceV2Contract: {
    number: 54,
    shape: { owner_address: owner, frozen_balance: int64(2), resource: enumOf(3, RESOURCE_CODES) },
  },
  UnfreezeBalanceV2Contract: {
    number: 55,
    shape: { owner_address: owner, unfreeze_balance: int64(2), resource: enumOf(3, RESOURCE_CODES) },
  },
  WithdrawExpireUnfreezeContract: { number: 56, shape: { owner_address: owner } },
  DelegateResourceContract: {
    number: 57,
    shape: {
      owner_address: owner,
      resource: enumOf(2, RESOURCE_CODES),
      balance: int64(3),
      receiver_address: address(4),
      lock: bool(5),
      lock_period: int64(6),
    },
  },
  UnDelegateResourceContract: {
    number: 58,
    shape: {
      owner_address: owner,
      resource: enumOf(2, RESOURCE_CODES),
      balance: int64(3),
      receiver_address: address(4),
    },
  },
  CancelAllUnfreezeV2Contract: { number: 59, shape: { owner_address: owner } },
} as const satisfies Record<string, { number: number; shape: Shape }>;
