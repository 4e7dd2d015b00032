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
  readonly activated: boolean;
  readonly owner: Permission;
  /** Makes blocks and moves nothing. */
  readonly witness?: Permission;
  readonly actives: readonly Permission[];
};

/** Of an account that never said otherwise: the key of its own address, alone. */
export function soleOwner(address: TronAddress): Pick<AccountPermissions, "owner" | "actives"> {
  const sole = { threshold: 1n, keys: [{ address, weight: 1n }] };
  return { owner: { id: 0, name: "owner", ...sole }, actives: [{ id: 2, name: "active", ...sole }] };
}

/** Whether one signature by the key of the address is the owner's. */
export function signsAlone({ owner }: AccountPermissions, address: TronAddress): boolean {
  return owner.keys.some((key) => key.address === address && key.weight >= owner.threshold);
}

/** Who else can sign, alone or with others, for what moves money. */
export function otherKeys({ owner, actives }: AccountPermissions, address: TronAddress): TronAddress[] {
  const all = [owner, ...actives].flatMap(({ keys }) => keys.map((key) => key.address));
  return [...new Set(all)].filter((each) => each !== address);
}
