/**
 * Who may act for an account (tron.md §1.5). The engine signs as its owner, with one signature, by the key of the
 * account's own address; whether that is enough, and for whom else it would be, the chain decides by these.
 */
import type { TronAddress } from "./chain-facts.ts";

export type Permission = {
  /** 0: owner, 1: witness, 2 to 9: active. */
  readonly id: number;
  readonly name: string;
  /** The weights of those who signed have to reach it. int64. */
  readonly threshold: bigint;
  readonly keys: readonly { readonly address: TronAddress; readonly weight: bigint }[];
  /** Of an active permission: 32 bytes as hex, a bit for each type of contract that it may send. */
  readonly operations?: string;
};

export type AccountPermissions = {
  readonly owner: Permission;
  /** Makes blocks and moves nothing. */
  readonly witness?: Permission;
  readonly actives: readonly Permission[];
};

/** A contract has no permissions: nobody signs for it. */
export type Signatories =
  | { readonly kind: "contract" }
  | ({ readonly kind: "account" | "not activated" } & AccountPermissions);

/** Whose owner never said otherwise: the key of its own address, alone. */
export function soleOwner(address: TronAddress): AccountPermissions {
  return { owner: { id: 0, name: "owner", threshold: 1n, keys: [{ address, weight: 1n }] }, actives: [] };
}

/** Whether one signature by the key of the address is the owner's. */
export function signsAlone(signatories: Signatories, address: TronAddress): boolean {
  if (signatories.kind === "contract") return false;
  const { keys, threshold } = signatories.owner;
  return keys.some((key) => key.address === address && key.weight >= threshold);
}

/** Whose keys, without the one of the address, can move its money or change who may. */
export function otherKeys(signatories: Signatories, address: TronAddress): TronAddress[] {
  if (signatories.kind === "contract") return [];
  const enough = [signatories.owner, ...signatories.actives.filter(movesMoney)].flatMap(({ keys, threshold }) => {
    const others = keys.filter((key) => key.address !== address);
    return others.reduce((sum, { weight }) => sum + weight, 0n) >= threshold ? others : [];
  });
  return [...new Set(enough.map((key) => key.address))];
}

/**
 * Numbers of the contracts that vote, and that lock, lend and free what stays the account's own: VoteWitness, (Un)Freeze,
 * WithdrawBalance, and those of Stake 2.0. Whatever else there is or will be may cost it money.
 */
const KEEP_MONEY = [4, 11, 12, 13, 54, 55, 56, 57, 58, 59].reduce((bits, number) => bits | bitOf(number), 0n);

/** Bit `number % 8` of byte `number / 8` of 32. */
function bitOf(number: number): bigint {
  return 1n << BigInt((31 - (number >> 3)) * 8 + (number & 7));
}

function movesMoney({ operations }: Permission): boolean {
  return operations === undefined || (BigInt(`0x${operations}`) & ~KEEP_MONEY) !== 0n;
}
