/** The rows of staking, voting and consensus. What they mean is said where they are kept; here is only their form. */
import type { Use } from "./usage.ts";

/** The two resources that TRX can be staked for, by their number in ResourceCode. */
export const RESOURCES = ["bandwidth", "energy"] as const;
export type Resource = (typeof RESOURCES)[number];
export type PerResource<T> = { readonly [R in Resource]: T };

export type Vote = { readonly witness: string; readonly count: bigint };

export type Unfreezing = {
  readonly resource: Resource;
  /** sun */
  readonly amount: bigint;
  /** ms */
  readonly expires: number;
};

/** What an account has staked, used and voted. Amounts are sun. */
export type Stake = {
  /** Its own, not delegated to anybody. */
  readonly frozen: PerResource<bigint>;
  /** Its own, delegated to others. */
  readonly delegated: PerResource<bigint>;
  /** Others', delegated to it. */
  readonly acquired: PerResource<bigint>;
  readonly unfreezing: readonly Unfreezing[];
  readonly used: PerResource<Use>;
  readonly votes: readonly Vote[];
  /** Rewards that it may withdraw. */
  readonly allowance: bigint;
  /** ms */
  readonly latestWithdrawTime: number;
};

/** What one account delegated to another: with a lock, and without. A part may be there and empty, as in java-tron. */
export type Delegation = {
  readonly open: PerResource<bigint> | null;
  readonly locked: (PerResource<bigint> & { readonly until: PerResource<number> }) | null;
};

/** Whom an account delegates to and from whom it acquires, each with the time of the newest delegation, ms. */
export type Delegates = {
  readonly to: Readonly<Record<string, number>>;
  readonly from: Readonly<Record<string, number>>;
};

/** What the whole network has staked, in TRX. */
export type Weights = PerResource<number>;

export type WitnessRow = {
  /** As of the last maintenance. */
  readonly voteCount: bigint;
  /** Hex of the bytes. */
  readonly url: string;
  readonly produced: number;
  readonly missed: number;
  readonly latestBlock: number;
  readonly latestSlot: number;
  /** Its part of the rewards in percent, from the next cycle on. */
  readonly brokerage: number;
  /** Of the genesis block: it cannot withdraw what it earns. */
  readonly isGuard: boolean;
};

/** The witnesses: all of them by address, and those whose turn it is, in the order of their slots. */
export type Schedule = { readonly all: readonly string[]; readonly active: readonly string[] };

/** Votes of one account that changed since the last maintenance. */
export type ChangedVotes = { readonly before: readonly Vote[]; readonly now: readonly Vote[] };
/** The accounts whose votes changed since the last maintenance. */
export type Voters = { readonly voters: readonly string[] };

/**
 * The maintenance period that runs. Nothing in it changes from block to block: what the blocks earned follows from how
 * many each witness made. Records are by witness.
 */
export type Period = {
  readonly cycle: number;
  /** ms */
  readonly nextMaintenance: number;
  /** Whether the head was the maintenance block: two slots are left out after it. */
  readonly justMaintained: boolean;
  /** Percent. */
  readonly brokerages: Readonly<Record<string, number>>;
  /** Sun per block, for the one who made it. */
  readonly blockPay: number;
  /** Sun per block, whoever made it. */
  readonly standbyPay: Readonly<Record<string, number>>;
  /** Blocks made before the period. */
  readonly madeBefore: Readonly<Record<string, number>>;
  /** What was withdrawn of the incomes of the period, in sun. */
  readonly withdrawn: Readonly<Record<string, bigint>>;
};

/** What one vote for a witness had earned from the beginning until the end of a cycle, in 10^-18 sun, by witness. */
export type Accumulated = { readonly perVote: Readonly<Record<string, bigint>> };

/** Up to which cycle the rewards of a voter are settled (java-tron DelegationStore). */
export type Settlement = {
  readonly begin: number;
  readonly end: number;
  /** The votes that count for the cycle `begin`, when they were changed during it. */
  readonly votes: { readonly cycle: number; readonly votes: readonly Vote[] } | null;
};

/** Chain parameters that are not what the chain began with, and what the prices were from when on. */
export type Changed = {
  readonly values: Readonly<Record<string, number>>;
  readonly prices: Readonly<Record<string, readonly (readonly [since: number, price: number])[]>>;
};
