/** Under which keys contracts, their code, slots and energy are stored. */
import type { Key } from "../rows.ts";
import type { SmartContract } from "./contract-rows.ts";

export const contractKey = (hex41: string): Key<"c"> => `c!${hex41}`;
export const codeKey = (hex41: string): Key<"k"> => `k!${hex41}`;
export const energyKey = (hex41: string): Key<"e"> => `e!${hex41}`;

export function slotKey(owner: string, slot: bigint): Key<"s"> {
  return `s!${owner}!${slot.toString(16).padStart(64, "0")}`;
}

/** A contract made by CREATE2 may come again at its address, with storage of its own (java-tron Storage, trx_hash). */
export function storageOwner(hex41: string, contract: SmartContract | undefined): string {
  return contract === undefined || contract.trx_hash === "" ? hex41 : `${hex41}:${contract.trx_hash}`;
}
