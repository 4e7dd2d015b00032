/** What comes of a transaction: refused before it touches the chain, or executed, well or badly, and charged. */
import type { Log } from "../tron/trc20.ts";

/** `response_code` of java-tron's api.proto. */
export const CODES = {
  SUCCESS: 0,
  SIGERROR: 1,
  CONTRACT_VALIDATE_ERROR: 2,
  CONTRACT_EXE_ERROR: 3,
  BANDWITH_ERROR: 4,
  DUP_TRANSACTION_ERROR: 5,
  TAPOS_ERROR: 6,
  TOO_BIG_TRANSACTION_ERROR: 7,
  TRANSACTION_EXPIRATION_ERROR: 8,
  SERVER_BUSY: 9,
  NO_CONNECTION: 10,
  NOT_ENOUGH_EFFECTIVE_CONNECTION: 11,
  BLOCK_UNSOLIDIFIED: 12,
  OTHER_ERROR: 20,
} as const;
export type Code = keyof typeof CODES;

export type Rejection = { readonly code: Code; readonly message: string };

/** `contractResult` of java-tron's Tron.proto, as far as the devnet produces it. */
export const CONTRACT_RESULTS = {
  SUCCESS: 1,
  REVERT: 2,
  BAD_JUMP_DESTINATION: 3,
  OUT_OF_MEMORY: 4,
  STACK_TOO_SMALL: 6,
  STACK_TOO_LARGE: 7,
  ILLEGAL_OPERATION: 8,
  OUT_OF_ENERGY: 10,
  UNKNOWN: 13,
  TRANSFER_FAILED: 14,
  INVALID_CODE: 15,
} as const;
export type ContractResult = keyof typeof CONTRACT_RESULTS;

/** The facts of one executed transaction. Amounts are sun. */
export type Outcome = {
  readonly result: ContractResult;
  /** Everything burned. */
  readonly fee: bigint;
  readonly netUsage: number;
  readonly netFee: bigint;
  /** Only for calls of contracts. */
  readonly call?: CallFacts;
  readonly amounts?: ResultAmounts;
};

/** Fields of a receipt, and of a transaction's `ret`, that only some types have; named as java-tron names them. */
export type ResultAmounts = {
  readonly withdraw_amount?: bigint;
  readonly unfreeze_amount?: bigint;
  readonly withdraw_expire_amount?: bigint;
  readonly cancel_unfreezeV2_amount?: readonly { readonly key: string; readonly value: bigint }[];
  readonly assetIssueID?: string;
};

export type CallFacts = {
  readonly contract: string;
  readonly output: string;
  /** All of it. */
  readonly energyUsed: number;
  /** The part that the caller had staked for. */
  readonly energyUsage: number;
  /** The part that the owner of the contract gave. */
  readonly originEnergyUsage: number;
  readonly energyFee: bigint;
  readonly energyPenalty: number;
  readonly logs: readonly Log[];
  readonly internals: readonly InternalTransaction[];
  /** Why it failed, in the node's words. */
  readonly message?: string;
};

/** What code did to another account. */
export type InternalTransaction = {
  readonly hash: string;
  /** "41…" */
  readonly caller: string;
  readonly to: string;
  readonly values: readonly { readonly callValue: bigint; readonly tokenId?: string }[];
  readonly note: string;
  readonly rejected: boolean;
};

export function isRejection(value: object): value is Rejection {
  return "code" in value;
}

const INVALID = "Contract validate error : ";

export function invalid(message: string): Rejection {
  return { code: "CONTRACT_VALIDATE_ERROR", message: INVALID + message };
}

/** The message as the actuator gave it; the prefix is that of a broadcast. */
export function bareMessage(rejection: Rejection): string {
  return rejection.message.startsWith(INVALID) ? rejection.message.slice(INVALID.length) : rejection.message;
}
