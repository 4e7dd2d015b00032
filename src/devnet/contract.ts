/** What the devnet asks of a smart contract; a virtual machine would be one more implementation. */
import type { Log } from "../tron/trc20.ts";
import type { ContractResult } from "./outcome.ts";

export interface Storage {
  get(slot: string): bigint;
  set(slot: string, value: bigint): void;
}

export type Call = {
  /** 20 bytes, without 41. */
  readonly caller: string;
  readonly data: string;
  readonly value: bigint;
  readonly energyLimit: number;
  readonly storage: Storage;
};

/** Writes to the storage count only if the result is SUCCESS. */
export type CallResult = {
  readonly result: ContractResult;
  readonly energyUsed: number;
  /** The part of `energyUsed` that the dynamic energy model added. */
  readonly energyPenalty: number;
  readonly output: string;
  readonly logs: readonly Log[];
  readonly message?: string;
};

export type AbiEntry = {
  readonly name: string;
  readonly type: "Function" | "Event" | "Constructor";
  readonly stateMutability?: "View" | "Nonpayable" | "Pure";
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly indexed?: boolean }[];
  readonly outputs?: readonly { readonly type: string }[];
};

export interface Contract {
  /** "41…" */
  readonly address: string;
  readonly owner: string;
  readonly name: string;
  readonly abi: readonly AbiEntry[];
  call(call: Call): CallResult;
}
