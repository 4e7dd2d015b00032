/** The rows of accounts beside their money, of tokens and of proposals. What they mean is said where they are kept; here is only their form. */
import type { MessageOf } from "../tron/protobuf.ts";
import type { permissionShape } from "../tron/shapes/accounts.ts";
import type { assetShape } from "../tron/shapes/assets.ts";
import type { proposalShape } from "../tron/shapes/governance.ts";

export type Permission = MessageOf<typeof permissionShape>;

/** Actives have the ids 2, 3, … in their order. */
export type Permissions = {
  readonly owner: Permission;
  readonly witness: Permission | null;
  readonly actives: readonly Permission[];
};

/** Bytes as hex; "" when there is none. */
export type Names = { readonly name: string; readonly id: string };

/** Who has a name or an id. */
export type Named = { readonly address: string };

/** A TRC10 token as it was issued, with its number and the use of its bandwidth. */
export type Asset = MessageOf<typeof assetShape>;

/** What an account has of tokens. Numbers of tokens are keys; their values are the tokens' smallest units. */
export type Holdings = {
  readonly balances: Readonly<Record<string, bigint>>;
  /** The one token that it issued; "" before. The name is hex. */
  readonly issuedId: string;
  readonly issuedName: string;
  /** Of the token that it issued; `expires` is ms. */
  readonly frozenSupply: readonly { readonly amount: bigint; readonly expires: number }[];
  /** Bandwidth used of the issuers' quotas. */
  readonly freeUsage: Readonly<Record<string, { readonly used: number; readonly slot: number }>>;
};

/** How many there are of something that is numbered: `count!assets`, `count!proposals`. */
export type Count = { readonly count: number };

/** A proposal as it stands. Times are ms. */
export type Proposal = MessageOf<typeof proposalShape>;
